"""Ctrl-C: once finishes the operations in progress and saves; twice stops at once, with the journal left."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from pulumi_embedded.deployment import Deployment

CANCELLED = 130
"""Exit code of an interrupted process in shells."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_FIRST = "cancelling: finishing the current steps; interrupt again to stop at once"
_SECOND = b"\nstopped at once: what was done is in the journal, and the next run goes on from there\n"


class Interrupts:
    """Handles a process's interrupts during a run in the main thread."""

    def __init__(self, leave: Callable[[int], Any] = os._exit) -> None:
        self._leave = leave
        self._run: Deployment | None = None
        self._is_interrupted = False
        self._before: dict[int, Any] = {}
        self._bell = self._bell_before = -1

    def watch(self, run: Deployment) -> None:
        """Cancel this run on an interrupt."""
        self._run = run
        run.is_cancelled = run.is_cancelled or self._is_interrupted

    def __enter__(self) -> Self:
        """Install the handlers."""
        if threading.current_thread() is threading.main_thread():
            heard, self._bell = os.pipe()
            os.set_blocking(self._bell, False)
            self._before = {number: signal.signal(number, _ring_only) for number in _SIGNALS}
            self._bell_before = signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
            threading.Thread(target=self._listen, args=(heard,), daemon=True, name="interrupts").start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Restore the previous handlers."""
        if self._before:
            signal.set_wakeup_fd(self._bell_before)
            for number, handler in self._before.items():
                signal.signal(number, handler)
            os.close(self._bell)

    def _listen(self, heard: int) -> None:
        """Take signals as they come, until the other end is closed.

        Python runs handlers in the main thread, which may wait for the others without end; the system tells
        of a signal through the pipe whichever thread it chose.
        """
        while rung := os.read(heard, 1):
            if rung[0] in _SIGNALS:
                self._take()
        os.close(heard)

    def _take(self) -> None:
        if self._is_interrupted:
            os.write(2, _SECOND)
            self._leave(CANCELLED)
            return
        self._is_interrupted = True
        if self._run is not None:
            self._run.is_cancelled = True
            # From a thread: showing an event may take long, and the second interrupt must not wait.
            report = self._run.events.diagnostic
            threading.Thread(target=report, args=("warning", _FIRST), daemon=True).start()


def _ring_only(_number: int, _frame: FrameType | None) -> None:
    """Do nothing, as the listener acts; without a handler, the system would end the process."""
