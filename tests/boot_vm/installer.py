"""Initial file systems with something added: the kernel unpacks it last (kernel documentation, initramfs)."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

INSIDE = Path(__file__).parent / "inside"
PROGRAM, FOLDER = 0o100755, 0o040755


def made_initrd(base: Path, out: Path) -> Path:
    """The base system's, with the stand-in for an installer as the first program."""
    return added(base, {"init": (INSIDE / "installer_stand_in.sh").read_bytes()}, out)


def added(base: Path, files: Mapping[str, bytes], out: Path) -> Path:
    """`base` with files behind it, all of them programs, as nobody minds.

    Args:
        base: a whole initial file system.
        files: dict[path without a slash at its begin -> content].
        out: is written.
    """
    whole = base.read_bytes()
    out.write_bytes(whole + bytes(-len(whole) % 4) + b"".join(_archive(files)))
    return out


def _archive(files: Mapping[str, bytes]) -> Iterator[bytes]:
    parents = {str(each) for path in files for each in PurePosixPath(path).parents} - {"."}
    for folder in sorted(parents):
        yield _entry(folder, FOLDER)
    for path, content in files.items():
        yield _entry(path, PROGRAM, content)
    yield _entry("TRAILER!!!")


def _entry(name: str, mode: int = 0, content: bytes = b"") -> bytes:
    """A file in cpio's format newc (kernel documentation, driver-api/early-userspace/buffer-format)."""
    named = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(named), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + named
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)
