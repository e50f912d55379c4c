"""Runtime `k3s-ha`: what its servers share, and how each finds the others; the program is run for real.

FakeK3s is a stand-in for k3s: it answers as the servers do whose addresses are in a file.
"""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from tests.runtimes.test_k3s_server import config_of

from edgefleet.boot import clock, firewall, healing, os_updates
from edgefleet.model.firstboot import Step, Target
from edgefleet.runtimes import k3s_agent, k3s_ha, k3s_server, runtime_of
from edgefleet.runtimes.base import k3s, k3s_cluster, k3s_servers, k3s_virtual_address
from edgefleet.site.load import room

Targets = Callable[..., Target]
TextOf = Callable[[Step, str], str]
CASE, FIRST, SECOND, THIRD = "three-servers", "b", "a", "c"
FAKE_K3S = """#!/bin/sh
# FakeK3s: the servers in run/answering answer; the API of this one does where run/serving is.
cd "$EDGEFLEET_PREFIX"
echo "$*" >>run/asked
case "$*" in
  *"--raw /ping") for each in $(cat run/answering); do
    case "$*" in *"--server=https://$each:6443 --certificate-authority="*) printf pong ;; esac
  done ;;
  *"--raw /readyz") [ ! -e run/serving ] || printf ok ;;
esac
"""
FAKE_SYSTEMCTL = '#!/bin/sh\necho "systemctl $*" >>"$EDGEFLEET_PREFIX/run/asked"\n'
FAKE_IP = '#!/bin/sh\necho "10.5.0.13 dev $(cat "$EDGEFLEET_PREFIX/run/device") src 10.5.0.12"\n'


