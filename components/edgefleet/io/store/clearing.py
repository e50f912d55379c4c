"""Clearing prefixes of a bucket together: those that come during one request form the next request.

A destroy clears thousands of prefixes, some at the same time. Each alone costs a listing and a removal; a
group costs the same as one.
"""

import os
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from edgefleet.errors import EdgefleetError


@dataclass(slots=True, kw_only=True, eq=False)
class ClearRequest:
    """A prefix to clear."""

    below: str
    """Prefix of the objects' names."""
    is_whole: bool = False
    """Whether it is the whole name of one object."""
    spared: Collection[str] = ()
    """Names of objects that stay."""
    is_done: bool = False
    error: BaseException | None = field(default=None, repr=False)

    def covers(self, name: str) -> bool:
        """Whether an object is to be removed."""
        if self.is_whole:
            return name == self.below
        return name.startswith(self.below) and name not in self.spared


Remove = Callable[[str, Callable[[str], bool]], None]
"""Removes the objects whose names begin with the first and match the second."""


class Clearing:
    """Clears prefixes, in groups; safe to use from several threads."""

    def __init__(self, remove: Remove) -> None:
        self._remove = remove
        self._condition = threading.Condition()
        self._queue: list[ClearRequest] = []
        self._is_busy = False

    def clear(self, request: ClearRequest) -> None:
        """Return when all of it is removed; one thread works for all that wait."""
        with self._condition:
            self._queue.append(request)
            while not request.is_done:
                if self._is_busy:
                    self._condition.wait()
                else:
                    self._work()
        if request.error is not None:
            raise request.error

    def _work(self) -> None:
        """Clear the queue; the condition is held on entry and exit, not while the bucket works."""
        group, self._queue = self._queue, []
        self._is_busy = True
        self._condition.release()
        try:
            self._clear(group)
        finally:
            self._condition.acquire()
            self._is_busy = False
            for request in group:
                request.is_done = True
            self._condition.notify_all()

    def _clear(self, group: Sequence[ClearRequest]) -> None:
        if len(group) > 1:
            try:
                below = os.path.commonprefix([request.below for request in group])  # noqa: RUF071 - S3's prefixes are characters
                self._remove(below, lambda name: any(request.covers(name) for request in group))
            except EdgefleetError:
                pass  # one by one, so that each gets its own error
            else:
                return
        for request in group:
            try:
                self._remove(request.below, request.covers)
            except BaseException as error:  # noqa: BLE001 - `clear` raises it
                request.error = error
