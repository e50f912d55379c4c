"""Ctrl-C: once finishes what is under way and saves; twice stops at once, and the journal has the rest."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from edgefleet.local.deployment import Deployment

CANCELLED = 130
"""Exit code of a process that was interrupted, as shells have it."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_FIRST = "cancelling: what is under way is being finished; interrupt again to stop at once"
_SECOND = b"\nstopped at once: what was done is in the journal, and the next run goes on from there\n"


class Interrupts:
    """Takes a process's interrupts for the time of a run, where it may: in the main thread."""

    def __init__(self, leave: Callable[[int], Any] = os._exit) -> None:
        self._leave = leave
        self._run: Deployment | None = None
        self._is_interrupted = False
        self._before: dict[int, Any] = {}

    def watch(self, run: Deployment) -> None:
        """Tell this run of interrupts."""
        self._run = run
        run.is_cancelled = run.is_cancelled or self._is_interrupted

    def __enter__(self) -> Self:
        """Take the signals."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Give them back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_interrupted:
            os.write(2, _SECOND)
            self._leave(CANCELLED)
            return
        self._is_interrupted = True
        if self._run is not None:
            self._run.is_cancelled = True
            # From a thread: this one may be in the middle of an event, and events come one at a time.
            say = self._run.events.diagnostic
            threading.Thread(target=say, args=("warning", _FIRST), daemon=True).start()
