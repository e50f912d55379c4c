"""Environment tools: found, or named with their package; run in one surrounding; failing in one sentence."""

from pathlib import Path

import pytest

from edgefleet.errors import OutsideFailure
from edgefleet.io import tools


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path) -> None:
    """One sentence, with the command that installs it."""
    with pytest.raises(OutsideFailure, match="apt-get install fdisk") as caught:
        tools.found("sfdisk", places=[str(tmp_path)])
    assert 1 == len(caught.value.problems)


def test_the_surrounding_is_not_the_users() -> None:
    """Neither zone nor locale, and the time of what is stamped is fixed."""
    said = tools.use("env").decode().splitlines()
    assert {"LC_ALL=C", "TZ=UTC", f"SOURCE_DATE_EPOCH={tools.EPOCH}"} <= set(said)
    assert not [line for line in said if line.startswith("HOME=")]


def test_a_failing_tool_says_its_last_words(tmp_path: Path) -> None:
    """As the tool said them."""
    with pytest.raises(OutsideFailure, match="No such file or directory"):
        tools.use("cat", tmp_path / "nothing")


def test_versions_are_numbers() -> None:
    """Of a tool that every machine has."""
    assert tools.version("env")[0].isdigit()
