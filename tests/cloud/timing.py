"""A clock that does not wait, and which one a test needs."""

from edgefleet.io.aws import Aws
from edgefleet.io.clock import Clock, RealClock


class FastClock:
    """Sleeping moves its time and takes none."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def clock_for(aws: Aws) -> Clock:
    """The machine's own for a real account, whose resources take their time."""
    return RealClock() if aws.endpoint is None else FastClock()
