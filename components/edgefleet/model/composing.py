"""What a composed image is made of, and what came out: the agreement between formats and builds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from edgefleet.model.listing import Entry, Piece
from edgefleet.model.medium import Installer
from edgefleet.model.site import Arch

Share = Literal["copy", "reference"]
"""How images of one profile share their base: each a file of its own (copied by reflink where the file
system can), or a descriptor that refers to the base, with a file of what differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What one node's image is composed of."""

    node: str
    arch: Arch
    disk: int | None
    """Bytes of the medium that it is written to; what does not fit is refused. `None` if not given."""
    identity: str
    """``sha256:<hex>`` of the parts (`edgefleet.site.content_id`); UUIDs are derived from it."""
    seed: Mapping[str, bytes] = field(repr=False)
    """dict[path on the medium -> content] of the seed."""
    base: Path
    """The base, its digest checked already."""
    base_digest: str
    """``sha256:<hex>`` of the base."""
    payload: Path | None = None
    """Directory laid out as the node shall find it; `None` without a payload."""
    payload_digest: str | None = None
    """``sha256:<hex>`` of the payload's list: what is made of it once is found again by this."""
    installer: Installer | None = None
    scratch: Path
    """Private directory for what is in the making, on the file system of the result; the caller removes
    it."""
    shared: Path
    """Directory for what images of several nodes have in common, under its digest; it stays."""
    share: Share = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A finished image."""

    size: int
    """Bytes of the image; of one that refers to its base, those that it stands for."""
    sha256: str
    """Hex SHA-256 of these bytes."""
    tools: Mapping[str, str]
    """dict[outside tool -> its version]."""
    beside: tuple[Path, ...] = ()
    """Further files of it in the same directory, which belong to this node alone."""
    pieces: tuple[Piece, ...] = ()
    """The runs of bytes that it is made of, zeroes left out; empty where it is not made so."""
    files: tuple[Entry, ...] = ()
    """What was put on it beside the base's own: the seed, and below ``payload/`` the payload."""
    needs: tuple[Path, ...] = ()
    """Files that it refers to, shared with other nodes."""


class Composer(Protocol):
    """Makes the image at `out`; what is left after an error is for the caller to remove."""

    def __call__(self, of: Ingredients, out: Path) -> Composed:
        """Compose; see `Composed`.

        Raises:
            InvalidInput: the base is of a wrong kind, or the parts do not fit.
            OutsideFailure: a tool is missing or failed, or the disk is full.
        """
        ...
