"""Three servers of a site start at once in one LAN and find each other.

Each is a machine of its own, with its own image; the LAN is QEMU's, by multicast on this machine's loopback.
k3s is a stand-in, which joins as k3s does: see `inside/k3s_stand_in.py`. Which server creates the cluster,
and whom the others join, is decided on the nodes by the program that edgefleet renders.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot_vm.base_system import BaseSystem
from tests.boot_vm.machine import PATIENCE, Booted, Machine
from tests.boot_vm.nodes import PAYLOAD, SeededNode, carried, golden, seeded_node
from tests.io.servers import free_port

pytestmark = pytest.mark.boot
FIRST = "b"
ADDRESSES = {"de-fra-001-a": "10.5.0.11", "de-fra-001-b": "10.5.0.12", "de-fra-001-c": "10.5.0.13"}
"""dict[host name -> address] of the golden site."""
MACS = {name: f"02:00:5e:10:05:{number:02x}" for number, name in enumerate("abc", start=1)}
SIZE = ("-m", "640", "-smp", "1")
"""Three machines share what one has otherwise."""


@pytest.fixture(scope="module")
def seeded() -> dict[str, SeededNode]:
    """dict[node -> the node] of the golden site with three servers, all on machines of one kind."""
    site = golden("three-servers")
    like = site.nodes["a"]
    nodes = {
        name: replace(
            like,
            hostname=site.nodes[name].hostname,
            network=replace(site.nodes[name].network, mac=mac),
            payload=carried(PAYLOAD),
            os_updates=None,  # no repository answers here
        )
        for name, mac in MACS.items()
    }
    changed = replace(site, nodes=nodes)
    return {name: seeded_node(changed, node=name) for name in nodes}


@pytest.fixture(scope="module")
def servers(
    newer_base: BaseSystem, seeded: dict[str, SeededNode], payload_medium: Path, scratch: Path
) -> dict[str, Booted]:
    """dict[node -> its first boot]: all start at once, and each ends when it knows all three."""
    know = f"servers-know={len(MACS)}"
    lan = f"socket,id=lan,mcast=239.255.7.1:{free_port()},localaddr=127.0.0.1"

    def started(name: str) -> Booted:
        options = ("-netdev", lan, "-device", f"virtio-net-pci,netdev=lan,mac={MACS[name]}", *SIZE)
        machine = Machine(
            base=newer_base,
            folder=scratch / name,
            payload=payload_medium,
            options=options,
            patience=2 * len(MACS) * PATIENCE,  # they share the cores
        )
        return machine.boot(seeded[name].seed.data, know)

    with ThreadPoolExecutor(len(MACS)) as threads:
        return dict(zip(MACS, threads.map(started, MACS), strict=True))


def test_each_of_them_is_well(servers: dict[str, Booted]) -> None:
    """By its own report, with no unit failed."""
    for booted in servers.values():
        assert booted.facts["settled"], booted.facts["status"]
        assert "healthy since" in booted.facts["status"]
    assert [[]] * 3 == [booted.facts["failed"] for booted in servers.values()]


def test_all_know_all_in_one_cluster(servers: dict[str, Booted]) -> None:
    """By names and addresses."""
    reports = [booted.facts["k3s"] for booted in servers.values()]
    assert [ADDRESSES] * 3 == [report["members"] for report in reports]
    assert 1 == len({report["cluster"] for report in reports})


def test_the_first_server_creates_the_cluster_and_the_others_join(servers: dict[str, Booted]) -> None:
    """One that answers, by its address in the LAN; the token lets them in."""
    assert "no other server answers: creating the cluster of the site" in servers[FIRST].journal
    assert "joined" not in servers[FIRST].facts["k3s"]
    urls = {name: f"https://{address}:6443" for name, address in ADDRESSES.items()}
    joined = {name: servers[name].facts["k3s"]["joined"] for name in sorted({*MACS} - {FIRST})}
    assert {"a", "c"} == joined.keys()
    assert urls["de-fra-001-b"] in joined.values()
    assert {*joined.values()} <= {*urls.values()}
    tokens = {booted.facts["k3s"]["config"]["token"] for booted in servers.values()}
    assert 1 == len(tokens)
