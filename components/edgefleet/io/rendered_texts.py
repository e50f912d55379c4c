"""Texts that enter the reading of a fleet file from outside, by digest: the objects of charts and manifests.

A site's spec has the digest alone: a chart may have megabytes, and the spec is in the state of each site.
The text is in this user's cache, and nothing there changes. Each reading of the fleet file puts it there. The
text of a former version, which another machine may have read, is in the release of a site that has it
(`edgefleet.site.stored_release.recall`).
"""

import hashlib
import json
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from edgefleet.errors import OutsideFailure
from edgefleet.io import disk
from edgefleet.io.user_cache import root_of


def _folder(name: str) -> Path:
    return root_of(os.environ) / name


def keep(text: str) -> str:
    """Store `text`; its hex SHA-256."""
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()
    disk.update(_folder("rendered") / digest, data, is_flushed=False)
    return digest


def made(parts: Any, make: Callable[[], str]) -> str:
    """The digest of the text that `make` makes of `parts`, plain data; it is made once for equal parts."""
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    note = _folder("renderings") / key
    known = (disk.read(note, limit=64) or b"").decode(errors="replace")
    if known and _read(known) is not None:
        return known
    digest = keep(make())
    disk.update(note, digest.encode(), is_flushed=False)
    return digest


def has(digest: str) -> bool:
    """Whether the cache has the text with a digest."""
    return _read(digest) is not None


@lru_cache(64)
def read(digest: str) -> str:
    """The text with a digest.

    Raises:
        OutsideFailure: it is not in the cache.
    """
    text = _read(digest)
    if text is None:
        problem = f"objects with the digest {digest[:12]} are not in the cache of this machine"
        hint = "read the version of the fleet file that has them: edgefleet validate"
        raise OutsideFailure.at(_folder("rendered") / digest, "not-rendered", problem, hint)
    return text


def _read(digest: str) -> str | None:
    data = disk.read(_folder("rendered") / digest) if digest.isalnum() else None
    return data.decode() if data is not None and hashlib.sha256(data).hexdigest() == digest else None
