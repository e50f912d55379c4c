"""Step `firewall`: what it admits to whom, and that nft itself takes every rule."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.boot.conftest import Targets

from edgefleet.boot import firewall
from edgefleet.model.firstboot import Step, Target
from edgefleet.model.network import CONTAINERS
from edgefleet.model.safety import Admission, BreakGlass, Firewall, WireGuard
from edgefleet.model.spec import from_plain

TextOf = Callable[[Step, str], str]
ONE, SEVERAL = "recipe-1/server-static", "server-and-agent"
TUNNEL = WireGuard(endpoint="bastion.example:51820", public_key="A" * 43 + "=", network="fd00::/64")


@pytest.fixture
def rules(text_of: TextOf) -> Callable[[Target], str]:
    """The rules of a node."""
    return lambda target: text_of(firewall.plan(target), firewall.PATH)


def with_k3s(target: Target, **config: Any) -> Target:
    """The node with these keys in k3s's configuration."""
    named = {name.replace("_", "-"): value for name, value in config.items()}
    return replace(target, site=replace(target.site, k3s=replace(target.site.k3s, config=named)))


@pytest.fixture
def several(target: Targets) -> Callable[[str], Target]:
    """A node of the site that has a server and agents."""
    return lambda node: target(SEVERAL, node)


def test_no_link_has_the_name_of_an_interface_of_containers() -> None:
    """The firewall admits all that comes in by one of these."""
    admitted = (*firewall.BRIDGED, *firewall.OTHERS)
    assert [] == [pattern for pattern in admitted if not pattern.startswith(CONTAINERS)]


def test_a_site_of_one_node_is_reached_by_ssh_and_its_own_containers(
    target: Targets, rules: Callable[[Target], str]
) -> None:
    made = rules(target(ONE))
    assert 1 == made.count("policy drop")
    assert ["cni0", "flannel*"] == re.findall(r'iifname "(.*)" accept comment "containers"', made)
    assert "tcp dport 22 accept" in made
    assert "ip saddr { 10.42.0.0/16, 10.43.0.0/16 } drop" in made
    for port in ("6443", "8472", "10250", "5001", "2379"):
        assert port not in made
    assert "flush ruleset" not in made
    assert "forward" not in made.replace("forwarded", "")


def test_nodes_of_a_site_reach_each_other_and_nobody_else_does(
    several: Callable[[str], Target], rules: Callable[[Target], str]
) -> None:
    """Agents connect to the server; each end of flannel's tunnel and each kubelet by the others."""
    server, agent = rules(several("srv")), rules(several("cam"))
    assert "tcp dport 6443" not in agent
    assert "tcp dport 6443" in server
    for made in (server, agent):
        assert "udp dport 8472" in made
        assert "tcp dport 10250" in made
        assert "dport 10250 accept" in made
        assert not [line for line in made.splitlines() if "dport 10250" in line and "saddr" not in line]


def test_neighbours_are_known_by_address_and_who_asks_dhcp_by_the_sites_subnet(
    several: Callable[[str], Target], rules: Callable[[Target], str]
) -> None:
    """Never from everywhere, as an address that is not known yet would suggest."""
    server = several("srv")
    agents = [name for name, node in server.site.nodes.items() if node.runtime == "k3s-agent"]

    def with_agents(addresses: list[str | None]) -> Target:
        nodes = dict(server.site.nodes)
        for name, address in zip(agents, addresses, strict=True):
            network = replace(nodes[name].network, address=address, extra_addresses=(), gateway=None)
            nodes[name] = replace(nodes[name], network=network)
        return replace(server, site=replace(server.site, nodes=nodes))

    fixed = [f"10.3.0.{20 + index}/24" for index in range(len(agents))]
    alone = ", ".join(each.partition("/")[0] for each in fixed)
    assert f"ip saddr {{ {alone} }} tcp dport 6443" in rules(with_agents([*fixed]))
    assert "ip saddr { 10.3.0.0/24 } tcp dport 6443" in rules(with_agents([None, *fixed[1:]]))


@pytest.mark.parametrize(
    ("config", "there", "absent"),
    [
        ({}, ["udp dport 8472"], ["51820", "5001"]),
        ({"flannel_backend": "wireguard-native"}, ["udp dport 51820-51821"], ["8472"]),
        ({"flannel_backend": "host-gw"}, [], ["8472", "51820"]),
        ({"embedded_registry": True}, ["tcp dport 5001"], []),
        (
            {"cluster_cidr": "10.60.0.0/16,fd60::/56"},
            ["{ 10.60.0.0/16, 10.43.0.0/16 }", "{ fd60::/56 }"],
            ["10.42"],
        ),
    ],
    ids=["vxlan", "wireguard", "host-gw", "registry", "dual-stack"],
)
def test_ports_follow_the_configuration_of_k3s(
    several: Callable[[str], Target],
    rules: Callable[[Target], str],
    config: dict[str, Any],
    there: list[str],
    absent: list[str],
) -> None:
    made = rules(with_k3s(several("srv"), **config))
    assert [each for each in there if each not in made] == []
    assert [each for each in absent if each in made] == []


def test_what_the_fleet_file_allows_is_admitted_from_where_it_says(
    target: Targets, rules: Callable[[Target], str]
) -> None:
    allow = (
        Admission(port=8443, from_=("10.0.0.0/8", "2001:db8::/32")),
        Admission(port=161, protocol="udp"),
    )
    made = rules(target(ONE, firewall=Firewall(allow=allow)))
    assert "ip saddr { 10.0.0.0/8 } tcp dport 8443 accept" in made
    assert "ip6 saddr { 2001:db8::/32 } tcp dport 8443 accept" in made
    assert "\n    udp dport 161 accept" in made


