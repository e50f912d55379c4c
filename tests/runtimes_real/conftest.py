"""A cluster with one real node, for each containerd that k3s has."""

from collections.abc import Iterator

import pytest
from tests.boot.conftest import target
from tests.cluster.api import Cluster
from tests.cluster.control_plane import control_plane
from tests.processes import wait
from tests.runtimes_real.modules import image, module
from tests.runtimes_real.node import HOST, PAUSE, Machine, tree
from tests.runtimes_real.rendering import template_for

from edgefleet.workloads.base.modules import LABEL

__all__ = ["target"]

HELLO, SEVEN, SHELL = (f"registry.example/{name}:1" for name in ("hello", "seven", "shell"))
"""Images: a module that prints a line and sleeps, one that exits with 7, and a container."""
RELEASES = {"containerd 1.7": "v1.32.1+k3s1", "containerd 2.3": "v1.36.4+k3s1"}
"""dict[containerd -> a k3s with that version of its configuration]."""


def images() -> dict[str, bytes]:
    """dict[file -> archive] of the node's images."""
    busybox = {"bin/busybox": (tree() / "usr/bin/busybox").read_bytes()}
    return {
        "hello.tar": image(HELLO, {"hello.wasm": module("hello from a module")}, "/hello.wasm"),
        "seven.tar": image(SEVEN, {"seven.wasm": module("seven", code=7)}, "/seven.wasm"),
        "shell.tar": image(SHELL, busybox, "/bin/busybox", "sh"),
        "pause.tar": image(PAUSE, busybox, "/bin/busybox", "sleep", "86400"),
    }


@pytest.fixture(scope="module", params=RELEASES)
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A real kubelet with this containerd, the only node of a real API server."""
    tree()
    folder = tmp_path_factory.mktemp("cluster")
    with control_plane(folder, has_nodes=True) as started:
        machine = Machine(
            folder=folder / "node",
            template=template_for(RELEASES[request.param]),
            images=images(),
            labels={f"{LABEL}crun-wasm": "true"},
            cluster=started,
            own_containerd=request.param == "containerd 1.7",
        )
        with machine.started() as server:
            wait(lambda: server.ended() or _is_ready(started), seconds=120, reason=machine.log)
            assert not server.ended(), machine.log()
            yield machine


@pytest.fixture
def cluster(machine: Machine) -> Cluster:
    """Its API server."""
    return machine.cluster


def _is_ready(cluster: Cluster) -> bool:
    nodes = {node["metadata"]["name"]: node for node in cluster.get("/api/v1/nodes")["items"]}
    conditions = nodes.get(HOST, {}).get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
