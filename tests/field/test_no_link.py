"""Kind: k3s needs the network to start, or keeps an address that the node no longer has.

Sources: k3s-io/k3s 1144 and 2135 ("no default routes found"), suse-edge/edge-image-builder 622 (no cable is
plugged in), k3s-io/k3s 14594 (the API's endpoint keeps the address from before a DHCP change), k3s docs,
installation/airgap (a dummy default route). `tests/boot_vm/test_seed_boots.py` takes out the cable.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgefleet.boot import healing
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.firstboot import Target
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base import k3s

STATIC = {"address": "10.20.90.10/24", "gateway": "10.20.90.1"}
V6 = {"address": "2001:db8:90::10/64", "gateway": "2001:db8:90::1"}
BOTH = {"cluster-cidr": "10.42.0.0/16,fd00:42::/56", "service-cidr": "10.43.0.0/16,fd00:43::/112"}
DAY = """\
export EDGEFLEET_PREFIX={prefix}
{script}
ip route show default
{script} check && echo as at the start
ip link add e0 type veth peer name e1 && ip link set e0 up && ip link set e1 up
ip address add 10.0.2.15/24 dev e0 && ip route add default via 10.0.2.2
ip route get 192.0.2.1 | grep -o 'dev e0'
{script} check || echo changed
{script}
ip -4 route show default
{script} check && echo as at the start
ip address delete 10.0.2.15/24 dev e0
ip address add 10.0.2.16/24 dev e0 && ip route add default via 10.0.2.2
{script} check || echo changed
"""
"""A node starts k3s without a cable, which is plugged in; then it has another lease."""
DONE = """\
fallback-route: there is no default route, so k3s starts with 203.0.113.254 on fallback0
default via 203.0.113.253 dev fallback0 metric 2147483647 onlink
as at the start
dev e0
changed
default via 10.0.2.2 dev e0
as at the start
changed
"""


@pytest.fixture
def target(load: Callable[..., Fleet]) -> Callable[..., Target]:
    """The node of a site with a network, and settings of k3s."""

    def node(network: dict[str, Any], config: dict[str, Any]) -> Target:
        text = yaml.safe_dump({"sites": {"shop": {"network": network, "k3s": {"config": config}}}})
        spec = load(text).sites["shop"]
        return Target(
            site=spec, name=next(iter(spec.nodes)), key="MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
        )

    return node


def script_of(target: Target) -> str:
    files = {file.path: file.content for file in runtime_of(target.node).configure(target).files}
    return files[k3s.ROUTE].decode()


@pytest.mark.parametrize(
    ("network", "config", "addresses"),
    [
        ({}, {}, "203.0.113.254"),
        (STATIC, {}, "10.20.90.10"),
        (STATIC | {"extraAddresses": [V6["address"]], "gateway6": V6["gateway"]}, {}, "10.20.90.10"),
        (
            STATIC | {"extraAddresses": [V6["address"]], "gateway6": V6["gateway"]},
            BOTH,
            "10.20.90.10 2001:db8:90::10",
        ),
        (V6, {}, "2001:db8:90::10"),
        ({}, BOTH, "203.0.113.254 2001:db8::254"),
    ],
)
def test_the_fallback_has_each_family_of_the_cluster(
    target: Callable[..., Target], network: dict[str, Any], config: dict[str, Any], addresses: str
) -> None:
    """The node's own address, as node-ip has it; a documentation address until there is a lease."""
    assert f"\naddresses={shlex.quote(addresses)} " in script_of(target(network, config))


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root, for namespaces")
@pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip: apt-get install iproute2")
def test_k3s_has_a_default_route_without_a_cable(target: Callable[..., Target], tmp_path: Path) -> None:
    """The real one wins as soon as it is there; k3s then restarts, and restarts for another lease."""
    script = tmp_path / "fallback-route"
    script.write_text(script_of(target({}, {})))
    script.chmod(0o755)
    command = ["unshare", "--net", "sh", "-c", DAY.format(prefix=tmp_path, script=script)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (DONE, "") == ("".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines()), ran.stderr)


@pytest.mark.parametrize(
    ("network", "config", "service"),
    [
        (STATIC, {}, "10.43.0.1"),
        (STATIC, {"service-cidr": "10.96.0.0/12"}, "10.96.0.1"),
        (V6, {}, "[fd00:43::1]"),
        (STATIC, {"disable-kube-proxy": True}, ""),
    ],
)
def test_the_health_check_asks_the_api_where_containers_do(
    target: Callable[..., Target], network: dict[str, Any], config: dict[str, Any], service: str
) -> None:
    """By its service address, wherever k3s provides one."""
    (heal,) = (file for file in healing.plan(target(network, config)).files if file.path == healing.SCRIPT)
    assert f"\nservice={shlex.quote(service)} " in heal.content.decode()
