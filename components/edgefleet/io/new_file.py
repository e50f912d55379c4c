"""A large file in the making: it goes to its medium meanwhile, so that nobody waits for that at the end."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from edgefleet.io import sparse

EACH = 64 * 1024**2
"""Bytes after which what was written is brought to the medium."""


class NewFile:
    """An open file that is still empty, to be used in a ``with``; one thread writes it."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._pool = ThreadPoolExecutor(1)
        self._flushing: Future[None] | None = None
        self._waiting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def write(self, at: int, piece: memoryview) -> None:
        """Write `piece` at `at`; its blocks of zeroes stay holes."""
        sparse.write(self._handle, at, piece)
        self._waiting += len(piece)
        if self._waiting >= EACH and (self._flushing is None or self._flushing.done()):
            self._flushed()
            self._waiting = 0
            self._flushing = self._pool.submit(os.fdatasync, self._handle)

    def share(self, at: int, source: int, offset: int, length: int) -> bool:
        """Let a run be that of another file (`edgefleet.io.sparse.share`)."""
        return sparse.share(self._handle, at, source, offset, length)

    def end(self, size: int) -> None:
        """Give it its size, and bring all of it to the medium."""
        os.ftruncate(self._handle, size)
        self._flushed()
        os.fdatasync(self._handle)

    def _flushed(self) -> None:
        if self._flushing is not None:
            self._flushing.result()
