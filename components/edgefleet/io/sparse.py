"""Files with holes: what is zero takes no room, and what a file system can share is not copied.

(Linux: lseek(2) for holes, ioctl_ficlonerange(2) for sharing, which Btrfs and XFS do in whole blocks.)
"""

import errno
import os
import struct
from collections.abc import Iterator
from fcntl import ioctl

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


def _next(handle: int, offset: int, end: int, what: int) -> int:
    try:
        return os.lseek(handle, offset, what)
    except OSError as error:
        if error.errno == errno.ENXIO:  # no data up to the end of the file
            return end
        return offset if what == os.SEEK_DATA else end  # a file system that knows of no holes


def write(handle: int, at: int, piece: memoryview) -> None:
    """Write `piece` into a new file at `at`; its blocks of zeroes stay holes."""
    for start, end in _filled(piece):
        done = start
        while done < end:
            done += os.pwrite(handle, piece[done:end], at + done)


def _filled(piece: memoryview) -> Iterator[tuple[int, int]]:
    """(start, end) of what is not zero, in whole blocks."""
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


def share(handle: int, at: int, source: int, offset: int, length: int) -> bool:
    """Let a run of a new file be that of another, block by block, without a byte copied.

    Returns:
        Whether the file system did so; where not, nothing was changed.
    """
    if not length:  # which would mean all up to the end
        return False
    try:
        ioctl(handle, FICLONERANGE, struct.pack("qQQQ", source, offset, length, at))
    except OSError:
        return False
    return True
