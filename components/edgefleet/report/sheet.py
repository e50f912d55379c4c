"""Printable sheets of sites as one page of HTML: nothing in it is fetched, and nothing runs."""

from collections.abc import Iterable, Iterator

from edgefleet.io.templates import render_html
from edgefleet.report.human import digest, size
from edgefleet.report.site_sheet import Sheet


def pages(title: str, sheets: Iterable[Sheet]) -> Iterator[str]:
    """The text of the page, piece by piece: head, a piece for each of `sheets`, end."""
    yield render_html("sheet/head.html.j2", title=title)
    for sheet in sheets:
        yield render_html("sheet/site.html.j2", sheet=sheet, digest=digest, size=size)
    yield "</body>\n</html>\n"
