"""Rows of the bench and how they are printed: ratios within one run, with the aim beside them."""

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure."""

    what: str
    ours: str
    peer: str = "-"
    """What it is measured against, with its own figure."""
    ratio: str = "-"
    aim: str = "-"
    is_met: bool | None = None
    """Whether the aim is met; `None` where there is none."""
    is_required: bool = False
    """Whether the bench fails where it is not."""


def median_seconds(run: Callable[[], object], *, times: int = 5) -> float:
    """Median wall-clock seconds of `times` runs after one that is not counted."""
    run()
    return statistics.median(_timed(run) for _ in range(times))


def _timed(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def machine() -> str:
    """The machine that figures come from, in a line."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.machine(),
    )
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"


def _cpuinfo() -> Sequence[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else ()


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | ours | against | ratio | aim | met |", "|---|---|---|---|---|---|"]
    for row in rows:
        met = {True: "yes", False: "**no**", None: "-"}[row.is_met]
        lines.append(f"| {row.what} | {row.ours} | {row.peer} | {row.ratio} | {row.aim} | {met} |")
    return "\n".join(lines)
