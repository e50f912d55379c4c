"""Which engine is taken."""

from pathlib import Path

import pytest

from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.engine.pulumi_cli import PulumiCli, find_command
from edgefleet.engine.selection import choose


def test_a_named_engine_is_taken() -> None:
    """Whatever is on PATH."""
    assert isinstance(choose("local"), EmbeddedEngine)
    assert isinstance(choose("pulumi"), PulumiCli)


def test_without_the_cli_the_embedded_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty PATH has no CLI; one that is too old counts as none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_command() is None
    assert isinstance(choose("auto"), EmbeddedEngine)
    old = tmp_path / "pulumi"
    old.write_text("#!/bin/sh\necho v3.200.0\n")
    old.chmod(0o755)
    assert find_command() is None
    old.write_text("#!/bin/sh\necho v3.229.0\n")
    assert isinstance(choose("auto"), PulumiCli)
