"""Many look-ups of one kind as few calls: those that come at the same time are sent together."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")

WINDOW = 0.004
"""Seconds that the first look-up waits for others to join it; a call to AWS takes ten times as long."""


class Batcher(Generic[Item]):
    """Look-ups by identity, from any number of threads."""

    def __init__(
        self, fetch: Callable[[list[str]], Mapping[str, Item]], *, limit: int = 100, window: float = WINDOW
    ) -> None:
        """A batcher without requests.

        Args:
            fetch: asks for several identities at once; those that do not exist are absent from its answer.
            limit: identities in one call at most.
            window: seconds to wait for others.
        """
        self._fetch, self._limit, self._window = fetch, limit, window
        self._lock = threading.Lock()
        self._waiting: dict[str, Future[Item | None]] = {}

    def get(self, identity: str) -> Item | None:
        """The current description of `identity`; None where it is missing."""
        with self._lock:
            is_first = not self._waiting
            mine = self._waiting.setdefault(identity, Future())
        if is_first:
            time.sleep(self._window)
            with self._lock:
                asked, self._waiting = self._waiting, {}
            self._ask(asked)
        return mine.result()

    def _ask(self, futures: Mapping[str, "Future[Item | None]"]) -> None:
        names = sorted(futures)
        for start in range(0, len(names), self._limit):
            group = names[start : start + self._limit]
            try:
                items = self._fetch(group)
            except BaseException as error:  # noqa: BLE001 - every waiting thread gets it
                for name in group:
                    futures[name].set_exception(error)
                continue
            for name in group:
                futures[name].set_result(items.get(name))
