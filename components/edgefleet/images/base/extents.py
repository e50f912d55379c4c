"""A composed disk image as a list of extents: the order of the parts' bytes. Pure.

Added partitions change no byte of the base except its partition table. A node grows its root partition at its
first boot, which only the physically last one can do. So partitions are added *before* a root that is last,
and the root's bytes follow them. A Linux file system does not depend on its place on the disk, and boot
loaders find it by its partition's number or UUID, which stay. (UEFI specification 2.10, 5.3: GPT; systemd,
Discoverable Partitions Specification.)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from edgefleet.model.disk_layout import ALIGNED, HEAD, SECTOR, TAIL, Extent, Layout, Partition, Table

BASE, TABLE, COPY = "base", "table", "copy"
"""Names of parts: the base image, the new table at the beginning, and its copy at the end."""

ROOT_TYPES: Mapping[str, str] = {
    "0FC63DAF-8483-4772-8E79-3D69D8477DE4": "",
    "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709": "amd64",
    "B921B045-1DF0-41C3-AF44-4C6F280D3FAE": "arm64",
    "69DAD710-2CE4-4E3C-B16C-21A1D49ABED3": "armhf",
}
"""dict[type of a partition that may be the root -> architecture; empty if it has none]."""
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
BASIC_DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A partition to add."""

    part: str
    """Name of its bytes in the extents."""
    length: int
    """Bytes."""
    type: str
    uuid: str
    name: str


def growable_root(table: Table) -> Partition | None:
    """The physically last partition, if it is one that a first boot may grow."""
    last = max(table.partitions, key=lambda partition: partition.start, default=None)
    return last if last is not None and last.type.upper() in ROOT_TYPES else None


def arranged(base: Table | None, added: Sequence[Added], uuid: str) -> Layout:
    """The image of `base` with partitions added.

    Args:
        base: the base's table; `None` for a disk of the added partitions alone.
        added: the partitions to add, in order.
        uuid: of the disk, if there is no base.
    """
    root = growable_root(base) if base is not None else None
    existing = base.partitions if base is not None else ()
    stay = [partition for partition in existing if partition is not root]
    kept = at = root.start if root is not None else max((old.end for old in existing), default=ALIGNED)
    numbers = _free_numbers(existing)
    new: list[Partition] = []
    for part in added:
        start, size = _up(at, ALIGNED), _up(-(-part.length // SECTOR), ALIGNED)
        number, at = next(numbers), start + size
        new.append(
            Partition(number=number, start=start, size=size, type=part.type, uuid=part.uuid, name=part.name)
        )
    moved = [] if root is None else [replace(root, start=_up(at, ALIGNED))]
    table = Table(
        uuid=uuid if base is None else base.uuid,
        first=ALIGNED if base is None else base.first,
        partitions=tuple(sorted([*stay, *new, *moved], key=lambda partition: partition.number)),
    )
    runs = [(HEAD, Extent(part=BASE, offset=HEAD * SECTOR, length=(kept - HEAD) * SECTOR))] if base else []
    runs += [
        (place.start, Extent(part=part.part, offset=0, length=part.length))
        for part, place in zip(added, new, strict=True)
    ]
    if root is not None:
        root_bytes = Extent(part=BASE, offset=root.start * SECTOR, length=root.size * SECTOR)
        runs.append((moved[0].start, root_bytes))
    end = max((partition.end for partition in (*new, *moved)), default=kept)
    return Layout(table=table, extents=tuple(_filled(runs, _up(end + TAIL, ALIGNED) - TAIL)))


def _filled(runs: Sequence[tuple[int, Extent]], end: int) -> Iterator[Extent]:
    """The table, `runs` at their sectors with zeroes between them, and the table's copy at sector `end`."""
    table = (0, Extent(part=TABLE, offset=0, length=HEAD * SECTOR))
    at = 0
    for sector, run in (table, *runs, (end, Extent(part=COPY, offset=0, length=TAIL * SECTOR))):
        if sector * SECTOR > at:
            yield Extent(part="", offset=0, length=sector * SECTOR - at)
        yield run
        at = sector * SECTOR + run.length


def _free_numbers(taken: Sequence[Partition]) -> Iterator[int]:
    used = {partition.number for partition in taken}
    return (number for number in range(1, 129) if number not in used)


def _up(value: int, to: int) -> int:
    return -(-value // to) * to
