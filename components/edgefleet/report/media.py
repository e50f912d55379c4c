"""What media hold that hold more than a seed: equal ones are one line with a count."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from edgefleet.report.human import counted
from edgefleet.report.layout import wrapped
from edgefleet.site.capacity import Filling

NAMED = 3
"""Sites that are named rather than counted."""
OF_PARTS = "digests here are of the parts that these are made of; image build tells those of the bytes"
Key = tuple[int, int | None, bool]


def lines(fillings: Sequence[Filling], *, is_all: bool = False) -> Iterator[Text]:
    """How many bytes each medium holds, and whether they fit; `is_all` names every site."""
    if not fillings:
        return
    equal: dict[Key, list[Filling]] = {}
    for each in fillings:
        equal.setdefault((each.content, each.medium, each.is_whole), []).append(each)
    yield Text(f"MEDIA - {counted(len(fillings), 'box')} with more than a seed", "bold")
    yield from wrapped(f"  {OF_PARTS}")
    for group in equal.values():
        text = f"  {counted(len(group), 'box'):>10}  {held(group[0])}"
        sites = list(dict.fromkeys(each.site for each in group))
        if is_all or len(sites) <= NAMED:
            text += f" ({', '.join(sites)})"
        style = "bold red" if group[0].fits is False else ""
        yield from (Text(line.plain, style) for line in wrapped(text))


def held(filling: Filling) -> str:
    """``1,412,345,678 bytes of 68,719,476,736: fits``."""
    content = f"{filling.content:,} bytes"
    if not filling.is_whole:
        content += " and a base that the artifacts lock does not have"
    if filling.medium is None:
        return f"{content}; how large the medium is nobody says (image.size)"
    fits = {True: "fits", False: "does not fit", None: "fits without it"}[filling.fits]
    return f"{content} of {filling.medium:,}: {fits}"
