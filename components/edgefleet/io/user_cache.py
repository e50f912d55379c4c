"""Where this user's cache is."""

from collections.abc import Mapping
from pathlib import Path

NAME = "edgefleet"


def root_of(environment: Mapping[str, str]) -> Path:
    """Where this user's cache is: ``$XDG_CACHE_HOME/edgefleet``, else ``~/.cache/edgefleet``."""
    folder = environment.get("XDG_CACHE_HOME", "")
    if folder.startswith("/"):  # the standard ignores relative ones
        return Path(folder) / NAME
    return Path(environment.get("HOME", "/root")) / ".cache" / NAME