def test_ssh_is_admitted_from_the_given_subnets_alone(
    target: Targets, rules: Callable[[Target], str]
) -> None:
    """One rule for each family, and none without a source."""
    lines = rules(target(ONE, firewall=Firewall(ssh_from=("10.9.0.0/16", "2001:db8::7")))).splitlines()
    assert [
        'ip saddr { 10.9.0.0/16 } tcp dport 22 accept comment "SSH, by keys only"',
        'ip6 saddr { 2001:db8::7 } tcp dport 22 accept comment "SSH, by keys only"',
    ] == [line.strip() for line in lines if "dport 22 " in line]


def test_it_needs_no_names_of_protocols(target: Targets, rules: Callable[[Target], str]) -> None:
    """A small base system has no ``/etc/protocols``: seen by booting one, whose firewall then was none."""
    made = rules(target(ONE))
    assert "meta l4proto { 1, 58 } accept" in made
    assert "icmp }" not in made


def test_turned_off_it_leaves_none_behind(target: Targets, tmp_path: Path) -> None:
    """A node that had one loses it with the seed that says so; on one that had none, nothing fails."""
    step = firewall.plan(target(ONE, firewall=Firewall(enabled=False)))
    assert ((), ()) == (step.files, step.units)
    ((*shell, script),) = step.commands
    assert ["sh", "-c"] == shell
    assert script.startswith(f"if [ -e {firewall.PATH} ]; then systemctl disable --now {firewall.UNIT}; ")
    subprocess.run([*shell, script.replace(firewall.PATH, f"{tmp_path}/none")], check=True)


def nft(path: Path, *, check: bool) -> subprocess.CompletedProcess[str]:
    """What nft says to the file in a network of its own, twice: loading again is no error."""
    tool, unshare = shutil.which("nft"), shutil.which("unshare")
    if tool is None or unshare is None:
        pytest.skip("needs nft and unshare: apt-get install nftables util-linux")
    how = "-c" if check else ""
    script = f"{tool} {how} -f {path} && {tool} {how} -f {path} && {tool} list ruleset"
    command = [unshare, "--map-root-user", "--net", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    if "unshare failed" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip(f"no network namespace may be made here: {done.stderr.strip()}")
    return done


@pytest.mark.parametrize("is_check", [True, False], ids=["checked", "loaded"])
def test_nft_takes_every_kind_of_rule(
    several: Callable[[str], Target],
    rules: Callable[[Target], str],
    tmp_path: Path,
    *,
    is_check: bool,
) -> None:
    one = with_k3s(several("srv"), embedded_registry=True, cluster_cidr="10.60.0.0/16,fd60::/56")
    allow = (Admission(port=8443, from_=("10.0.0.0/8", "2001:db8::/32")), Admission(port=161, protocol="udp"))
    firewalled = Firewall(allow=allow, ssh_from=("10.9.0.0/16", "2001:db8::7"))
    site = replace(one.site, firewall=firewalled, break_glass=BreakGlass(wireguard=TUNNEL))
    path = tmp_path / "firewall.nft"
    path.write_text(rules(replace(one, site=site)))
    done = nft(path, check=is_check)
    assert 0 == done.returncode, done.stderr
    if not is_check:
        assert "table inet edgefleet" in done.stdout


PREFIXES = st.one_of(
    st.builds(
        lambda address, bits: str(ip_network((int(address), bits), strict=False)),
        st.ip_addresses(v=4),
        st.integers(0, 32),
    ),
    st.builds(
        lambda address, bits: str(ip_network((int(address), bits), strict=False)),
        st.ip_addresses(v=6),
        st.integers(0, 128),
    ),
    st.ip_addresses().map(str),
    st.sampled_from(
        [
            "fe80::1%eth0",
            "10.0.0.1\n",
            "::/0",
            "0.0.0.0/0",
            "010.0.0.1",
            "10.0.0.1/255.0.0.0",
            "\u0661.0.0.1",
            "any",
        ]
    ),
)
FIREWALLS = st.fixed_dictionaries(
    {
        "sshFrom": st.lists(PREFIXES, max_size=4),
        "allow": st.lists(
            st.fixed_dictionaries(
                {
                    "port": st.integers(1, 65535),
                    "protocol": st.sampled_from(["tcp", "udp"]),
                    "from": st.lists(PREFIXES, max_size=3),
                }
            ),
            max_size=4,
        ),
    }
)


def test_nft_takes_whatever_the_fleet_file_may_say(
    several: Callable[[str], Target], rules: Callable[[Target], str], tmp_path: Path
) -> None:
    """A firewall that `validate` accepts is one that nft loads: each text stands or falls here first."""
    accepted, refused = [], 0
    node = several("srv")

    @given(plain=FIREWALLS)
    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    def write(plain: dict[str, Any]) -> None:
        nonlocal refused
        try:
            firewall_ = from_plain(Firewall, plain)
        except ValidationError:
            refused += 1
            return
        accepted.append(rules(replace(node, site=replace(node.site, firewall=firewall_))))

    write()
    assert len(accepted) > 50
    assert refused > 50
    for start in range(0, len(accepted), 10):
        path = tmp_path / "firewall.nft"
        path.write_text("\n".join(accepted[start : start + 10]))
        done = nft(path, check=True)
        assert 0 == done.returncode, f"{done.stderr[:500]}\n{path.read_text()}"
    counts = f"firewalls refused: {refused}; rulesets that nft took: {len(accepted)}"
    print(counts)  # noqa: T201 - figures of the security tests
