"""Runtime `containerd`: a module of WebAssembly in Debian's containerd, by a shim.

The shim is ours (`tests.rust_programs`): a stand-in for upstream's, on the library that this is built on.
"""

import os
from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.runtimes.test_containerd import Node, documents_of, node
from tests.runtimes_real.conftest import HELLO
from tests.runtimes_real.modules import image, module
from tests.rust_programs import shim

__all__ = ["node"]
pytestmark = pytest.mark.shims

RUNTIME = {"name": "wasmtime", "version": "v0.6.0"}


@pytest.fixture(autouse=True)
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shim is where programs are found, as in /usr/local/bin of a node."""
    monkeypatch.setenv("PATH", str(shim().parent), prepend=os.pathsep)


def test_a_module_runs_without_kubernetes(node: Node, target: Targets) -> None:
    """As a unit of systemd starts it: with the user, the limits and the read-only root of every workload."""
    function = {"kind": "function", "image": HELLO, "runtime": RUNTIME, "port": 8080}
    planned = target("no-orchestrator", workloads={"labels": function})
    node.become(planned)
    (container,) = documents_of(planned)["labels"]["containers"]
    archive = node.root / "var/lib/edgefleet/images" / container["archive"]
    archive.parent.mkdir(parents=True)
    archive.write_bytes(image(HELLO, {"hello.wasm": module("hello from a module")}, "/hello.wasm"))
    with node.running("labels") as process:
        assert process.stdout is not None
        assert "hello from a module\n" == process.stdout.readline().decode()
        tasks = node.ctr("tasks", "ls")
        status = Path(f"/proc/{tasks[tasks.index('labels.labels') + 1]}/status").read_text()
        assert "Uid:\t10001" in status
