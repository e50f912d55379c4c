"""Installer ISOs of distributions: inspected, and rewritten with files added, by xorriso.

What makes the base boot is replayed: El Torito, the boot loader in the first sectors, partitions (xorriso(1),
``-boot_image any replay``). Its UUID, which is the time of its making, stays, as GRUB may look for it.
xorriso streams: memory does not grow with the image. What could differ from one machine to the next is given:
owners, modes, times, UUIDs, and the order of the files' contents, which would follow inode numbers.
"""

import shlex
import struct
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from edgefleet.io import disk, tools
from edgefleet.io.gpt import SIGNATURE, check_raw, truncated, wrong
from edgefleet.io.sparse_file import PIECE, Digesting, NewFile
from edgefleet.model.disk_layout import SECTOR

BLOCK = 2048
DESCRIPTOR = 16 * BLOCK
"""Offset of the primary volume descriptor (ECMA-119, 8.4)."""
STANDARD = b"\x01CD001"
_SIZE, _MODIFIED, _DATE = 80, 830, 16
"""Offsets of the volume's size in blocks and of its modification date, and the digits of that."""
NO_DATE = "1980010100000000"
QUIET = ("-no_rc", "-report_about", "WARNING", "-return_with", "SORRY", "32", "-abort_on", "FAILURE")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallerIso:
    """A complete ISO."""

    path: Path
    files: frozenset[str]
    """Absolute paths of its files."""
    texts: Mapping[str, bytes] = field(repr=False)
    """dict[absolute path -> content] of small files, as far as they are in it."""
    date: str
    """16 digits: when it was made, and by that its UUID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A file that is put into an ISO, in the place of one of the same path."""

    source: Path
    mode: int


def read_installer(image: Path, texts: Sequence[str]) -> InstallerIso:
    """The files of an ISO.

    Args:
        image: the file.
        texts: absolute paths of small files to read.

    Raises:
        InvalidInput: it is something else, or cut off.
        OutsideFailure: it cannot be read, or xorriso is missing.
    """
    with disk.explaining(image, "cannot be read"), image.open("rb") as file:
        start = file.read(SECTOR * 2)
        file.seek(DESCRIPTOR)
        descriptor = file.read(BLOCK)
        size = file.seek(0, 2)
    _check_kind(image, start, descriptor, size)
    _check_whole(image, start, descriptor, size)
    date = descriptor[_MODIFIED : _MODIFIED + _DATE].decode(errors="replace")
    listed = tools.use("xorriso", *QUIET, "-indev", f"stdio:{image}", "-find", "/", "-type", "f")
    try:
        files = frozenset(shlex.split(listed.decode(errors="replace")))  # a name may have several lines
    except ValueError as error:
        hint = "download it again and take its digest again"
        raise wrong(image, "base-damaged", "has names of files that cannot be read", hint) from error
    is_date = date.isdigit() and not date.startswith("0")
    return InstallerIso(
        path=image,
        files=files,
        texts=_contents(image, [path for path in texts if path in files]),
        date=date if is_date else NO_DATE,
    )


def _contents(image: Path, paths: Sequence[str]) -> dict[str, bytes]:
    """dict[path -> content] of files that are in the image."""
    with tempfile.TemporaryDirectory() as folder:
        places = {path: Path(folder) / str(number) for number, path in enumerate(paths)}
        wanted = [word for path, place in places.items() for word in ("-extract_single", path, place)]
        tools.use("xorriso", *QUIET, "-osirrox", "on", "-indev", f"stdio:{image}", *wanted)
        return {path: disk.read(place) or b"" for path, place in places.items()}


def remaster(image: InstallerIso, added: Mapping[str, Addition], *, disk_uuid: str, out: Path) -> disk.Copied:
    """Write the image with `added`, dict[absolute path -> file], to `out`, whole or not at all.

    Raises:
        OutsideFailure: xorriso is missing or failed, or the disk is full.
    """
    size = 0
    with disk.writing(out) as file, NewFile(file.fileno()) as target, Digesting() as digesting:
        for piece in tools.stream("xorriso", *_command(image, added, disk_uuid)):
            for part in _parts(piece):
                buffer = digesting.buffer()
                buffer[: len(part)] = part
                digesting.add(buffer, len(part))
                target.write(size, part)
                size += len(part)
        target.end(size)
    return disk.Copied(size=size, sha256=digesting.hexdigest())


def _parts(piece: bytes) -> Iterator[memoryview]:
    for start in range(0, len(piece), PIECE):
        yield memoryview(piece)[start : start + PIECE]


def _command(image: InstallerIso, added: Mapping[str, Addition], disk_uuid: str) -> list[str | Path]:
    """Arguments of xorriso, which takes standard output only as its first one."""
    command: list[str | Path] = ["-outdev", "-", *QUIET, "-indev", f"stdio:{image.path}"]
    command += ["-boot_image", "any", "replay", "-boot_image", "any", f"gpt_disk_guid={disk_uuid}"]
    command += ["-volume_date", "uuid", image.date, "-volume_date", "all_file_dates", "set_to_mtime"]
    for number, (path, addition) in enumerate(sorted(added.items()), 1):
        command += ["-map", addition.source, path, "-chmod", f"{addition.mode:04o}", path, "--"]
        command += ["-find", path, "-exec", "sort_weight", str(-number), "--"]
    directories = {str(parent) for path in added for parent in PurePosixPath(path).parents} - {"/"}
    new = sorted(each for each in directories if not any(_is_below(path, each) for path in image.files))
    command += ["-chmod", "0755", *new, "--"]
    for owner in ("-chown", "-chgrp"):
        command += [owner, "0", *sorted(added), *new, "--"]
    command += ["-alter_date", "b-c", f"={tools.EPOCH}", *sorted(added), *sorted(directories), "/", "--"]
    return [*command, "-commit", "-end"]


def _is_below(path: str, directory: str) -> bool:
    return path.startswith(f"{directory}/")


def _check_kind(image: Path, start: bytes, descriptor: bytes, size: int) -> None:
    check_raw(image, start, "an installer's ISO")
    if descriptor.startswith(STANDARD):
        return
    if size < DESCRIPTOR + BLOCK:
        raise truncated(image, size, DESCRIPTOR + BLOCK)
    is_disk = start[510:512] == b"\x55\xaa"
    problem = "is a disk image, not an installer's ISO" if is_disk else "is not an ISO 9660 image"
    hint = "use the format raw for it" if is_disk else "use the ISO of Debian's or Ubuntu's installer"
    raise wrong(image, "base-no-iso", problem, hint)


def _check_whole(image: Path, start: bytes, descriptor: bytes, size: int) -> None:
    """Compare the size with that of the volume, and with the place of a GPT's copy, which is behind it."""
    (blocks,) = struct.unpack_from("<I", descriptor, _SIZE)
    needed = blocks * BLOCK
    if start[SECTOR : SECTOR + len(SIGNATURE)] == SIGNATURE:
        (copy,) = struct.unpack_from("<Q", start, SECTOR + 32)
        needed = max(needed, (copy + 1) * SECTOR)
    if size < needed:
        raise truncated(image, size, needed)
