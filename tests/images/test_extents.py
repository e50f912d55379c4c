"""Composed images as extents: nothing of the base is lost, and the root can still grow."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgefleet.images.base.extents import BASE, COPY, LINUX, TABLE, Added, arranged, growable_root
from edgefleet.model.disk_layout import ALIGNED, HEAD, SECTOR, TAIL, Partition, Table

BIOS = "21686148-6449-6E6F-744E-656564454649"
DISK = "11111111-2222-3333-4444-555555555555"
SEED = Added(part="seed", length=ALIGNED * SECTOR, type=LINUX, uuid="S", name="CIDATA")
CLOUD = Table(
    uuid=DISK,
    first=34,
    partitions=(
        Partition(number=1, start=32768, size=100_000, type=LINUX, uuid="R", name="root"),
        Partition(number=14, start=2048, size=6144, type=BIOS, uuid="B"),
    ),
)
"""As Debian's cloud images are: the first partition is the last on the disk."""


def test_what_is_added_stands_before_a_root_that_is_last() -> None:
    """So that the root is still last, and a first boot can grow it."""
    layout = arranged(CLOUD, [SEED], "")
    numbers = {each.number: each for each in layout.table.partitions}
    assert numbers[1] == growable_root(layout.table)
    assert "CIDATA" == numbers[2].name
    assert numbers[2].start == 32768
    assert (numbers[1].uuid, numbers[1].size) == ("R", 100_000)
    assert numbers[14] == CLOUD.partitions[1]


def test_what_is_added_stands_last_behind_partitions_that_do_not_grow() -> None:
    """A base whose last partition is no Linux root keeps every byte in its place."""
    table = replace(CLOUD, partitions=(CLOUD.partitions[1],))
    layout = arranged(table, [SEED], "")
    assert {14: 2048, 1: 8192} == {each.number: each.start for each in layout.table.partitions}


def test_a_disk_without_a_base_has_the_added_alone() -> None:
    """The medium that carries a payload only."""
    layout = arranged(None, [SEED], DISK)
    assert (DISK, [(1, ALIGNED)]) == (
        layout.table.uuid,
        [(each.number, each.start) for each in layout.table.partitions],
    )
    assert [TABLE, "", "seed", "", COPY] == [each.part for each in layout.extents]


partitions = st.lists(st.integers(1, 50_000), min_size=1, max_size=5).flatmap(
    lambda sizes: st.tuples(st.just(sizes), st.sampled_from([LINUX, BIOS]), st.integers(34, 3000))
)


@given(partitions, st.lists(st.integers(1, 5_000_000), min_size=1, max_size=2))
def test_every_partition_lies_where_the_table_says(
    base: tuple[list[int], str, int], lengths: list[int]
) -> None:
    """For any base: bytes follow their entries, nothing overlaps, and the whole is in MiB."""
    sizes, last, start = base
    made, at = [], start
    for number, size in enumerate(sizes, 1):
        kind = last if number == len(sizes) else BIOS
        made.append(Partition(number=number, start=at, size=size, type=kind, uuid=f"{number}"))
        at += size
    table = Table(uuid=DISK, first=34, partitions=tuple(made))
    added = [replace(SEED, part=f"p{n}", length=length, uuid=f"p{n}") for n, length in enumerate(lengths)]
    layout = arranged(table, added, "")
    where: dict[tuple[str, int], int] = {}
    position = 0
    for extent in layout.extents:
        where[extent.part, extent.offset] = position
        position += extent.length
    assert position == layout.size
    assert 0 == layout.size % (ALIGNED * SECTOR)
    ordered = sorted(layout.table.partitions, key=lambda each: each.start)
    assert all(left.end <= right.start for left, right in pairwise(ordered))
    assert ordered[-1].end * SECTOR <= layout.size - TAIL * SECTOR
    root = growable_root(table)
    for old in table.partitions:
        (new,) = [each for each in layout.table.partitions if each.uuid == old.uuid]
        if old is root:
            assert where[BASE, old.start * SECTOR] == new.start * SECTOR
        else:
            assert (old.start, where[BASE, HEAD * SECTOR]) == (new.start, HEAD * SECTOR)
    for each in added:
        (new,) = [found for found in layout.table.partitions if found.uuid == each.uuid]
        assert where[each.part, 0] == new.start * SECTOR
        assert each.length <= new.size * SECTOR
