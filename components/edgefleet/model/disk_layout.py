"""The structure of a disk image: partitions in a table, and extents of bytes.

(UEFI specification 2.10, 5.3: GPT.)
"""

from dataclasses import dataclass

SECTOR = 512
ALIGNED = 2048
"""Alignment of partitions in sectors: 1 MiB."""
HEAD = 34
"""Sectors of the protective MBR, the header and the table of 128 entries."""
TAIL = 33
"""Sectors of the copy of table and header at the end of the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One entry of a GPT; positions in sectors."""

    number: int
    start: int
    size: int
    type: str
    uuid: str
    name: str = ""
    attributes: str = ""
    """As sfdisk writes them."""

    @property
    def end(self) -> int:
        """First sector behind it."""
        return self.start + self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A GPT."""

    uuid: str
    first: int
    """First sector that partitions may use."""
    partitions: tuple[Partition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """A run of bytes of the image."""

    part: str
    """Whose bytes; empty for zeroes."""
    offset: int
    """Where they begin in the part, bytes."""
    length: int
    """How many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A whole image."""

    table: Table
    extents: tuple[Extent, ...]
    """In order, without gaps."""

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(extent.length for extent in self.extents)
