"""containerd reads the configurations that edgefleet adds to, knows each key, and pulls as they state."""

import subprocess
from pathlib import Path

import pytest
from tests.boot.conftest import Targets, target
from tests.go_programs import programs
from tests.runtimes.pulls import WITHHELD, pulled
from tests.runtimes.test_kubeedge import HANDLERS, with_handlers
from tests.runtimes_real.conftest import RELEASES
from tests.runtimes_real.node import configuration, of_tree
from tests.runtimes_real.rendering import template_for

from edgefleet.runtimes.base.edge_containerd import IMAGES
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


@pytest.mark.parametrize("version", IMAGES)
def test_nodes_with_kubeedge_pull_from_mirrors(version: int, target: Targets, tmp_path: Path) -> None:
    """By the CRI of containerd 1.7 and 2.3; not with a wrong login or by an unknown authority."""
    command = of_tree("containerd") if version == min(IMAGES) else programs("containerd")[:1]
    reasons = pulled(command, version, target("joined-hub"), tmp_path)
    log = (tmp_path / "containerd.log").read_text()
    assert WITHHELD == {name for name, reason in reasons.items() if reason}, reasons
    assert "certificate signed by unknown authority" in log
    assert UNKNOWN not in log


def test_a_key_that_it_does_not_know_is_seen(tmp_path: Path) -> None:
    """So that the test above proves something."""
    text = configuration(template_for("v1.36.4+k3s1")).replace("pod_annotations", "pod_annotation")
    assert UNKNOWN in read(text, tmp_path)