@dataclass
class Server:
    """A folder in the place of a server's root."""

    root: Path
    script: Path
    programs: Path

    def run(self, what: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the program, without waiting."""
        environment = {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "EDGEFLEET_PREFIX": str(self.root),
            "EDGEFLEET_PATIENCE_SECONDS": "0",
            "EDGEFLEET_PAUSE_SECONDS": "0.1",
            **more,
        }
        command = [shutil.which("dash") or "/bin/sh", str(self.script), what]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=20
        )

    def starts(self) -> str | None:
        """What k3s would be started with; `None` where the program still waits after a second."""
        shell = f"timeout 1 {shutil.which('dash') or '/bin/sh'} {self.script} start"
        environment = {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "EDGEFLEET_PREFIX": str(self.root),
            "EDGEFLEET_PATIENCE_SECONDS": "0",
            "EDGEFLEET_PAUSE_SECONDS": "0.1",
        }
        waiting = 124
        done = subprocess.run(shell.split(), env=environment, check=False, timeout=20)
        if done.returncode == waiting:
            return None
        assert 0 == done.returncode
        made = self.root / "run/edgefleet/k3s-servers.env"
        return made.read_text().strip() if made.exists() else ""

    def answer(self, *addresses: str) -> None:
        """The other servers that are there."""
        (self.root / "run/answering").write_text(" ".join(addresses))

    def asked(self) -> list[str]:
        """What k3s and systemd were asked, and forget it."""
        path = self.root / "run/asked"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line for line in lines if "--raw" not in line]

    @property
    def data(self) -> Path:
        """The folder of etcd's data."""
        return self.root / "var/lib/rancher/k3s/server/db/etcd"


@pytest.fixture
def server(target: Targets, text_of: TextOf, tmp_path: Path) -> Callable[[str], Server]:
    """Makes one of the three servers, with its cable in."""

    def make(node: str) -> Server:
        root, programs = tmp_path / node, tmp_path / "programs"
        programs.mkdir(exist_ok=True)
        made = {
            programs / "systemctl": FAKE_SYSTEMCTL,
            programs / "ip": FAKE_IP,
            root / "usr/local/bin/k3s": FAKE_K3S,
            root / "run/answering": "",
            root / "run/device": "eth0",
            root / "sys/class/net/eth0/carrier": "1\n",
            root / "var/lib/rancher/k3s/server/tls/server-ca.crt": "the site's authority",
            tmp_path / f"{node}.sh": text_of(
                k3s_ha.RUNTIME.configure(target(CASE, node)), k3s_servers.PROGRAM
            ),
        }
        for path, text in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        return Server(root, tmp_path / f"{node}.sh", programs)

    return make


def test_only_the_first_server_creates_the_cluster(server: Callable[[str], Server]) -> None:
    """The others wait until it answers."""
    assert "K3S_CLUSTER_INIT=true" == server(FIRST).starts()
    second = server(SECOND)
    assert second.starts() is None
    problem = second.root / "var/lib/edgefleet/problems/servers"
    assert "waits for another server of the site (10.5.0.12 10.5.0.13) to answer" in problem.read_text()
    second.answer("10.5.0.12")
    assert "K3S_URL=https://10.5.0.12:6443" == second.starts()
    assert not problem.exists()


def test_a_first_server_on_a_new_medium_joins_the_others(server: Callable[[str], Server]) -> None:
    """It creates no second cluster beside theirs."""
    first = server(FIRST)
    first.answer("10.5.0.13")
    assert "K3S_URL=https://10.5.0.13:6443" == first.starts()


@pytest.mark.parametrize("change", [("sys/class/net/eth0/carrier", "0\n"), ("run/device", "fallback0")])
def test_a_first_server_without_the_lan_creates_nothing(
    server: Callable[[str], Server], change: tuple[str, str]
) -> None:
    """Nobody answers with the cable out, too."""
    first = server(FIRST)
    (first.root / change[0]).write_text(change[1])
    assert first.starts() is None
    (first.root / "sys/class/net/eth0/carrier").write_text("1\n")
    (first.root / "run/device").write_text("eth0")
    assert "K3S_CLUSTER_INIT=true" == first.starts()


def test_a_server_with_data_starts_with_these_alone(server: Callable[[str], Server]) -> None:
    """The whole site comes back after a power cut, in any order; a removed member joins again."""
    for name in (FIRST, SECOND):
        one = server(name)
        (one.data / "member/wal").mkdir(parents=True)
        assert "" == one.starts()
        (one.data / "tombstone").touch()
        one.answer("10.5.0.13")
        assert "K3S_URL=https://10.5.0.13:6443" == one.starts()


def test_the_last_server_keeps_its_data_and_the_others_join_it(server: Callable[[str], Server]) -> None:
    """After a majority is lost; what there was is set aside."""
    last, other = server(SECOND), server(THIRD)
    for one in (last, other):
        (one.data / "member/wal").mkdir(parents=True)
    assert 0 == last.run("keep").returncode
    assert [
        "systemctl stop edgefleet-health.timer edgefleet-health.service k3s.service",
        "server --cluster-reset",
        "systemctl start --no-block k3s.service",
        "systemctl start edgefleet-health.timer",
    ] == last.asked()
    assert (last.data.parents[1] / "db.kept/etcd/member/wal").is_dir()
    assert "no other server answers" in other.run("rejoin").stderr
    other.answer("10.5.0.11")
    done = other.run("rejoin")
    assert "de-fra-001-c joins the server 10.5.0.11" in done.stdout
    assert not other.data.exists()
    assert (other.data.parents[1] / "db.kept/etcd/member/wal").is_dir()
    assert "K3S_URL=https://10.5.0.11:6443" == other.starts()


@pytest.mark.parametrize("what", ["keep", "rejoin"])
def test_a_server_of_a_cluster_that_serves_gives_nothing_up(
    server: Callable[[str], Server], what: str
) -> None:
    one = server(SECOND)
    (one.data / "member/wal").mkdir(parents=True)
    (one.root / "run/serving").touch()
    assert (1, []) == (one.run(what).returncode, one.asked())
    assert (one.data / "member/wal").is_dir()


def test_nobody_keeps_data_that_are_not_there(server: Callable[[str], Server]) -> None:
    assert "no data to keep" in server(THIRD).run("keep").stderr


def test_servers_share_tokens_and_authorities_and_verify_each_other(target: Targets) -> None:
    """Each may be the one that another joins; how etcd starts is in none of the files."""
    found = [config_of(target(CASE, node)) for node in (FIRST, SECOND, THIRD)]
    assert [found[0]["token"]] * 3 == [config["token"] for config in found]
    assert [found[0]["agent-token"]] * 3 == [config["agent-token"] for config in found]
    assert found[0]["token"].startswith("K10")
    assert "::server:" in found[0]["token"]
    assert not {"server", "cluster-init"} & {*found[0], *found[1], *found[2]}
    assert ["de-fra-001-c", "10.5.0.13", "10.5.0.100"] == found[2]["tls-san"]
    held = [
        {
            file.path: file.content
            for file in k3s_ha.RUNTIME.configure(target(CASE, node)).files
            if k3s.AUTHORITIES in file.path
        }
        for node in (FIRST, SECOND)
    ]
    assert held[0] == held[1]
    assert 6 == len(held[0])


def test_a_given_token_is_that_of_a_cluster_with_other_authorities(target: Targets) -> None:
    site = target(CASE).site
    given = replace(site.k3s, token="K10" + "0" * 64 + "::server:secret")
    assert "secret" == config_of(target(CASE, FIRST, k3s=given))["token"]


def test_an_agent_joins_the_address_that_moves(target: Targets) -> None:
    """With an agent's token, and no program of servers."""
    agent = target(CASE, "till")
    assert "https://10.5.0.100:6443" == config_of(agent)["server"]
    assert not [file for file in runtime_of(agent.node).configure(agent).files if "k3s-servers" in file.path]


def test_etcd_is_open_to_servers_and_the_api_to_all_nodes(target: Targets, text_of: TextOf) -> None:
    """The LAN, as one of them asks DHCP."""
    server, agent = (text_of(firewall.plan(target(CASE, name)), firewall.PATH) for name in (FIRST, "till"))
    assert "ip saddr { 10.5.0.11, 10.5.0.13 } tcp dport 2379-2380" in server
    assert "ip saddr { 10.5.0.0/24 } tcp dport 6443" in server
    assert "2379" not in agent


def test_kube_vip_moves_the_address_between_servers_whose_own_api_answers(target: Targets) -> None:
    """It holds a lease by the API of its own server, and may do nothing else."""
    (text,) = k3s_virtual_address.manifests(target(CASE).site).values()
    objects = {each["kind"]: each for each in yaml.safe_load_all(text)}
    pod = objects["DaemonSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    environment = {each["name"]: each.get("value") for each in container["env"]}
    assert ("10.5.0.100", "32") == (environment["address"], environment["vip_subnet"])
    assert ("127.0.0.1", "6443") == (environment["KUBERNETES_SERVICE_HOST"], environment["port"])
    assert {"node-role.kubernetes.io/control-plane": "true"} == pod["nodeSelector"]
    assert ["leases"] == objects["Role"]["rules"][0]["resources"]
    assert "secrets" not in text


def test_an_air_gapped_site_carries_kube_vip(target: Targets) -> None:
    """Pinned by the artifacts lock, as the images of manifests are; a site without the address needs none."""
    site = target(CASE).site
    alone = replace(site, k3s=replace(site.k3s, virtual_address=None))
    carried = [[need.name for need in k3s_ha.RUNTIME.carries(of, of.nodes["a"])] for of in (site, alone)]
    assert [True, False] == [k3s_virtual_address.IMAGE in names for names in carried]


def test_each_server_gives_the_time_and_asks_the_others(target: Targets, text_of: TextOf) -> None:
    """Without a link they follow one of them."""
    made = text_of(clock.plan(target(CASE, SECOND)), clock.CHRONY)
    assert ["server 10.5.0.12 iburst", "server 10.5.0.13 iburst"] == [
        line for line in made.splitlines() if line.startswith("server")
    ]
    assert "local stratum 10 orphan" in made


def test_servers_restart_for_updates_in_parts_of_the_window(target: Targets, text_of: TextOf) -> None:
    """Its 180 minutes are an hour for each, and each begins in its first half hour."""
    timers = [text_of(os_updates.plan(target(CASE, node)), os_updates.TIMER) for node in ("a", "b", "c")]
    assert ["02:00", "03:00", "04:00"] == [timer.partition("*-*-* ")[2][:5] for timer in timers]
    assert [True] * 3 == ["RandomizedDelaySec=30min" in timer for timer in timers]


def test_servers_renew_their_certificates_at_other_hours(target: Targets) -> None:
    units = [healing.plan(target(CASE, node)).units for node in ("a", "b", "c")]
    times = {unit.text for of_node in units for unit in of_node if unit.name == "edgefleet-renew.timer"}
    assert 3 == len(times)


def test_a_server_of_several_needs_no_less_than_one_alone(target: Targets) -> None:
    """Etcd takes more than SQLite, and a server waits for the first one."""
    several, one = k3s_ha.RUNTIME, k3s_server.RUNTIME
    assert several.minimum.memory >= one.minimum.memory
    assert room(target(CASE).node).taken["k3s"].memory > one.minimum.taken.memory
    assert several.healthy_within > one.healthy_within
    assert (True, True, False) == (several.runs_api, one.runs_api, k3s_agent.RUNTIME.runs_api)


def test_the_first_server_is_the_one_that_is_named_whatever_the_order_of_nodes(target: Targets) -> None:
    """Pulumi's maps have no order: without a name it is the first by name, in each process the same."""
    site = target(CASE).site
    turned = replace(site, nodes=dict(reversed(site.nodes.items())))
    assert ["b", "a", "c"] == [*k3s_cluster.servers_of(site)] == [*k3s_cluster.servers_of(turned)]
    unnamed = replace(turned, k3s=replace(site.k3s, first=None))
    assert ["a", "b", "c"] == [*k3s_cluster.servers_of(unnamed)]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(server: Callable[[str], Server]) -> None:
    done = subprocess.run(
        ["shellcheck", "--shell=sh", str(server(FIRST).script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "" == done.stdout
