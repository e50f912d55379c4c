"""The documentation: short lines, a short README, and links that lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "components").rglob("*.md"))
    if ".venv" not in page.parts
)
GENERATED = {ROOT / "docs" / "resources.md", ROOT / "docs" / "fleet-file.md"}
"""Tables of descriptions, written by `make schema`."""
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub forms them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path, target: str) -> str | None:
    """Why a relative link leads nowhere; `None` if it resolves."""
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.exists():
        return f"{page.relative_to(ROOT)}: {target}: no such file"
    if anchor and anchor not in anchors(file):
        return f"{page.relative_to(ROOT)}: {target}: no such heading"
    return None


def test_every_relative_link_resolves() -> None:
    """Files exist, and headings for anchors."""
    links = [
        (page, target)
        for page in PAGES
        for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
        if "://" not in target
    ]
    assert len(links) > 20
    assert [] == [problem for page, target in links if (problem := broken(page, target))]


def test_every_page_is_linked_from_the_index() -> None:
    """A page that no index names is not found."""
    docs = ROOT / "docs"
    indexes = [docs / "README.md", docs / "images" / "README.md", docs / "workloads" / "README.md"]
    linked = {
        (index.parent / target.partition("#")[0]).resolve()
        for index in indexes
        for target in LINK.findall(index.read_text(encoding="utf-8"))
    }
    pages = set(docs.rglob("*.md"))
    assert indexes[0] in pages
    assert set() == pages - linked - {indexes[0]}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_end_before_column_120(page: Path) -> None:
    """So that a page can be read in a terminal; the generated reference is exempt."""
    if page in GENERATED:
        return
    long = [
        number
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) >= 120
    ]
    assert [] == long


def test_the_readme_is_short() -> None:
    """At most 130 lines: what it is, a picture, two commands, the first edit, where to go on."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 130
