"""Results of a build, plain so that processes can exchange them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgefleet.errors import Problem
from edgefleet.model.listing import Entry, Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """One node's finished image."""

    node: str
    name: str
    """Of its file in the site's directory."""
    digest: str
    """``sha256:<hex>`` of its bytes; including those of a base that it refers to."""
    size: int
    """Bytes of these."""
    identity: str | None = None
    """Digest of its parts, if it is composed."""
    is_new: bool = True
    """Whether this run built it; false for an image that was finished before."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """dict[outside tool -> its version], if it is composed."""
    share: str = "copy"
    """How it shares its base."""
    pieces: tuple[Piece, ...] = ()
    """Its runs of bytes, if it is composed."""
    files: tuple[Entry, ...] = ()
    """The files added to the base, if it is composed."""
    uri: str = ""
    """Its address in the store, if it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSite:
    """The result of one site."""

    name: str
    images: tuple[BuiltImage, ...] = ()
    problems: tuple[Problem, ...] = ()
