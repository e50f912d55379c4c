"""A clock that does not wait."""


class FastClock:
    """Sleeping moves its time and takes none."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
