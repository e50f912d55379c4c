"""containerd 2.3 reads the configurations that edgefleet adds to, and knows each key of them."""

import subprocess
from pathlib import Path

import pytest
from tests.boot.conftest import Targets, target
from tests.go_programs import programs
from tests.runtimes.test_kubeedge import HANDLERS, with_handlers
from tests.runtimes_real.conftest import RELEASES
from tests.runtimes_real.node import configuration
from tests.runtimes_real.rendering import template_for

from edgefleet.runtimes.base.edge_containerd import configuration as configuration_of_edge
from edgefleet.runtimes.base.edgecore import PAUSE

__all__ = ["target"]

pytestmark = pytest.mark.runtimes

UNKNOWN = "Ignoring unknown key"
"""What containerd says of a key that it does not know, and goes on."""


def read(text: str, folder: Path) -> str:
    """What containerd makes of a configuration, and what it says of it."""
    (containerd,) = programs("containerd")
    (folder / "containerd.toml").write_text(text)
    command = [str(containerd), "--config", str(folder / "containerd.toml"), "config", "dump"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert 0 == done.returncode, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("release", RELEASES.values())
def test_containerd_knows_each_key(release: str, tmp_path: Path) -> None:
    """And keeps the handler."""
    answer = read(configuration(template_for(release)), tmp_path)
    assert UNKNOWN not in answer
    assert "runtimes.crun-wasm" in answer
    assert "module.wasm.image/*" in answer


@pytest.mark.parametrize("name", HANDLERS)
def test_containerd_2_knows_each_key_of_nodes_with_kubeedge(
    name: str, target: Targets, tmp_path: Path
) -> None:
    """And keeps the runtime for modules."""
    made = with_handlers(target("joined-hub"), name)
    answer = read(configuration_of_edge(made, 3), tmp_path)
    assert UNKNOWN not in answer
    assert all(
        part in answer for part in ("runtimes.untrusted.options", HANDLERS[name], "/usr/lib/cni", PAUSE)
    )


def test_a_key_that_it_does_not_know_is_seen(tmp_path: Path) -> None:
    """So that the test above proves something."""
    text = configuration(template_for("v1.36.4+k3s1")).replace("pod_annotations", "pod_annotation")
    assert UNKNOWN in read(text, tmp_path)
