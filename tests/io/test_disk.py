"""Files are written whole or not at all, and failures are one clear line."""

import errno
import os
from pathlib import Path

import pytest

from edgefleet.errors import OutsideFailure
from edgefleet.io import disk


def test_a_written_file_is_private_and_so_are_the_directories_made_for_it(tmp_path: Path) -> None:
    """Images hold credentials."""
    disk.write(tmp_path / "a" / "b" / "seed.iso", b"bytes")
    assert b"bytes" == (tmp_path / "a" / "b" / "seed.iso").read_bytes()
    modes = [oct(each.stat().st_mode & 0o777) for each in (tmp_path / "a", tmp_path / "a" / "b" / "seed.iso")]
    assert ["0o700", "0o600"] == modes


def test_a_write_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    """A temporary name is renamed over the old file."""
    disk.write(tmp_path / "seed.iso", b"a longer old one")
    disk.write(tmp_path / "seed.iso", b"new")
    assert {"seed.iso": b"new"} == {each.name: each.read_bytes() for each in tmp_path.iterdir()}


def test_a_write_that_fails_keeps_the_old_file_and_leaves_no_temporary_one(tmp_path: Path) -> None:
    """A directory in the way is found at the rename, after the bytes were written."""
    (tmp_path / "seed.iso" / "inside").mkdir(parents=True)
    with pytest.raises(OutsideFailure) as caught:
        disk.write(tmp_path / "seed.iso", b"new")
    assert "is-a-directory" == caught.value.problem.code
    assert ["seed.iso"] == os.listdir(tmp_path)  # noqa: PTH208 - names


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    """Anyone who plants a link in the store must not choose which file is overwritten or read."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    (tmp_path / "seed.iso").symlink_to(outside)
    with pytest.raises(OutsideFailure) as caught:
        disk.read(tmp_path / "seed.iso")
    assert "symlink" == caught.value.problem.code
    disk.write(tmp_path / "seed.iso", b"new")
    assert (b"precious", b"new") == (outside.read_bytes(), (tmp_path / "seed.iso").read_bytes())


def test_what_is_not_there_reads_as_nothing_and_removes_as_success(tmp_path: Path) -> None:
    """Gone already is success."""
    disk.remove(tmp_path / "seed.iso")
    assert disk.read(tmp_path / "seed.iso") is None


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EACCES, "no-permission"),
        (errno.EROFS, "read-only"),
        (9999, "disk"),
    ],
)
def test_each_failure_of_the_system_says_where_what_and_what_to_do(
    number: int, code: str, tmp_path: Path
) -> None:
    """A full disk, no permission, a read-only medium; and whatever else there is."""
    with pytest.raises(OutsideFailure) as caught, disk.explaining(tmp_path, "cannot be written"):
        raise OSError(number, "Some Reason")
    problem = caught.value.problem
    assert (code, str(tmp_path), True) == (problem.code, problem.where, bool(problem.hint))
    assert str(problem).startswith(f"{tmp_path}: cannot be written: ")


def test_a_full_disk_is_one_line() -> None:
    """The device that is always full stands in for one."""
    full = Path("/dev/full")
    with pytest.raises(OutsideFailure) as caught, disk.explaining(full, "cannot be written"):
        full.write_bytes(b"x")
    assert "/dev/full: cannot be written: the disk is full; free some space there and run again" == str(
        caught.value
    )


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    """The second gets an error, and may try when the first has ended."""
    out = tmp_path / "out"
    busy = pytest.raises(OutsideFailure, match="a build of a is under way already")
    with disk.locked(out, who="a build of a"), busy, disk.locked(out, who="a build of a"):
        pass
    with disk.locked(tmp_path / "out", who="a build of a"):
        assert (tmp_path / "out").is_dir()


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    """Root could put a file where /dev/null was; the folder is left as it was."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutsideFailure, match="a file would replace it"):
        disk.write(pipe, b"text")
    assert [True] == [each.is_fifo() for each in tmp_path.iterdir()]
