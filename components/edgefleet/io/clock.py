"""Time as resources see it: they wait, and may be interrupted."""

import threading
import time
from typing import Protocol

from edgefleet.errors import OutsideFailure


class Clock(Protocol):
    """Where time comes from."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait. Raises `OutsideFailure` where the run is being cancelled."""
        ...


class RealClock:
    """The machine's; a wait ends early when `cancelled` is set."""

    def __init__(self, cancelled: threading.Event | None = None) -> None:
        self._cancelled = cancelled or threading.Event()

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            OutsideFailure: the run is being cancelled.
        """
        if self._cancelled.wait(seconds):
            problem = "no longer waited for, since the run is being cancelled"
            raise OutsideFailure.at("", "cancelled", problem, "run up again to resume")
