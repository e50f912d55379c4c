"""What `make schema` writes is what is checked in: classes of a program, and the reference."""

from pathlib import Path

from edgefleet.provider import python_classes, reference
from edgefleet.provider.registry import RESOURCES

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ROOT / "components" / "edgefleet" / "fleet" / "aws"


def test_the_classes_are_current() -> None:
    """`make schema` writes them anew; the formatter has its say after it."""
    there = {path.name for path in CLASSES.glob("*.py")}
    assert set(python_classes.modules()) == there
    for name, text in python_classes.modules().items():
        assert _bare(text) == _bare((CLASSES / name).read_text(encoding="utf-8")), name


def test_the_reference_is_current() -> None:
    """It lists every kind with its fields."""
    text = (ROOT / "docs" / "resources.md").read_text(encoding="utf-8")
    assert reference.text() == text
    assert [] == [each.TOKEN for each in RESOURCES if f"## {each.TOKEN}\n" not in text]


def _bare(text: str) -> str:
    """Without what a formatter may change: blanks, line breaks and last commas."""
    return "".join(text.split()).replace(",)", ")").replace(",]", "]").replace(",}", "}")
