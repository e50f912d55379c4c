"""Inputs and result of a composed image: the interface between formats and builds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from edgefleet.model.listing import Entry, Piece
from edgefleet.model.medium import Installer
from edgefleet.model.site import Arch

Share = Literal["copy", "reference"]
"""How images of one profile share their base: each a separate file (copied by reflink where the file
system can), or a descriptor that refers to the base, with a file of the differences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """The parts of one node's image."""

    node: str
    arch: Arch
    disk: int | None
    """Bytes of the medium that it is written to; a larger image is refused. `None` where unknown."""
    parts: str
    """``sha256:<hex>`` of the parts (`edgefleet.site.render.parts_digest`); UUIDs are derived from it."""
    seed: Mapping[str, bytes] = field(repr=False)
    """dict[path on the medium -> content] of the seed."""
    base: Path
    """The base, its digest checked already."""
    base_digest: str
    """``sha256:<hex>`` of the base."""
    payload: Path | None = None
    """Directory as the node finds it; `None` without a payload."""
    payload_digest: str | None = None
    """``sha256:<hex>`` of the payload's list, the key under which images of it are cached."""
    installer: Installer | None = None
    scratch: Path
    """Private directory for temporary files, on the file system of the result; the caller removes it."""
    shared: Path
    """Directory for files that images of several nodes share, by digest; it stays."""
    share: Share = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A finished image."""

    size: int
    """Bytes of the image, including a base that it refers to."""
    sha256: str
    """Hex SHA-256 of these bytes."""
    tools: Mapping[str, str]
    """dict[outside tool -> its version]."""
    beside: tuple[Path, ...] = ()
    """Further files of it in the same directory, which belong to this node alone."""
    pieces: tuple[Piece, ...] = ()
    """Its runs of bytes without zeroes; empty for formats that are not made of runs."""
    files: tuple[Entry, ...] = ()
    """The files added to the base: the seed, and below ``payload/`` the payload."""
    needs: tuple[Path, ...] = ()
    """Files that it refers to, shared with other nodes."""


class Composer(Protocol):
    """Makes the image at `out`; after an error the caller removes the remains."""

    def __call__(self, of: Ingredients, out: Path) -> Composed:
        """Compose; see `Composed`.

        Raises:
            InvalidInput: the base is of a wrong kind, or the parts do not fit.
            OutsideFailure: a tool is missing or failed, or the disk is full.
        """
        ...
