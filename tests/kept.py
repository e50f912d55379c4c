"""What takes minutes to make is made once, and kept in the user's cache until what it is made of changes."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path


def place(name: str, key: str) -> Path:
    """Where the folder `key` of the cache `name` is, or would be."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / name / key


def kept(name: str, key: str, make: Callable[[Path, Path], None]) -> Path:
    """The folder `key` of the cache `name`, made where it is not there; several processes may ask at once.

    Args:
        name: of the cache, ``edgefleet-boot-tests``; it keeps one folder.
        key: digest of all that the folder is made of.
        make: gets a folder to work in, and the name that it gives to the whole when it is done.
    """
    folder = place(name, key)
    cache = folder.parent
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for other in cache.iterdir():
                shutil.rmtree(other, ignore_errors=True)
            make(cache / "making", folder)
    return folder
