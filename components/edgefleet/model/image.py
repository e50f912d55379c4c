"""`Image`: the result of an image format."""

from dataclasses import dataclass, field

from edgefleet.model.firstboot import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The bytes for one node's boot medium, and their contents."""

    data: bytes = field(repr=False)
    files: dict[str, bytes] = field(repr=False)
    """dict[path on the medium -> content]."""
    secret_files: frozenset[str] = frozenset()
    """Paths of files with a guessable secret, whose plain digest must not be published."""
    placed: tuple[File, ...] = field(default=(), repr=False)
    """The files that it writes to the node's disk, as the steps of the first boot define them."""
    private_files: frozenset[str] = frozenset({"user-data"})
    """Paths that also hold secrets, and are shown nowhere."""
