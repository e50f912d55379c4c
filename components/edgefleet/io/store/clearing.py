"""Clearing prefixes of a bucket together: what comes while one request is under way is the next request.

A destroy clears thousands of prefixes, some at the same time. Each alone costs a listing and a removal; a
group costs the same as one.
"""

import os
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from edgefleet.errors import EdgefleetError


@dataclass(slots=True, kw_only=True, eq=False)
class Wanted:
    """A prefix to clear."""

    below: str
    """What names of objects begin with."""
    is_whole: bool = False
    """Whether it is the whole name of one object."""
    kept: Collection[str] = ()
    """Names of those that stay."""
    is_done: bool = False
    error: BaseException | None = field(default=None, repr=False)

    def covers(self, name: str) -> bool:
        """Say whether an object is to be removed."""
        if self.is_whole:
            return name == self.below
        return name.startswith(self.below) and name not in self.kept


Remove = Callable[[str, Callable[[str], bool]], None]
"""Removes the objects whose names begin with the first and are told by the second."""


class Clearing:
    """Clears prefixes, in groups; safe to use from several threads."""

    def __init__(self, remove: Remove) -> None:
        self._remove = remove
        self._condition = threading.Condition()
        self._queue: list[Wanted] = []
        self._is_busy = False

    def clear(self, wanted: Wanted) -> None:
        """Return when nothing of it is left; one thread works for all that wait."""
        with self._condition:
            self._queue.append(wanted)
            while not wanted.is_done:
                if self._is_busy:
                    self._condition.wait()
                else:
                    self._work()
        if wanted.error is not None:
            raise wanted.error

    def _work(self) -> None:
        """Clear what has gathered; the condition is held on entry and exit, not while the bucket works."""
        group, self._queue = self._queue, []
        self._is_busy = True
        self._condition.release()
        try:
            self._clear(group)
        finally:
            self._condition.acquire()
            self._is_busy = False
            for wanted in group:
                wanted.is_done = True
            self._condition.notify_all()

    def _clear(self, group: Sequence[Wanted]) -> None:
        if len(group) > 1:
            try:
                below = os.path.commonprefix([wanted.below for wanted in group])  # noqa: RUF071 - S3's prefixes are characters
                self._remove(below, lambda name: any(wanted.covers(name) for wanted in group))
            except EdgefleetError:
                pass  # one by one, so that each is told what is wrong with it
            else:
                return
        for wanted in group:
            try:
                self._remove(wanted.below, wanted.covers)
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                wanted.error = error
