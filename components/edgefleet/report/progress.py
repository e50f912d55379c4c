"""Progress of a run on stderr: a bar on a terminal, else a line every `EVERY` seconds."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bar

from edgefleet.report.human import counted, duration
from edgefleet.report.presenters import PRESENTERS

EVERY = 10.0
"""Seconds between two lines where nothing is drawn."""


class Progress(Protocol):
    """Receives events of `pulumi.automation.events`, which this layer does not import."""

    def on_event(self, event: Any) -> None:
        """One event of the engine."""

    def finished(self, name: str) -> None:
        """The site `name` is finished."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def progress(console: Console, title: str, total: int | None, *, is_animated: bool) -> Progress:
    """The progress of one run over `total` sites, `None` where that is not known."""
    return Drawn(console, title, total) if is_animated else Spoken(console, title, total)


def finished_site(event: Any) -> str | None:
    """URN of the site that `event` reports as finished, if any."""
    outputs = getattr(event, "res_outputs_event", None)
    metadata = getattr(outputs, "metadata", None)
    return metadata.urn if metadata is not None and metadata.type in PRESENTERS else None


class Spoken:
    """Plain lines: one at the start, then one every `EVERY` seconds."""

    def __init__(
        self, console: Console, title: str, total: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console, self._title, self._total, self._clock = console, title, total, clock
        self._seen: set[str] = set()
        self._started = self._printed = 0.0

    def __enter__(self) -> Self:
        """Print the title."""
        self._started = self._printed = self._clock()
        self._print("...")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Print nothing: the result follows."""

    def on_event(self, event: Any) -> None:
        """Count finished sites."""
        urn = finished_site(event)
        if urn is not None:
            self.finished(urn)

    def finished(self, name: str) -> None:
        """Count it, and print the count every `EVERY` seconds."""
        self._seen.add(name)
        now = self._clock()
        if now - self._printed >= EVERY:
            self._printed = now
            of = "" if self._total is None else f" of {self._total:,}"
            self._print(f"{len(self._seen):,}{of} sites after {duration(now - self._started)}")

    def _print(self, words: str) -> None:
        self._console.print(f"{self._title} {words}", soft_wrap=True, highlight=False, markup=False)


class Drawn:
    """A bar that disappears when the run ends."""

    def __init__(self, console: Console, title: str, total: int | None) -> None:
        sites = title if total is None else f"{title}, {counted(total, 'site')}"
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=console, transient=True)
        self._task = self._bar.add_task(sites, total=total)
        self._seen: set[str] = set()

    def __enter__(self) -> Self:
        """Draw."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bar."""
        self._bar.stop()

    def on_event(self, event: Any) -> None:
        """Count finished sites."""
        urn = finished_site(event)
        if urn is not None:
            self.finished(urn)

    def finished(self, name: str) -> None:
        """Count it."""
        self._seen.add(name)
        self._bar.update(self._task, completed=len(self._seen))


@contextmanager
def transfer(
    console: Console, title: str, total: int, *, is_animated: bool
) -> Iterator[Callable[[int], None]]:
    """A function that takes the number of further bytes done, of `total`."""
    if not is_animated:
        console.print(f"{title} {decimal(total)} ...", soft_wrap=True, highlight=False, markup=False)
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(True), TransferSpeedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda count: bar.advance(task, count)


class Transfers:
    """Counts the bytes of several downloads; several threads report them.

    Args:
        console: stderr.
        count: number of files.
        whole: bytes of all of them, as far as known.
        is_animated: whether a bar may be drawn.
    """

    def __init__(self, console: Console, count: int, whole: int, *, is_animated: bool) -> None:
        self._console, self._count, self._whole = console, count, whole
        self._done: dict[str, int] = {}
        self._lock, self._printed = threading.Lock(), time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._bar = Bar(*columns, console=console, transient=True) if is_animated else None
        self._task = self._bar.add_task("fetching", total=whole or None) if self._bar else None

    def __enter__(self) -> Self:
        """Print the title."""
        if self._bar:
            self._bar.start()
        else:
            self._print(f"fetching {counted(self._count, 'file')}, {self._whole:,} bytes ...")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bar."""
        if self._bar:
            self._bar.stop()

    def report(self, name: str, done: int, whole: int | None) -> None:  # noqa: ARG002 - the sum is known
        """Record that `name` has `done` bytes."""
        with self._lock:
            self._done[name] = done
            here = self.here
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, completed=here)
            elif time.monotonic() - self._printed >= EVERY:
                self._printed = time.monotonic()
                self._print(f"fetching: {here:,} of {self._whole:,} bytes")

    @property
    def here(self) -> int:
        """Bytes downloaded so far."""
        return sum(self._done.values())

    def _print(self, words: str) -> None:
        self._console.print(words, soft_wrap=True, highlight=False, markup=False)
