"""`ArtifactStore`: the interface of every store of images, and the keys that it takes."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from edgefleet.errors import InvalidInput

LARGEST = 256 * 1024**2
"""Bytes of an artifact that is read as a whole: a seed or a record; composed images are files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One stored artifact."""

    size: int
    """Bytes."""
    modified: datetime
    """When it was stored, UTC."""
    sha256: str | None
    """Hex SHA-256 of the bytes that are there now; None where finding out means reading them."""
    tag: str = ""
    """In a listing: another one after each write of other bytes."""


class ArtifactStore(Protocol):
    """Bytes under keys such as ``sites/store-0007/n1.iso``.

    Keys are ``/``-joined segments of ``a-z 0-9 - .`` (`check_key`); any other raises
    `InvalidInput` before a path is built. Its failures raise `OutsideFailure`. A write is seen whole
    or not at all. Stores may be used from several threads.
    """

    def put(self, key: str, data: bytes) -> Stored:
        """Store `data`, replacing the present content."""
        ...

    def put_file(self, key: str, path: Path, *, sha256: str) -> Stored:
        """Store the bytes of the file `path`, which are `sha256` (hex), a piece at a time."""
        ...

    def get(self, key: str, *, limit: int = LARGEST) -> bytes | None:
        """The bytes, or None where there are none; more than `limit` are an error, ``too-large``."""
        ...

    def stat(self, key: str) -> Stored | None:
        """Size, time and, where available, digest of the bytes; None where there are none."""
        ...

    def list(self, prefix: str) -> dict[str, Stored]:
        """dict[key -> its metadata] of all keys below `prefix`, which ends with ``/`` or is empty."""
        ...

    def delete(self, key: str) -> None:
        """Remove the bytes and every earlier version of them; gone already is success."""
        ...

    def clear(self, prefix: str, *, keep: Collection[str] = ()) -> None:
        """Remove all below `prefix`, every version of it, but the keys in `keep`; gone already is success."""
        ...

    def swap(self, key: str, data: bytes, *, was: bytes | None) -> bool:
        """Store `data` if the present content equals `was` (None: nothing is there); whether it did."""
        ...

    def uri(self, key: str) -> str:
        """Where a person finds `key`."""
        ...


_SEGMENT = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")


def is_key(key: str) -> bool:
    """Whether `key` is ``/``-joined segments of ``a-z 0-9 - .``, each with a letter or digit at both ends."""
    return _KEY.fullmatch(key) is not None and ".." not in key


def check_key(key: str) -> str:
    """`key` itself."""
    if not is_key(key):
        problem = f"{key!r} cannot be the name of a stored artifact"
        hint = "use lower-case letters, digits, - and . in the names of sites and nodes"
        raise InvalidInput.at("", "artifact-key", problem, hint)
    return key


def check_prefix(prefix: str) -> str:
    """`prefix` itself: empty, or a key followed by ``/``."""
    if prefix:
        check_key(prefix.removesuffix("/") if prefix.endswith("/") else "")
    return prefix
