"""Runtime `containerd`: a module of WebAssembly in Debian's containerd, by crun and WasmEdge of Debian 13."""

from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.runtimes.test_containerd import Node, documents_of, node
from tests.runtimes_real.conftest import HELLO
from tests.runtimes_real.modules import image, module
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


def test_a_module_runs_by_crun(node: Node, target: Targets) -> None:
    """A function, with the user, the limits and the read-only root of every workload."""
    of = tree()
    function = {"kind": "function", "image": HELLO, "runtime": {"name": "crun-wasm"}, "port": 8080}
    planned = target("no-orchestrator", workloads={"labels": function})
    node.become(planned)
    (container,) = documents_of(planned)["labels"]["containers"]
    archive = node.root / "var/lib/edgefleet/images" / container["archive"]
    archive.parent.mkdir(parents=True)
    archive.write_bytes(image(HELLO, {"hello.wasm": module("hello from a module")}, "/hello.wasm"))
    crun = node.root / "usr/bin/crun"
    crun.parent.mkdir(parents=True)
    crun.write_text(CRUN.format(tree=of))
    crun.chmod(0o755)
    with node.running("labels") as process:
        assert process.stdout is not None
        assert "hello from a module\n" == process.stdout.readline().decode()
        tasks = node.ctr("tasks", "ls")
        pid = tasks[tasks.index("labels.labels") + 1]
        status = Path(f"/proc/{pid}/status").read_text()
        assert "Uid:\t10001" in status
