"""The contents of an image: files with mode, owner, size and digest, and its runs of bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SEED_FOLDER = "edgefleet/seed/"
"""Where an installer's medium has the seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file."""

    path: str
    """On the medium, relative (``user-data``, ``payload/bin/k3s``); on a node, absolute."""
    size: int
    """Bytes."""
    digest: str
    """``sha256:<hex>``, or ``hmac-sha256:<hex>`` under a key of the site's where it holds a secret."""
    mode: str = ""
    """Permissions in octal, ``0600``; empty where the file system has none (FAT)."""
    owner: str = ""
    """``user:group``; empty where the file system has none."""

    @property
    def is_secret(self) -> bool:
        """Whether its digest is salted, as it holds a secret."""
        return not self.digest.startswith("sha256:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of bytes of an image and its source."""

    part: str
    """``table``, ``seed``, ``payload``, ``copy`` or ``base``."""
    offset: int
    """Where it begins in the image, bytes."""
    size: int
    """Bytes."""
    digest: str = ""
    """``sha256:<hex>`` of them; empty for a run of the base, which has a digest as a whole."""


def plain_entry(entry: Entry) -> dict[str, Any]:
    """As JSON; properties that the file system lacks are null."""
    return {
        "path": entry.path,
        "mode": entry.mode or None,
        "owner": entry.owner or None,
        "size": entry.size,
        "digest": entry.digest,
    }


def entry_from(plain: Mapping[str, Any]) -> Entry:
    """The entry of its JSON.

    Raises:
        KeyError: something is missing.
        TypeError: something is of another kind.
    """
    size, words = plain["size"], (plain["path"], plain["digest"], plain["mode"] or "", plain["owner"] or "")
    if not isinstance(size, int) or not all(isinstance(word, str) for word in words):
        raise TypeError(plain)
    path, digest, mode, owner = words
    return Entry(path=path, size=size, digest=digest, mode=mode, owner=owner)
