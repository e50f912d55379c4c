"""`Image`: what an image format makes of a first boot."""

from dataclasses import dataclass, field

from edgefleet.model.firstboot import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The bytes for one node's boot medium, and what is in them."""

    name: str
    """Name to keep it under: ``n1.iso``."""
    data: bytes = field(repr=False)
    files: dict[str, bytes] = field(repr=False)
    """dict[path on the medium -> content]."""
    secret_files: frozenset[str] = frozenset()
    """Paths that hold a secret that could be guessed, whose plain digest must not be published."""
    placed: tuple[File, ...] = field(default=(), repr=False)
    """What whoever applies it puts on the node's disk, where the steps of the first boot say so."""
    private_files: frozenset[str] = frozenset({"user-data"})
    """Paths that hold secrets among other things, and are shown nowhere."""
