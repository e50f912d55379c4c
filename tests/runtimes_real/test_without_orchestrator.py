"""Runtime `containerd`: a module of WebAssembly in Debian's containerd, by crun and WasmEdge of Debian 13."""

from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.runtimes.test_containerd import Node, answer_at, documents_of, node
from tests.runtimes_real.conftest import HELLO
from tests.runtimes_real.modules import image, module, server
from tests.runtimes_real.node import tree

__all__ = ["node"]
pytestmark = pytest.mark.runtimes

CRUN = """#!/bin/sh
# crun of another Debian, with that one's libraries; it refuses "hybrid" cgroups, so it sees none.
exec unshare --mount sh -c '
  umount --lazy /sys/fs/cgroup/unified 2>/dev/null || true
  tree={tree}/usr
  exec $tree/lib64/ld-linux-x86-64.so.2 --library-path $tree/lib/x86_64-linux-gnu $tree/bin/crun "$@"
' sh "$@"
"""


def become(node: Node, target: Targets, name: str, program: bytes, *, port: int = 8080) -> None:
    """A node with crun, and a function of this module in its payload."""
    function = {"kind": "function", "image": HELLO, "runtime": {"name": "crun-wasm"}, "port": port}
    planned = target("no-orchestrator", workloads={name: function})
    node.become(planned)
    (container,) = documents_of(planned)[name]["containers"]
    archive = node.root / "var/lib/edgefleet/images" / container["archive"]
    archive.parent.mkdir(parents=True)
    archive.write_bytes(image(HELLO, {"hello.wasm": program}, "/hello.wasm"))
    crun = node.root / "usr/bin/crun"
    crun.parent.mkdir(parents=True)
    crun.write_text(CRUN.format(tree=tree()))
    crun.chmod(0o755)


def test_a_module_runs_by_crun(node: Node, target: Targets) -> None:
    """A function, with the user, the limits and the read-only root of every workload."""
    become(node, target, "labels", module("hello from a module"))
    with node.running("labels") as process:
        assert process.stdout is not None
        assert "hello from a module\n" == process.stdout.readline().decode()
        tasks = node.ctr("tasks", "ls")
        pid = tasks[tasks.index("labels.labels") + 1]
        status = Path(f"/proc/{pid}/status").read_text()
        assert "Uid:\t10001" in status


def test_a_module_answers_at_its_port(node: Node, target: Targets) -> None:
    """It opens the port itself, by WasmEdge's sockets: the node's own network reaches it."""
    become(node, target, "prices", server("a price", 18080), port=18080)
    with node.running("prices"):
        assert b"a price\n" == answer_at(18080)
