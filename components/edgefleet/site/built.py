"""What a build made: plain results that processes hand to each other."""

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
    """``sha256:<hex>`` of its bytes; of one that refers to its base, of those that it stands for."""
    size: int
    """Bytes of these."""
    identity: str | None = None
    """What it is made of, where it is composed."""
    is_new: bool = True
    """Whether this run made it; false where it was finished before."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """dict[outside tool -> its version], of one that is composed."""
    share: str = "copy"
    """How it shares its base."""
    pieces: tuple[Piece, ...] = ()
    """The runs of bytes that it is made of, of one that is composed."""
    files: tuple[Entry, ...] = ()
    """What was put on it, of one that is composed."""
    uri: str = ""
    """Where it is in the store, if it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSite:
    """What became of one site."""

    name: str
    images: tuple[BuiltImage, ...] = ()
    problems: tuple[Problem, ...] = ()
