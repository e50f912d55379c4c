"""The result of a simulated rollout: a timeline, and what became of each wave."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from edgefleet.model.spec import to_plain
from edgefleet.report.human import counted
from edgefleet.report.layout import spread, wrapped
from edgefleet.rollout.history import Entry
from edgefleet.rollout.simulation import Result, WaveResult

DAY, HOUR, MINUTE = 86_400, 3600, 60
TITLES = ("sites", "healthy", "failed", "open", "opened", "passed", "bytes")
WIDTHS = (7, 8, 7, 7, 11, 11, 9)
NAME = 14
"""Columns of a wave's name."""
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
WORDS = {
    "opened": "opens",
    "reached": "has enough healthy sites",
    "paused": "is PAUSED",
    "rolledBack": "is taken BACK",
    "ended": "ends",
}


def lines(result: Result, title: str) -> Iterator[Text]:
    """The result in 80 columns; `title` names the fleet."""
    settings = result.settings
    sites = sum(wave.sites for wave in result.waves)
    begin = datetime.fromtimestamp(settings.start, UTC)
    yield Text(spread((title, counted(sites, "site"), f"simulated from {begin:%Y-%m-%d %H:%M} UTC")), "bold")
    yield from wrapped(
        f"  seed {settings.seed}   {settings.fail:.1%} of the sites fail   {size(settings.size)} each"
    )
    yield Text()
    for entry in result.log:
        yield from wrapped(_entry(entry, settings.start))
    if result.end.phase == "running":
        yield from wrapped(f"{after(result.seconds)}   not ended: {result.end.reason}")
    yield Text()
    yield Text(_row("wave", TITLES), "bold")
    for wave in result.waves:
        yield Text(_row(wave.name, _cells(wave)))
    total = sum(wave.size for wave in result.waves)
    open_ = sum(wave.open for wave in result.waves)
    yield Text()
    end = f"{after(result.seconds).strip()} in all, {size(total)}"
    yield from wrapped(f"{end}; {counted(open_, 'site')} open")


def _entry(entry: Entry, start: int) -> str:
    text = f"{entry.wave or 'the rollout'} {WORDS[entry.action]}"
    return f"{after(entry.at - start)}   {text}" + (f": {entry.reason}" if entry.reason else "")


def _cells(wave: WaveResult) -> tuple[str, ...]:
    counts = (wave.sites, wave.healthy, wave.failed, wave.open)
    times = ("-" if at is None else after(at).strip() for at in (wave.opened, wave.passed))
    return (*(f"{count:,}" for count in counts), *times, size(wave.size))


def _row(name: str, cells: tuple[str, ...]) -> str:
    shown = name if len(name) <= NAME else name[: NAME - 3] + "..."
    return f"{shown:<{NAME}}" + "".join(
        f" {cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True)
    ).replace(" ", "", 1)


def after(seconds: int) -> str:
    """Time since the start: ``+3 d 04:15``."""
    return f"{f'+{seconds // DAY} d':>6} {seconds % DAY // HOUR:02}:{seconds % HOUR // MINUTE:02}"


def size(count: int) -> str:
    """``50 MB``, ``1.2 GB``."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(UNITS) - 1:  # noqa: PLR2004 - decimal units
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {UNITS[unit]}" if value >= 10 or unit == 0 else f"{value:.1f} {UNITS[unit]}"  # noqa: PLR2004


def document(result: Result, fleet: str, region: str) -> dict[str, Any]:
    """The result for programs; times are seconds after the start."""
    settings = result.settings
    return {
        "fleet": fleet,
        "region": region,
        **asdict(settings),
        "result": result.end.phase,
        "reason": result.end.reason,
        "seconds": result.seconds,
        "waves": [asdict(wave) for wave in result.waves],
        "log": [to_plain(entry) | {"at": entry.at - settings.start} for entry in result.log],
    }
