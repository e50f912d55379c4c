"""An installer's initial file system: the base system's own, with another first program."""

from pathlib import Path

STAND_IN = Path(__file__).parent / "inside" / "installer_stand_in.sh"
EXECUTABLE = 0o100755


def made_initrd(base: Path, out: Path) -> Path:
    """`base` with the stand-in behind it, which the kernel unpacks last (kernel documentation, initramfs)."""
    unpadded = base.read_bytes()
    padding = bytes(-len(unpadded) % 4)
    out.write_bytes(
        unpadded + padding + _entry("init", EXECUTABLE, STAND_IN.read_bytes()) + _entry("TRAILER!!!")
    )
    return out


def _entry(name: str, mode: int = 0, content: bytes = b"") -> bytes:
    """A file in cpio's format newc (kernel documentation, driver-api/early-userspace/buffer-format)."""
    named = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(named), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + named
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)
