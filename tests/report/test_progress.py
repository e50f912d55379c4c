"""Progress of a run."""

import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from edgefleet.model.site_resource import TOKEN
from edgefleet.report.progress import EVERY, SiteProgress, Transfers


def finished(name: str, type_: str = TOKEN) -> Any:
    """The event of a finished resource, in the shape of the automation API."""
    return SimpleNamespace(res_outputs_event=SimpleNamespace(metadata=SimpleNamespace(urn=name, type=type_)))


def test_elsewhere_than_on_a_terminal_there_are_lines_now_and_then() -> None:
    """One line at the start, then one every few seconds, whatever the number of events."""
    stream, now = io.StringIO(), [0.0]
    console = Console(file=stream, width=80)
    with SiteProgress(console, "planning dev", 3, is_animated=False, clock=lambda: now[0]) as shown:
        shown.on_event(finished("a"))
        now[0] = EVERY + 0.5
        shown.on_event(SimpleNamespace())
        shown.on_event(finished("bucket", "edgefleet:aws:Bucket"))
        shown.on_event(finished("b"))
        shown.on_event(finished("c"))
    assert ["planning dev ...", "planning dev 2 of 3 sites after 10.5 s"] == stream.getvalue().splitlines()


def test_the_terminal_alone_decides_about_drawing() -> None:
    """A forced colour does not start a bar in a log."""
    plain, drawn = io.StringIO(), io.StringIO()
    for stream, is_animated in ((plain, False), (drawn, True)):
        console = Console(file=stream, width=80, force_terminal=True)
        with SiteProgress(console, "x", None, is_animated=is_animated) as shown:
            shown.on_event(finished("a"))
    assert ("x ...\n", True) == (plain.getvalue(), drawn.getvalue().endswith("\x1b[2K"))


@pytest.mark.parametrize("is_animated", [False, True])
def test_downloads_are_counted_in_bytes(*, is_animated: bool) -> None:
    """How much there is to fetch is reported at once; a bar leaves nothing behind."""
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=is_animated)
    with Transfers(console, 2, 3_000, is_animated=is_animated) as transfers:
        transfers.report("a", 1_000, 1_000)
        transfers.report("b", 500, None)
        assert 1_500 == transfers.here
    if not is_animated:
        assert "fetching 2 files, 3,000 bytes ...\n" == file.getvalue()
    else:
        assert file.getvalue().endswith("\x1b[2K")
