"""Files with holes: the same bytes as without, less room, and shared blocks where a file system can."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.io import extents, sparse_file
from edgefleet.io.sparse_file import Digesting
from edgefleet.model.disk_layout import Extent

BLOCK = sparse_file.BLOCK
PARTS = st.lists(st.tuples(st.sampled_from([0, 7]), st.integers(1, 3 * BLOCK)), min_size=1, max_size=6)


@given(PARTS, st.integers(0, 2 * BLOCK))
def test_what_is_written_is_read(parts: list[tuple[int, int]], at: int) -> None:
    """Zeroes in any place and number, at any place of the file."""
    data = b"".join(bytes([value]) * length for value, length in parts)
    handle = os.memfd_create("sparse")
    try:
        os.ftruncate(handle, at + len(data))
        sparse_file.write(handle, at, memoryview(data))
        assert bytes(at) + data == os.pread(handle, at + len(data), 0)
    finally:
        os.close(handle)


def test_blocks_of_zeroes_take_no_room(tmp_path: Path) -> None:
    """Of a megabyte with one block that is none, one block is stored."""
    file = tmp_path / "file"
    piece = bytearray(sparse_file.PIECE)
    piece[5 * BLOCK] = 1
    with file.open("wb", buffering=0) as out:
        out.truncate(len(piece))
        sparse_file.write(out.fileno(), 0, memoryview(piece))
        os.fsync(out.fileno())
    assert (bytes(piece), BLOCK) == (file.read_bytes(), file.stat().st_blocks * 512)


@given(PARTS)
def test_a_digest_in_a_thread_is_the_digest(parts: list[tuple[int, int]]) -> None:
    """Of lent buffers and of holes, in their order, more of them than there are buffers."""
    expected = hashlib.sha256()
    with Digesting() as digesting:
        for value, length in parts * 3:
            if value:
                buffer = digesting.buffer()
                buffer[:length] = bytes([value]) * length
                digesting.add(buffer, length)
            else:
                digesting.add_zeroes(length)
            expected.update(bytes([value]) * length)
    assert expected.hexdigest() == digesting.hexdigest()


@pytest.fixture
def sharing(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system that can share blocks."""
    if os.geteuid() != 0 or shutil.which("mkfs.btrfs") is None:
        pytest.skip("needs root and mkfs.btrfs: apt-get install btrfs-progs")
    image, place = tmp_path / "btrfs.img", tmp_path / "mounted"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(256 * 1024**2)
    subprocess.run(["mkfs.btrfs", "-q", image], check=True, capture_output=True)
    mounted = subprocess.run(["mount", "-o", "loop", image, place], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("no loop device or no Btrfs in this kernel")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_images_share_the_blocks_of_their_base(sharing: Path) -> None:
    """Whole blocks are the base's own, what is beside them is copied; the bytes are the same."""
    base, seed = sharing / "base", sharing / "seed"
    content = os.urandom(8 * 1024**2)
    base.write_bytes(content)
    seed.write_bytes(b"seed")
    plan = [
        Extent(part="seed", offset=0, length=4),
        Extent(part="base", offset=4, length=BLOCK),
        Extent(part="", offset=0, length=BLOCK - 4),
        Extent(part="base", offset=0, length=100),  # less than a block, and nothing behind it
        Extent(part="", offset=0, length=BLOCK - 100),
        Extent(part="base", offset=2 * BLOCK, length=len(content) - 2 * BLOCK),
    ]
    expected = b"seed" + content[4 : BLOCK + 4] + bytes(BLOCK - 4) + content[:100] + bytes(BLOCK - 100)
    expected += content[2 * BLOCK :]
    os.sync()
    free = shutil.disk_usage(sharing).free
    for number in range(4):
        out = sharing / f"image-{number}"
        written = extents.write_copy(plan, {"seed": seed, "base": base}, out)
        assert expected == out.read_bytes()
        assert hashlib.sha256(expected).hexdigest() == written.sha256
    os.sync()
    assert free - shutil.disk_usage(sharing).free < len(content) // 4
