"""A node without an orchestrator, without a link: a container and a module from its payload.

containerd, runc, crun and WasmEdge are Debian 13's; the images are made here. The machine has the memory that
such a node has at most. Its cable is out at both boots.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot_vm.base_system import BaseSystem
from tests.boot_vm.machine import Booted, Machine, cable
from tests.boot_vm.nodes import MAC, NETWORK, NODE, SeededNode, carried, golden, payload_disk, seeded_node
from tests.boot_vm.running import tool
from tests.runtimes_real.modules import image, server

from edgefleet.model.requirement import Requirement
from edgefleet.runtimes.containerd import FOLDER, LIST

pytestmark = pytest.mark.boot
MEMORY = 512
"""MiB."""
WAITING = "systemd-networkd-wait-online.service"
"""It may give up on a cable that is out."""
MENU, PRICES = "registry.example/shop/menu:1", "registry.example/shop/prices:1"
WORKLOADS = {
    "menu": {
        "kind": "web",
        "image": MENU,
        "port": 8080,
        "command": ["/bin/busybox", "httpd", "-f", "-vv", "-p", "8080", "-h", "/www"],
        "probe": {"path": "/index.html"},
        "resources": {"memory": "32Mi"},
    },
    "prices": {
        "kind": "function",
        "image": PRICES,
        "runtime": {"name": "crun-wasm"},
        "port": 8090,
        "probe": {"path": "/"},
        "resources": {"memory": "128Mi"},
    },
}
Boot = Callable[[], Booted]


@pytest.fixture(scope="module")
def payload(newer_base: BaseSystem, scratch: Path) -> dict[str, bytes]:
    """dict[path -> content]: the archives of both images; the container's program is Debian's busybox."""
    busybox = scratch / "busybox"
    tool("debugfs", "-R", f"dump /usr/bin/busybox {busybox}", newer_base.root)
    menu = image(MENU, {"bin/busybox": busybox.read_bytes(), "www/index.html": b"soup\n"}, "/bin/busybox")
    prices = image(PRICES, {"prices.wasm": server("a price of 3", 8090)}, "/prices.wasm")
    return {Requirement.image(name, "amd64").path: data for name, data in ((MENU, menu), (PRICES, prices))}


@pytest.fixture(scope="module")
def seeded(payload: dict[str, bytes]) -> SeededNode:
    """The golden node without an orchestrator, on this machine, with these workloads."""
    site = golden("no-orchestrator")
    node = site.nodes[NODE]
    own = replace(
        node,
        arch="amd64",
        wasm=("crun-wasm",),
        payload=carried(payload),
        network=replace(node.network, mac=MAC),
    )
    return seeded_node(replace(site, workloads=WORKLOADS, nodes={NODE: own}))


@pytest.fixture(scope="module")
def boots(newer_base: BaseSystem, seeded: SeededNode, payload: dict[str, bytes], scratch: Path) -> Boot:
    """Boots the machine once more, with its seed and its payload in and its cable out."""
    machine = Machine(
        base=newer_base,
        folder=scratch / "machine",
        payload=payload_disk(payload, scratch / "payload"),
        options=(*NETWORK, "-m", str(MEMORY)),
    )
    return lambda: machine.boot(seeded.seed.data, talk=[("", cable("off"))])


@pytest.fixture(scope="module")
def first(boots: Boot) -> Booted:
    """The first boot."""
    return boots()


@pytest.fixture(scope="module")
def second(boots: Boot, first: Booted) -> Booted:  # noqa: ARG001 - it comes before
    """The second."""
    return boots()


def test_the_node_is_well_without_a_link(first: Booted) -> None:
    """By its own report: containerd answers, and both workloads run and pass their probes."""
    assert first.facts["settled"], first.facts["status"]
    assert "healthy since" in first.facts["status"]
    assert {line.split()[0] for line in first.facts["failed"]} <= {WAITING}
    assert [] == first.facts["cloud-init"]["v1"]["errors"]


def test_what_its_seed_plans_is_there(first: Booted, seeded: SeededNode) -> None:
    """With the file of each workload, for root alone, and the list of them."""
    planned = {path: planned for path, planned in seeded.contents.items() if path.startswith(FOLDER)}
    assert {LIST, f"{FOLDER}/menu.json", f"{FOLDER}/prices.json"} == planned.keys()
    assert planned == {path: (first.files[path].content, first.files[path].mode) for path in planned}


def test_a_container_and_a_module_answer(first: Booted) -> None:
    """By their own output, in the journal of their units: each answers the probe of the node."""
    assert_answers(first)


def test_both_run_again_after_a_reboot(second: Booted) -> None:
    """Still without a link."""
    assert second.facts["settled"], second.facts["status"]
    assert "healthy since" in second.facts["status"]
    assert_answers(second)


def assert_answers(booted: Booted) -> None:
    """Both print what they were asked, or answered."""
    assert re.search(r"containers\[\d+\]: \S+ url:/index.html", booted.journal), booted.journal
    assert re.search(r"containers\[\d+\]: \S+ response:200", booted.journal), booted.journal
    assert re.search(r"containers\[\d+\]: a price of 3", booted.journal), booted.journal
