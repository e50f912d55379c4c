"""Progress of a run."""

import io
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from edgefleet.model.site_resource import TOKEN
from edgefleet.report.progress import EVERY, Drawn, Spoken, progress


def finished(name: str, type_: str = TOKEN) -> Any:
    """The event of a finished resource, in the shape of the automation API."""
    return SimpleNamespace(res_outputs_event=SimpleNamespace(metadata=SimpleNamespace(urn=name, type=type_)))


def test_elsewhere_than_on_a_terminal_there_are_lines_now_and_then() -> None:
    """One line at the start, then one every few seconds, whatever the number of events."""
    stream, now = io.StringIO(), [0.0]
    with Spoken(Console(file=stream, width=80), "planning dev", 3, clock=lambda: now[0]) as shown:
        shown.on_event(finished("a"))
        now[0] = EVERY + 0.5
        shown.on_event(SimpleNamespace())
        shown.on_event(finished("bucket", "edgefleet:aws:Bucket"))
        shown.on_event(finished("b"))
        shown.on_event(finished("c"))
    assert ["planning dev ...", "planning dev 2 of 3 sites after 10.5 s"] == stream.getvalue().splitlines()


def test_the_terminal_alone_decides_about_drawing() -> None:
    """A forced colour does not start a bar in a log."""
    console = Console(file=io.StringIO(), force_terminal=True)
    assert isinstance(progress(console, "x", 1, is_animated=False), Spoken)
    with progress(console, "x", None, is_animated=True) as drawn:
        drawn.on_event(finished("a"))
        assert isinstance(drawn, Drawn)
