"""Progress of several downloads on stderr: a bar on a terminal, lines now and then elsewhere."""

import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from edgefleet.report.human import counted
from edgefleet.report.progress import EVERY


class Transfers:
    """Counts the bytes of several downloads; told of them by several threads.

    Args:
        console: stderr.
        count: how many things.
        whole: bytes of all of them, as far as that is known.
        is_animated: whether a bar may be drawn.
    """

    def __init__(self, console: Console, count: int, whole: int, *, is_animated: bool) -> None:
        self._console, self._count, self._whole = console, count, whole
        self._done: dict[str, int] = {}
        self._lock, self._said = threading.Lock(), time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._bar = Progress(*columns, console=console, transient=True) if is_animated else None
        self._task = self._bar.add_task("fetching", total=whole or None) if self._bar else None

    def __enter__(self) -> Self:
        """Say what begins."""
        if self._bar:
            self._bar.start()
        else:
            self._say(f"fetching {counted(self._count, 'file')}, {self._whole:,} bytes ...")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was drawn."""
        if self._bar:
            self._bar.stop()

    def told(self, name: str, done: int, whole: int | None) -> None:  # noqa: ARG002 - the sum is known
        """Note that `name` has `done` bytes."""
        with self._lock:
            self._done[name] = done
            here = self.here
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, completed=here)
            elif time.monotonic() - self._said >= EVERY:
                self._said = time.monotonic()
                self._say(f"fetching: {here:,} of {self._whole:,} bytes")

    @property
    def here(self) -> int:
        """Bytes that are here."""
        return sum(self._done.values())

    def _say(self, words: str) -> None:
        self._console.print(words, soft_wrap=True, highlight=False, markup=False)
