"""Large files with holes: zeroes take no space, and blocks that a file system can share are not copied.

Threads digest a file and flush it to its medium while it is written, which leaves no wait at the end. Linux:
lseek(2) for holes, ioctl_ficlonerange(2) for sharing, which Btrfs and XFS do in whole blocks.
"""

import errno
import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from fcntl import ioctl
from queue import SimpleQueue
from threading import Thread
from typing import Self

PIECE = 256 * 1024
"""Bytes of a file that are in memory at a time; few, so that they stay in the processor's cache."""
BLOCK = 4096
"""Bytes that are left out where all of them are zero: the blocks of the usual file systems."""
ZEROES = memoryview(bytes(PIECE))
FICLONERANGE = 0x4020940D


def runs(handle: int, offset: int, length: int) -> Iterator[tuple[int, int, bool]]:
    """(offset, length, whether it is a hole) of a part of a file, in order; behind its end there are zeroes.

    Args:
        handle: the open file.
        offset: where the part begins, bytes.
        length: its bytes.
    """
    end = offset + length
    while offset < end:
        data = min(_next(handle, offset, end, os.SEEK_DATA), end)
        if data > offset:
            yield offset, data - offset, True
        if data < end:
            hole = min(_next(handle, data, end, os.SEEK_HOLE), end)
            yield data, hole - data, False
            data = hole
        offset = data


def _next(handle: int, offset: int, end: int, whence: int) -> int:
    try:
        return os.lseek(handle, offset, whence)
    except OSError as error:
        if error.errno == errno.ENXIO:  # no data up to the end of the file
            return end
        return offset if whence == os.SEEK_DATA else end  # a file system without holes


def write(handle: int, at: int, piece: memoryview) -> None:
    """Write `piece` into a new file at `at`; its blocks of zeroes stay holes."""
    for start, end in _filled(piece):
        done = start
        while done < end:
            done += os.pwrite(handle, piece[done:end], at + done)


def _filled(piece: memoryview) -> Iterator[tuple[int, int]]:
    """(start, end) of data other than zeroes, in whole blocks."""
    firsts = piece[::BLOCK].tobytes()
    start, number = 0, -1
    while (number := firsts.find(0, number + 1)) >= 0:
        here = number * BLOCK
        block = piece[here : here + BLOCK].tobytes()
        if block == ZEROES[: len(block)]:
            if start < here:
                yield start, here
            start = here + len(block)
    if start < len(piece):
        yield start, len(piece)


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
        """Digest the first `length` bytes of a lent buffer, which the caller may no longer write to."""
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


EACH = 64 * 1024**2
"""Bytes after which written data is flushed to the medium."""


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
        write(self._handle, at, piece)
        self._waiting += len(piece)
        if self._waiting >= EACH and (self._flushing is None or self._flushing.done()):
            self._flushed()
            self._waiting = 0
            self._flushing = self._pool.submit(os.fdatasync, self._handle)

    def share(self, at: int, source: int, offset: int, length: int) -> bool:
        """Let a run be that of another file, block by block; whether the file system did so."""
        if not length:  # which would mean all up to the end
            return False
        try:
            ioctl(self._handle, FICLONERANGE, struct.pack("qQQQ", source, offset, length, at))
        except OSError:
            return False
        return True

    def end(self, size: int) -> None:
        """Set its size, and flush all of it to the medium."""
        os.ftruncate(self._handle, size)
        self._flushed()
        os.fdatasync(self._handle)

    def _flushed(self) -> None:
        if self._flushing is not None:
            self._flushing.result()
