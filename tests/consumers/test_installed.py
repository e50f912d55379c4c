"""The wheel that `make dist` builds, in an environment and a home of its own."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from distribution.release import ROOT, Source, built, digest
from tests.inline_programs import NO_CLI

from edgefleet.io.version import version

TIME = 1764000000
GET_SCHEMA = 'pulumi package get-schema "$(command -v pulumi-resource-edgefleet)"'


@pytest.mark.pulumi_cli
@pytest.mark.slow
def test_it_installs_and_runs(project: Callable[[str], Any], tmp_path: Path) -> None:
    """With what it declares to require, in the locked versions; the CLI starts its plugin."""
    if shutil.which("pulumi") is None:
        pytest.skip(NO_CLI)
    shops = project("yaml")
    uv = str(shops.bin / "uv")
    (wheel,) = (
        file
        for file in built(Source(tree=ROOT, commit="", time=TIME), tmp_path / "dist")
        if file.suffix == ".whl"
    )
    requirement = f"edgefleet[emulator] @ {wheel.as_uri()} --hash=sha256:{digest(wheel)}\n"
    (tmp_path / "requirements.txt").write_text(requirement)
    shops.run(uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv"))
    lock, python = str(ROOT / "requirements" / "run.lock"), str(tmp_path / "venv" / "bin" / "python")
    install = (uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--constraint", lock)
    shops.run(*install, "--requirement", str(tmp_path / "requirements.txt"))

    installed = shops.with_environment(tmp_path / "venv", home=tmp_path / "home")
    assert f"edgefleet {version()}" == installed.run("edgefleet", "--version").strip()
    assert "Usage: edgefleet" in installed.run("edgefleet")
    installed.run("edgefleet", "new", "fresh", "--region", "eu")
    assert "no problems" in installed.run("edgefleet", "-C", "fresh", "validate", "stacks/eu.fleet.yaml")
    try:
        preview = installed.run("edgefleet", "-C", "fresh", "preview", "-s", "eu", "--engine", "local")
        assert "store-0002 n1" in preview
    finally:
        installed.run("edgefleet", "-C", "fresh", "emulator", "stop")
    schema = json.loads(installed.run_as_written(GET_SCHEMA))
    assert {"edgefleet:index:ControlPlane", "edgefleet:index:Fleet"} < set(schema["resources"])
