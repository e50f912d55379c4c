"""External tools that create file systems and images: which package has each, and how each is run.

They are run in one surrounding, whatever the user's: the C locale, UTC, and a fixed time for what they stamp.
A tool that is not installed, or fails, raises OutsideFailure with its package or the last line of its errors.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from edgefleet.errors import OutsideFailure
from edgefleet.io import disk, processes

PACKAGES = {
    "sfdisk": "fdisk",
    "mkfs.vfat": "dosfstools",
    "mcopy": "mtools",
    "mdir": "mtools",
    "mksquashfs": "squashfs-tools",
    "unsquashfs": "squashfs-tools",
    "xorriso": "xorriso",
    "qemu-img": "qemu-utils",
    "debugfs": "e2fsprogs",
    "lsblk": "util-linux",
}
"""dict[tool -> Debian package]."""
EPOCH = 315532800
"""1980-01-01, the first second of FAT: the time of every file in an image."""
TOLD_THE_TIME = ("mksquashfs", "unsquashfs")
"""Tools that take their times as options, and take no others beside them."""
PLACES = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")
"""Where tools stand that a user's PATH may not name."""
FULL = ("no space left", "disk full", "exceeds free space")
"""Messages of tools where a disk is full."""
_VERSION_OPTIONS = {
    "mksquashfs": "-version",
    "unsquashfs": "-version",
    "mkfs.vfat": "--help",
    "debugfs": "-V",
}


def found(tool: str, places: Sequence[str] | None = None) -> str:
    """Path of `tool`.

    Args:
        tool: its name.
        places: directories to look in; `None` for the user's PATH and `PLACES`.
    """
    if places is None:
        places = [os.environ.get("PATH", ""), *PLACES]
    path = shutil.which(tool, path=os.pathsep.join(places))
    if path is None:
        package = PACKAGES.get(tool, tool)
        hint = f"on Debian and Ubuntu: apt-get install {package}"
        raise OutsideFailure.at(tool, "tool", "is not installed, and this image format needs it", hint)
    return path


def use(tool: str, *arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None) -> bytes:
    """Run `tool` to its end and return what it printed."""
    done = processes.run(
        [found(tool), *map(str, arguments)], cwd=cwd, stdin=stdin, env=_surrounding(tool), timeout=3600
    )
    if done.status == 0:
        return done.output
    raise _failure(tool, done)


def _surrounding(tool: str) -> dict[str, str]:
    build_time = {} if tool in TOLD_THE_TIME else {"SOURCE_DATE_EPOCH": str(EPOCH)}
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "LC_ALL": "C", "TZ": "UTC", "MTOOLS_SKIP_CHECK": "1", **build_time}


def stream(tool: str, *arguments: str | Path) -> Iterator[bytes]:
    """Run `tool` and yield what it prints, a piece at a time."""
    done = yield from processes.streamed([found(tool), *map(str, arguments)], env=_surrounding(tool))
    if done.status != 0:
        raise _failure(tool, done)


def is_there(tool: str) -> bool:
    """Whether `tool` is installed."""
    try:
        found(tool)
    except OutsideFailure:
        return False
    return True


def _failure(tool: str, done: processes.Finished) -> OutsideFailure:
    words = done.errors.strip() or done.output.decode(errors="replace").strip()
    lines = words.splitlines() or [f"status {done.status}"]
    last = next((line for line in lines if " : FAILURE : " in line), lines[-1])  # xorriso goes on after it
    if any(each in words.lower() for each in FULL):
        hint = "free some space there and run again"
        return OutsideFailure.at(tool, "disk-full", "the disk is full", hint)
    hint = "read its message; nothing incomplete was kept"
    return OutsideFailure.at(tool, "tool-failed", f"failed: {last}", hint)


@cache
def version(tool: str) -> str:
    """The version that `tool` reports."""
    done = processes.run([found(tool), _VERSION_OPTIONS.get(tool, "--version")])
    words = f"{done.output.decode(errors='replace')}\n{done.errors}"
    number = re.search(r"\d+\.\d+(\.\d+)?", words)
    return number[0] if number else words.strip().splitlines()[0]


KIB = 1024
LEAST_FAT = 1024
"""KiB of the smallest FAT that is made."""


def fat(files: Mapping[str, bytes], *, label: str, serial: str, scratch: Path, image: Path) -> None:
    """A FAT file system with `files` in its root.

    Args:
        files: dict[name -> content].
        label: its name, at most 11 characters.
        serial: 8 hexadecimal digits.
        scratch: a private directory; files put there are removed.
        image: where it is made.
    """
    needed = sum(-(-len(content) // 4096) * 4096 for content in files.values()) // KIB
    size = max(LEAST_FAT, -(-(needed * 5 // 4 + 256) // 1024) * 1024)
    use("mkfs.vfat", "--invariant", "-i", serial, "-n", label, "-C", image, str(size))
    sources = [scratch / name for name in sorted(files)]
    for source in sources:
        disk.jot(source, files[source.name])
        os.utime(source, (EPOCH, EPOCH))
    use("mcopy", "-m", "-i", image, *sources, "::/")
    for source in sources:
        disk.remove(source)


def squashfs(folder: Path, image: Path) -> None:
    """A squashfs of `folder`: owned by root, of one time, uncompressed, as its files are compressed."""
    use(
        "mksquashfs",
        folder,
        image,
        *("-noappend", "-quiet", "-no-progress", "-all-root", "-no-xattrs", "-no-exports"),
        *("-mkfs-time", str(EPOCH), "-all-time", str(EPOCH)),
        *("-noD", "-noI", "-noF", "-noX", "-no-fragments", "-root-mode", "0755"),
        *("-action", "chmod(0755)@type(d)", "-action", "chmod(0644)@type(f)"),
        *("-action", "chmod(0755)@pathname(bin/*)"),
    )
    with disk.explaining(image, "cannot be written"):
        image.chmod(disk.PRIVATE_FILE)
