"""The points of a run at which it can be ended: each write to the state and each call of the provider."""

import errno
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pulumi_embedded.disk import Disk

How = Literal["kill", "full once", "full"]
"""The process is killed; the disk is full for one write; it is full from then on."""


class Points:
    """Counts the points of a run; at one of them, what is to happen happens."""

    def __init__(self, at: int = 0, how: How = "kill") -> None:
        """Begin to count.

        Args:
            at: The point, from 1; 0 lets the run end.
            how: What happens there; where the disk is to be full, only points that take room count.
        """
        self.passed: list[str] = []
        self._at = at
        self._how = how
        self._lock = threading.Lock()

    def reach(self, what: str, *, takes_room: bool = False, first: Callable[[], None] | None = None) -> None:
        """Pass a point, or not.

        Args:
            what: What happens there, for messages.
            takes_room: Whether a full disk refuses it.
            first: What has happened already where it ends here.

        Raises:
            OSError: the disk is full.
        """
        if self._how != "kill" and not takes_room:
            return
        with self._lock:
            self.passed.append(what)
            count = len(self.passed)
        if count != self._at and not (self._how == "full" and 0 < self._at < count):
            return
        if first is not None:
            first()
        if self._how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FrailDisk(Disk):
    """A disk each of whose operations can be the last one.

    A process can end before each and halfway through each write; after each is before the next.
    It never waits for the device: what a process wrote outlives the process, if not the machine.
    """

    def __init__(self, points: Points) -> None:
        self._points = points

    def create(self, path: Path) -> BinaryIO:
        self._points.reach(f"before making {_kind(path)}", takes_room=True)
        return super().create(path)

    def append(self, path: Path, length: int) -> BinaryIO:
        self._points.reach(f"before opening {_kind(path)}")
        return super().append(path, length)

    def write(self, file: BinaryIO, content: bytes) -> None:
        what = f"{_kind(Path(file.name))}: {content[:60]!r}"
        half = content[: len(content) // 2]
        self._points.reach(f"before writing {what}", takes_room=True)
        self._points.reach(
            f"halfway through {what}", takes_room=True, first=lambda: super(FrailDisk, self).write(file, half)
        )
        super().write(file, content)

    def sync(self, file: BinaryIO) -> None:
        # Delayed allocation: only now the disk says that it is full, of bytes that are all there to be read.
        self._points.reach(f"before syncing {_kind(Path(file.name))}", takes_room=True)

    def sync_folder(self, folder: Path) -> None:
        self._points.reach(f"before syncing {folder.name}/", takes_room=True)

    def rename(self, old: Path, new: Path) -> None:
        self._points.reach(f"before renaming to {_kind(new)}", takes_room=True)
        super().rename(old, new)

    def remove(self, path: Path) -> None:
        self._points.reach(f"before removing {_kind(path)}")
        super().remove(path)
        self._points.reach(f"after removing {_kind(path)}")


class Watched:
    """A provider whose calls are points: before each, and after it took effect, with its answer unheard."""

    def __init__(self, servicer: Any, points: Points) -> None:
        self._servicer = servicer
        self._points = points

    def __getattr__(self, name: str) -> Callable[[Any, Any], Any]:
        call = getattr(self._servicer, name)

        def watched(request: Any, context: Any) -> Any:
            what = f"{name} {getattr(request, 'urn', '').rpartition('::')[2]}"
            self._points.reach(f"before {what}")
            try:
                return call(request, context)
            finally:
                self._points.reach(f"after {what}, unheard")

        return watched


def _kind(path: Path) -> str:
    """Name a file without what differs from run to run."""
    parts = path.parts
    folder = next((part for part in parts if part in {"locks", "history", "backups", "journals"}), "")
    return f"{folder}/*{path.suffix}" if folder and path.suffix != ".jsonl" else path.name
