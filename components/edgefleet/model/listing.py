"""The contents of an image: files with mode, owner, size and digest, and its runs of bytes."""

import hashlib
import hmac
from typing import Annotated

from pydantic import Field

from edgefleet.model.spec import spec

SEED_FOLDER = "edgefleet/seed/"
"""Where an installer's medium has the seed."""
Sha256 = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Bytes = Annotated[int, Field(ge=0, le=2**44)]
"""No file and no image has more than 16 TiB."""


def sha256(data: bytes) -> str:
    """``sha256:<hex>`` of `data`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def hmac_sha256(salt: bytes, data: bytes) -> str:
    """``hmac-sha256:<hex>`` of `data`, for a guessable secret; `salt` is a key of the site's."""
    return f"hmac-sha256:{hmac.digest(salt, data, 'sha256').hex()}"


@spec
class Entry:
    """One file."""

    path: str
    """On the medium, relative (``user-data``, ``payload/bin/k3s``); on a node, absolute."""
    size: Bytes
    digest: Annotated[str, Field(pattern=r"^(hmac-)?sha256:[0-9a-f]{64}$")]
    """``sha256:<hex>``, or ``hmac-sha256:<hex>`` under a key of the site's where it holds a secret."""
    mode: str = ""
    """Permissions in octal, ``0600``; empty where the file system has none (FAT)."""
    owner: str = ""
    """``user:group``; empty where the file system has none."""

    @property
    def is_secret(self) -> bool:
        """Whether its digest is salted, as it holds a secret."""
        return not self.digest.startswith("sha256:")


def entry(path: str, data: bytes, *, mode: str = "", owner: str = "") -> Entry:
    """A small file as an entry."""
    return Entry(path=path, size=len(data), digest=sha256(data), mode=mode, owner=owner)


@spec
class Piece:
    """A run of bytes of an image and its source."""

    part: str
    """``table``, ``seed``, ``payload``, ``copy`` or ``base``."""
    offset: Bytes
    """Where it begins in the image."""
    size: Bytes
    digest: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """``sha256:<hex>`` of them; empty for a run of the base, which has a digest as a whole."""
