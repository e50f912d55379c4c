"""The servers of a site with `k3s-ha`: etcd's real members join, are replaced, and get over a lost majority.

They are driven by the program of their seeds, `k3s-servers`, and by the commands of docs/runtimes/k3s-ha.md.
k3s itself is a stand-in (`tests.cluster.standin_k3s`), and so is systemctl.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.boot.conftest import Targets, target
from tests.go_programs import programs
from tests.processes import wait

from edgefleet.model.firstboot import Target
from edgefleet.runtimes.base import k3s_cluster, k3s_servers

__all__ = ["target"]

pytestmark = pytest.mark.cluster

STANDIN = Path(__file__).with_name("standin_k3s.py")
FAKE_SYSTEMCTL = """#!/bin/sh
# A stand-in for systemctl, and for k3s's unit with its parts.
cd "$EDGEFLEET_PREFIX"
case "$*" in
  stop*) pid=$(cat run/k3s.pid)
    kill -KILL "$pid" 2>/dev/null
    while [ -e "/proc/$pid/exe" ]; do sleep 0.1; done ;;
  *k3s.service) {
    ./k3s-servers start || exit 1
    if [ -e run/edgefleet/k3s-servers.env ]; then set -a; . run/edgefleet/k3s-servers.env; fi
    exec usr/local/bin/k3s server
  } >>log 2>&1 </dev/null &
    echo $! >run/k3s.pid ;;
esac
exit 0
"""


@dataclass
class Server:
    """A folder in the place of a server's root."""

    root: Path
    address: str
    environment: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on it; the program's name stands for its path."""
        return subprocess.run(
            command,
            env=self.environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def on(self) -> None:
        """Start k3s, as a boot does."""
        self.run("systemctl", "start", "--no-block", "k3s.service")

    def off(self, *, is_lost: bool = False) -> None:
        """Cut the power; a server that is lost gets a new medium."""
        self.run("systemctl", "stop", "k3s.service")
        if is_lost:
            shutil.rmtree(self.root / "var")
            (self.root / "log").unlink()

    @property
    def log(self) -> str:
        """What k3s and the program wrote since the medium is new."""
        return (self.root / "log").read_text(errors="replace") if (self.root / "log").exists() else ""

    def ask(self, path: str, body: str = "{}") -> dict[str, Any]:
        """What etcd here answers; empty where it does not."""
        try:
            answer = httpx.post(f"http://{self.address}:2379/v3/{path}", content=body, timeout=5)
        except httpx.TransportError:
            return {}
        found: dict[str, Any] = answer.json()
        return found

    def voting(self) -> list[str]:
        """The nodes whose members vote, as this one knows them."""
        members = self.ask("cluster/member/list").get("members", [])
        named = [one.get("name", "").rpartition("-")[0] for one in members if not one.get("isLearner")]
        return sorted(named)

    def value(self) -> str:
        """What is stored at the key `k`; both are base64."""
        (found,) = self.ask("kv/range", '{"key": "aw=="}').get("kvs", [{"value": ""}])
        return str(found["value"])


Three = dict[str, Server]


@pytest.fixture
def servers(target: Targets, tmp_path: Path) -> Iterator[Three]:
    """The three servers of the golden site, at addresses of loopback; b is the first one."""
    (etcd,) = programs("etcd")
    site = target("three-servers").site
    made = {}
    for name in k3s_cluster.servers_of(site):
        one = target("three-servers", name)
        (program,) = [file for file in k3s_servers.joining(one).files if file.path == k3s_servers.PROGRAM]
        made[name] = _server(
            one, program.content.decode().replace("10.5.0.", "127.5.0."), tmp_path / name, etcd
        )
    yield made
    for server in made.values():
        server.off()


def _server(of: Target, program: str, root: Path, etcd: Path) -> Server:
    address = str(of.node.network.ip).replace("10.5.0.", "127.5.0.")
    texts = {
        "usr/local/bin/k3s": f'#!/bin/sh\nexec {sys.executable} {STANDIN} "$@"\n',
        "bin/systemctl": FAKE_SYSTEMCTL,
        "k3s-servers": program,
        "sys/class/net/lo/carrier": "1\n",
        "run/k3s.pid": "0x",
    }
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        (root / path).chmod(0o755)
    environment = {
        "PATH": f"{root}/bin:{root}/usr/local/bin:/usr/sbin:/sbin:/usr/bin:/bin",
        "EDGEFLEET_PREFIX": str(root),
        "EDGEFLEET_PATIENCE_SECONDS": "2",
        "EDGEFLEET_PAUSE_SECONDS": "0.5",
        "STANDIN_ADDRESS": address,
        "STANDIN_NODE": of.node.hostname,
        "STANDIN_ETCD": str(etcd),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return Server(root, address, environment)


ALL = ["de-fra-001-a", "de-fra-001-b", "de-fra-001-c"]


def agreed(servers: Three, nodes: list[str], *, at: str) -> None:
    """Wait until a server knows these members, all of which vote."""
    reason = lambda: "\n".join(one.log[-1500:] for one in servers.values())  # noqa: E731
    wait(lambda: servers[at].voting() == nodes, seconds=60, reason=reason)


def deleted(node: str, *, by: Server) -> None:
    """Delete a node, as soon as there is a leader again."""
    wait(lambda: by.run("k3s", "kubectl", "delete", "node", node).returncode == 0, reason=lambda: by.log)


def test_servers_join_are_replaced_and_get_over_a_lost_majority(servers: Three) -> None:
    """As the page says, with what was stored before."""
    a, b, c = (servers[name] for name in "abc")
    for server in (a, b, c):
        server.on()
    agreed(servers, ALL, at="b")
    b.ask("kv/put", '{"key": "aw==", "value": "dg=="}')

    c.off(is_lost=True)
    c.on()
    wait(lambda: "duplicate node name found" in c.log, reason=lambda: c.log)
    c.off()
    deleted("de-fra-001-c", by=a)
    c.on()
    agreed(servers, ALL, at="a")
    assert "dg==" == c.value()

    b.off(is_lost=True)
    deleted("de-fra-001-b", by=a)
    b.on()
    agreed(servers, ALL, at="a")
    assert "joining the server" in b.log
    assert (
        a.ask("cluster/member/list")["header"]["cluster_id"]
        == b.ask("cluster/member/list")["header"]["cluster_id"]
    )

    assert 1 == a.run("./k3s-servers", "keep").returncode
    b.off(is_lost=True)
    c.off()
    done = a.run("./k3s-servers", "keep")
    assert 0 == done.returncode, done.stderr + a.log
    agreed(servers, ALL[:1], at="a")
    done = c.run("./k3s-servers", "rejoin")
    assert 0 == done.returncode, done.stderr + c.log
    agreed(servers, ["de-fra-001-a", "de-fra-001-c"], at="a")
    b.on()
    agreed(servers, ALL, at="a")
    assert ["dg=="] * 3 == [server.value() for server in (a, b, c)]
