"""A node of the hub's cluster, without a link: edgecore starts with the certificate that is in its image.

containerd, runc and the plugins of the network are Debian 13's. edgecore is a stand-in that checks what it is
given (`inside/edgecore_stand_in.py`), or a real one in the folder that ``EDGEFLEET_KUBEEDGE_BIN`` names.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot_vm.base_system import BaseSystem
from tests.boot_vm.machine import Booted, Machine, cable
from tests.boot_vm.nodes import MAC, NETWORK, NODE, SeededNode, carried, golden, payload_disk, seeded_node
from tests.runtimes_real.modules import image

from edgefleet.model.requirement import Requirement
from edgefleet.runtimes.base.edgecore import CERTIFICATE, KEY, PAUSE
from edgefleet.runtimes.kubeedge import PROGRAM

pytestmark = pytest.mark.boot
TESTS = Path(__file__).parents[1]
REAL = os.environ.get("EDGEFLEET_KUBEEDGE_BIN", "")
"""Folder with edgecore, an executable for amd64."""


def edgecore() -> bytes:
    """The program: the real one where there is one, else the stand-in with edgecore's schema in it."""
    if REAL:
        return (Path(REAL) / "edgecore").read_bytes()
    schema = (TESTS / "runtimes/kubeedge_schemas/edgecore-v1alpha2.schema.json").read_text()
    text = (TESTS / "boot_vm/inside/edgecore_stand_in.py").read_text()
    empty = "SCHEMA: dict[str, Any] = {}\n"
    assert empty in text
    return text.replace(empty, f"SCHEMA: dict[str, Any] = json.loads({schema!r})\n").encode()


@pytest.fixture(scope="module")
def payload() -> dict[str, bytes]:
    """dict[path -> content]: edgecore, and an image that stands in for that of each Pod's namespaces."""
    pause = image(PAUSE, {"pause": b"a stand-in for the program of an image"}, "/pause")
    return {"bin/edgecore": edgecore(), Requirement.image(PAUSE, "amd64").path: pause}


@pytest.fixture(scope="module")
def seeded(payload: dict[str, bytes]) -> SeededNode:
    """The first of the golden nodes with KubeEdge."""
    site = golden("joined-hub")
    node = site.nodes[NODE]
    own = replace(node, payload=carried(payload), network=replace(node.network, mac=MAC))
    return seeded_node(replace(site, nodes={NODE: own}, kubeedge=replace(site.kubeedge, sha256={})))


@pytest.fixture(scope="module")
def first(newer_base: BaseSystem, seeded: SeededNode, payload: dict[str, bytes], scratch: Path) -> Booted:
    """The first boot, with the cable out."""
    carrying = payload_disk(payload, scratch / "payload")
    machine = Machine(base=newer_base, folder=scratch / "machine", payload=carrying, options=NETWORK)
    return machine.boot(seeded.seed.data, talk=[("", cable("off"))])


def test_the_node_is_well_without_a_link(first: Booted) -> None:
    """By its own report: containerd answers, and edgecore runs for longer than a start takes."""
    assert first.facts["settled"], first.facts["status"]
    assert "healthy since" in first.facts["status"]
    assert "install-edgecore: edgecore v1.23.1 runs" in first.journal


def test_edgecore_starts_with_its_certificate(
    first: Booted, seeded: SeededNode, payload: dict[str, bytes]
) -> None:
    """The files are as planned, the key is for root alone, and edgecore of the payload takes them."""
    assert (payload["bin/edgecore"], 0o755) == (first.files[PROGRAM].content, first.files[PROGRAM].mode)
    for path in (CERTIFICATE, KEY):
        assert seeded.contents[path] == (first.files[path].content, first.files[path].mode)
    assert 0o600 == first.files[KEY].mode
    if not REAL:
        whose = "O=system:nodes,CN=system:node:fr-lil-021-n1"
        words = f"started with the certificate of {whose} for https://edge.hub.example:10002"
        assert f"edgecore stand-in: {words}" in first.console
        assert "edgecore stand-in: does not start" not in first.journal
