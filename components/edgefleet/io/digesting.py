"""A digest that is taken in a thread of its own, while what is digested is read and written."""

import hashlib
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Self

from edgefleet.io.sparse import PIECE, ZEROES

LENT = 16
"""Buffers: how many pieces may wait to be digested."""


class Digesting:
    """SHA-256 of pieces in the order in which they are added; to be used in a ``with``, which waits for it.

    Buffers are lent and come back once they are digested, so that memory does not grow with what is digested.
    """

    def __init__(self) -> None:
        self._sums = hashlib.sha256()
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._waiting: SimpleQueue[tuple[memoryview | None, int] | None] = SimpleQueue()
        for _ in range(LENT):
            self._free.put(memoryview(bytearray(PIECE)))
        self._thread = Thread(target=self._digest, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    def buffer(self) -> memoryview:
        """A buffer of `PIECE` bytes, as soon as one is free."""
        return self._free.get()

    def add(self, buffer: memoryview, length: int) -> None:
        """Digest the first `length` bytes of a lent buffer; nobody may write to it any more."""
        self._waiting.put((buffer, length))

    def add_zeroes(self, length: int) -> None:
        """Digest a hole."""
        self._waiting.put((None, length))

    def hexdigest(self) -> str:
        """Hex SHA-256 of all that was added, behind the ``with``."""
        return self._sums.hexdigest()

    def _digest(self) -> None:
        while (work := self._waiting.get()) is not None:
            buffer, length = work
            if buffer is None:
                _zeroes(self._sums.update, length)
            else:
                self._sums.update(buffer[:length])
                self._free.put(buffer)


def _zeroes(update: Callable[[memoryview], None], length: int) -> None:
    while length > 0:
        update(ZEROES[: min(length, PIECE)])
        length -= PIECE
