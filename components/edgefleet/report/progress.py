"""Progress on stderr: a bar on a terminal, which disappears at the end, else a line every `EVERY` seconds."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bar

from edgefleet.model.site_resource import site_of
from edgefleet.report.human import counted, duration
from edgefleet.report.presenters import PRESENTERS

EVERY = 10.0
"""Seconds between two lines where nothing is drawn."""
Clock = Callable[[], float]


class Progress:
    """A title, and how much is done; `columns` stand behind the bar, None where nothing may be drawn."""

    def __init__(
        self,
        console: Console,
        title: str,
        total: int | None,
        columns: tuple[ProgressColumn, ...] | None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._console, self._title, self._clock = console, title, clock
        self._started = self._printed = clock()
        self._bar = None
        if columns is not None:
            bar = (TextColumn("{task.description}"), BarColumn(), *columns)
            self._bar = Bar(*bar, console=console, transient=True)
            self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> Self:
        """Show the title."""
        if self._bar:
            self._bar.start()
        else:
            self._print(f"{self._title} ...")
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the bar; the result follows."""
        if self._bar:
            self._bar.stop()

    def show(self, done: int, line: Callable[[float], str]) -> None:
        """Show that so much is done; `line` takes the seconds since the start."""
        now = self._clock()
        if self._bar:
            self._bar.update(self._task, completed=done)
        elif now - self._printed >= EVERY:
            self._printed = now
            self._print(line(now - self._started))

    def _print(self, line: str) -> None:
        self._console.print(line, soft_wrap=True, highlight=False, markup=False)


class SiteProgress(Progress):
    """Counts the sites that a run has finished; `total` is None where their number is not known."""

    def __init__(
        self,
        console: Console,
        title: str,
        total: int | None,
        *,
        is_animated: bool,
        clock: Clock = time.monotonic,
    ) -> None:
        self._what, self._total = title, total
        self._seen: set[str] = set()
        if is_animated and total is not None:
            title = f"{title}, {counted(total, 'site')}"
        columns = (MofNCompleteColumn(), TimeElapsedColumn()) if is_animated else None
        super().__init__(console, title, total, columns, clock)

    def on_event(self, event: Any) -> None:
        """Take an event of `pulumi.automation.events`, which this layer does not import."""
        metadata = getattr(getattr(event, "res_outputs_event", None), "metadata", None)
        if metadata is not None and metadata.type in PRESENTERS:
            self.finished(site_of(metadata.urn.rsplit("::", 1)[-1]))

    def finished(self, name: str) -> None:
        """The site `name` is finished."""
        self._seen.add(name)
        count, of = len(self._seen), "" if self._total is None else f" of {self._total:,}"
        self.show(count, lambda seconds: f"{self._what} {count:,}{of} sites after {duration(seconds)}")


class Transfers(Progress):
    """Counts the bytes of `count` downloads, `whole` as far as known; several threads report them."""

    def __init__(self, console: Console, count: int, whole: int, *, is_animated: bool) -> None:
        self._whole, self._done = whole, dict[str, int]()
        self._lock = threading.Lock()
        title = "fetching" if is_animated else f"fetching {counted(count, 'file')}, {whole:,} bytes"
        columns = (DownloadColumn(), TransferSpeedColumn()) if is_animated else None
        super().__init__(console, title, whole or None, columns)

    def report(self, name: str, done: int, whole: int | None) -> None:  # noqa: ARG002 - the sum is known
        """Record that `name` has `done` bytes."""
        with self._lock:
            self._done[name] = done
            self.show(self.here, lambda _: f"fetching: {self.here:,} of {self._whole:,} bytes")

    @property
    def here(self) -> int:
        """Bytes downloaded so far."""
        return sum(self._done.values())


@contextmanager
def transfer(
    console: Console, title: str, total: int, *, is_animated: bool
) -> Iterator[Callable[[int], None]]:
    """A function that takes the number of further bytes done, of `total`."""
    columns = (DownloadColumn(True), TransferSpeedColumn()) if is_animated else None
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        shown.show(done, lambda _: f"{title}: {decimal(done)} of {decimal(total)}")

    with Progress(console, title if columns else f"{title} {decimal(total)}", total, columns) as shown:
        yield advance
