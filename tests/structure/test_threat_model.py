"""docs/security.md names tests that exist, and says of each finding how it is closed."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))
ROW = re.compile(r"^(\d+)\. .+:\n    (.+)$", re.MULTILINE)
FINDINGS = 54


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda part: part)
def test_each_named_test_exists(file: str, name: str) -> None:
    """A renamed test is renamed there, too."""
    path = ROOT / "tests" / file
    assert path.is_file()
    assert f"def {name}(" in path.read_text(encoding="utf-8")


def test_each_finding_has_a_test_or_an_argument() -> None:
    """Every number once, in order."""
    rows = ROW.findall(PAGE)
    assert [str(number) for number in range(1, FINDINGS + 1)] == [number for number, _ in rows]
    assert [] == [number for number, text in rows if not re.match(r"`[\w/]+\.py::\w+`|Argued: ", text)]
