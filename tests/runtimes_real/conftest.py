"""A cluster with one real node, for each containerd that k3s has; workloads on it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.boot.conftest import target
from tests.cluster.api import Cluster
from tests.cluster.control_plane import control_plane
from tests.processes import wait
from tests.runtimes_real.modules import image, module
from tests.runtimes_real.node import HOST, PAUSE, Machine, tree
from tests.runtimes_real.rendering import objects, template_for

from edgefleet.workloads.base.modules import LABEL

__all__ = ["target"]

Pod = dict[str, Any]
HELLO, SEVEN, SHELL = (f"registry.example/{name}:1" for name in ("hello", "seven", "shell"))
"""Images: a module that prints a line and sleeps, one that exits with 7, and a container."""
SAYS = ["-c", "echo hello from a container; exec sleep 3600"]
"""Arguments of the container."""
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
    with joined(tmp_path_factory.mktemp("cluster"), request.param) as machine:
        yield machine


@contextmanager
def joined(
    folder: Path,
    containerd: str,
    shims: Mapping[str, Path] = {},
    more: Callable[[], Mapping[str, bytes]] = dict,
) -> Iterator[Machine]:
    """The node with crun, these shims, and more images than others."""
    tree()
    with control_plane(folder, has_nodes=True) as started:
        machine = Machine(
            folder=folder / "node",
            template=template_for(RELEASES[containerd]),
            images={**images(), **more()},
            labels={f"{LABEL}{handler}": "true" for handler in ("crun-wasm", *shims)},
            cluster=started,
            own_containerd=containerd == "containerd 1.7",
            shims=shims,
        )
        with machine.started() as server:
            wait(lambda: server.ended() or _is_ready(started), seconds=120, reason=machine.log)
            assert not server.ended(), machine.log()
            yield machine


@pytest.fixture
def cluster(machine: Machine) -> Cluster:
    """Its API server."""
    return machine.cluster


@pytest.fixture
def run(cluster: Cluster) -> Callable[..., Pod]:
    """Apply a workload as its objects have it, and return its Pod once all containers have started."""

    def apply(name: str, **fields: Any) -> Pod:
        for each in objects(name, **fields):
            cluster.apply(each)

        def started() -> bool:
            statuses = pod(cluster, name).get("status", {}).get("containerStatuses", [])
            return bool(statuses) and all("waiting" not in each["state"] for each in statuses)

        wait(started, seconds=90, reason=lambda: f"{cluster.events(name)}")
        return pod(cluster, name)

    return apply


def pod(cluster: Cluster, namespace: str) -> Pod:
    """The only Pod of a namespace; empty where there is none yet."""
    found = cluster.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    return found[0] if found else {}


def beside(kind: str) -> dict[str, Any]:
    """The patches of a workload that has a container beside its module."""
    container: dict[str, Any] = {
        "name": "beside",
        "image": SHELL,
        "args": SAYS,
        "imagePullPolicy": "IfNotPresent",
    }
    container["securityContext"] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    patch = [{"op": "add", "path": "/spec/template/spec/containers/-", "value": container}]
    return {"patches": [{"kind": kind, "json": patch}]}


def _is_ready(cluster: Cluster) -> bool:
    nodes = {node["metadata"]["name"]: node for node in cluster.get("/api/v1/nodes")["items"]}
    conditions = nodes.get(HOST, {}).get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
