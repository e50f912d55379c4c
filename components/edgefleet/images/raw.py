"""Format ``raw``: a base disk image with the seed and the payload as partitions of their own.

The seed is a FAT that cloud-init finds by its label, the payload a squashfs that the node finds by the name
of its partition. Each file system is created by its own tools, with given UUIDs and times.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.images import nocloud
from edgefleet.images.base.extents import (
    BASE,
    BASIC_DATA,
    COPY,
    LINUX,
    ROOT_TYPES,
    TABLE,
    Added,
    arranged,
)
from edgefleet.images.base.format import Format
from edgefleet.io import disk, extents, gpt, tools
from edgefleet.io.payload_listing import listed
from edgefleet.model.composing import Composed, Ingredients
from edgefleet.model.disk_layout import SECTOR, Extent, Layout, Table
from edgefleet.model.listing import Entry, Piece, entry

SEED_NAME, PAYLOAD_NAME = "CIDATA", "EDGEFLEET-PL"
SEED, PAYLOAD = "seed", "payload"
SPACE = uuid.UUID("4a1f9f3e-6d6b-5b43-9d67-0d5a3c2c7c11")
"""Namespace of the UUIDs that are derived from an image's parts (RFC 9562, version 5)."""
TOOLS = ("sfdisk", "mkfs.vfat", "mcopy")
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
LOADERS = {"amd64": "BOOTX64.EFI", "arm64": "BOOTAA64.EFI", "armhf": "BOOTARM.EFI"}
"""dict[architecture -> boot loader on removable media] (UEFI specification, 3.5.1.1)."""
FULL_TABLE = 126
"""Most partitions of a base that leave room for two more in a GPT of 128 entries."""


def compose(of: Ingredients, out: Path) -> Composed:
    """The image at `out`.

    Raises:
        InvalidInput: the base is no GPT image of the node's architecture, or the medium is too small.
        OutsideFailure: a tool is missing or failed, or the disk is full.
    """
    base = _base_table(of.base, of.arch, disk.state(of.base))
    parts = {BASE: of.base, **_made(of)}
    layout = arranged(base, _added(of, parts), _uuid(of, "disk"))
    _check_fits(of, layout)
    with disk.explaining(of.base, "cannot be read"), of.base.open("rb") as file:
        boot_code = file.read(gpt.BOOT_CODE)
    parts |= _tables(layout, of.scratch, boot_code)
    used = (*TOOLS, *(["mksquashfs"] if of.payload else []))
    files = _files(of.seed, of.payload)
    if of.share == "copy":
        return _composed(layout, parts, extents.write_copy(layout.extents, parts, out), used, files)
    own = {name: parts[name] for name in (TABLE, COPY, SEED)}
    shared = _referred(of, parts)
    beside = extents.write_reference(layout.extents, own, shared, out)
    needs = tuple(part.path for part in shared.values())
    composed = _composed(layout, parts, extents.digest(layout.extents, parts), used, files)
    return replace(composed, beside=(beside,), needs=needs)


@lru_cache(maxsize=8)
def _base_table(image: Path, arch: str, _state: tuple[int, ...]) -> Table:
    """The table of a base, read once for all its images."""
    table = gpt.read_table(image)
    check_base(image, table, arch)
    return table


def _tables(layout: Layout, scratch: Path, boot_code: bytes = b"") -> dict[str, Path]:
    """The table at the beginning and its copy at the end, as files."""
    head, tail = gpt.written_table(layout.table, layout.size, scratch / "table", boot_code=boot_code)
    tables = {TABLE: scratch / f"{TABLE}.bin", COPY: scratch / f"{COPY}.bin"}
    disk.jot(tables[TABLE], head)
    disk.jot(tables[COPY], tail)
    return tables


def _composed(
    layout: Layout,
    parts: Mapping[str, Path],
    written: disk.Copied,
    used: Sequence[str],
    files: tuple[Entry, ...],
) -> Composed:
    return Composed(
        size=written.size,
        sha256=written.sha256,
        tools={tool: tools.version(tool) for tool in used},
        pieces=_pieces(layout.extents, parts),
        files=files,
    )


def _files(seed: Mapping[str, bytes], payload: Path | None) -> tuple[Entry, ...]:
    """The files added to the image; FAT has neither modes nor owners."""
    beside = listed(payload) if payload is not None else ()
    return (*(entry(path, content) for path, content in sorted(seed.items())), *beside)


def _pieces(runs: Sequence[Extent], parts: Mapping[str, Path]) -> tuple[Piece, ...]:
    """The runs of bytes; a run of the base has no digest, as the base has one as a whole."""
    pieces, at = [], 0
    for run in runs:
        if run.part:
            digest = "" if run.part == BASE else f"sha256:{_sum(parts[run.part])}"
            pieces.append(Piece(part=run.part, offset=at, size=run.length, digest=digest))
        at += run.length
    return tuple(pieces)


def _sum(file: Path) -> str:
    """Hex SHA-256 of a file, which a shared one has beside it."""
    return (disk.read(_sums(file)) or b"").decode() or disk.sha256(file)


def _referred(of: Ingredients, parts: Mapping[str, Path]) -> dict[str, extents.Referred]:
    shared = {BASE: extents.Referred(path=of.base, sha256=of.base_digest.removeprefix("sha256:"))}
    if PAYLOAD in parts:
        shared[PAYLOAD] = extents.Referred(path=parts[PAYLOAD], sha256=_sum(parts[PAYLOAD]))
    return shared


def payload_disk(folder: Path, parts_digest: str, scratch: Path, out: Path) -> Composed:
    """A medium of its own with the payload alone, for formats whose seed has no room for it."""
    image = scratch / "payload.squashfs"
    tools.squashfs(folder, image)
    added = Added(
        part=PAYLOAD,
        length=image.stat().st_size,
        type=LINUX,
        uuid=str(uuid.uuid5(SPACE, f"{parts_digest}/payload")),
        name=PAYLOAD_NAME,
    )
    layout = arranged(None, [added], str(uuid.uuid5(SPACE, f"{parts_digest}/disk")))
    parts = {PAYLOAD: image, **_tables(layout, scratch)}
    written = extents.write_copy(layout.extents, parts, out)
    composed = _composed(layout, parts, written, ("sfdisk", "mksquashfs"), listed(folder))
    disk.remove(image)
    return composed


def _made(of: Ingredients) -> dict[str, Path]:
    """The parts beside the base: this node's seed, and the payload, which nodes share."""
    images = {SEED: of.scratch / "seed.fat"}
    serial = _uuid(of, "seed").replace("-", "")[:8]
    tools.fat(of.seed, label=SEED_NAME, serial=serial, scratch=of.scratch / "files", image=images[SEED])
    if of.payload is not None:
        images[PAYLOAD] = _shared_payload(of, of.payload)
    return images


def _shared_payload(of: Ingredients, folder: Path) -> Path:
    """The squashfs of the payload, built once for all nodes that have the same."""
    digest = (of.payload_digest or "").removeprefix("sha256:")
    shared = of.shared / f"payload-{digest}" / "payload.squashfs"
    disk.check_no_link(of.shared, shared.parent)
    with disk.locked(shared.parent, who="the making of a payload", is_patient=True):
        if not shared.is_file():
            making = of.scratch / "payload.squashfs"
            tools.squashfs(folder, making)
            disk.write(_sums(shared), disk.sha256(making).encode())
            with disk.explaining(shared, "cannot be written"):
                making.replace(shared)
    return shared


def _sums(image: Path) -> Path:
    """The file with the SHA-256 of a shared file."""
    return image.with_name(f"{image.name}.sha256")


def _added(of: Ingredients, parts: Mapping[str, Path]) -> list[Added]:
    kinds = ((PAYLOAD, LINUX, PAYLOAD_NAME), (SEED, BASIC_DATA, SEED_NAME))
    return [
        Added(part=part, length=parts[part].stat().st_size, type=kind, uuid=_uuid(of, part), name=name)
        for part, kind, name in kinds
        if part in parts
    ]


def _uuid(of: Ingredients, part: str) -> str:
    return str(uuid.uuid5(SPACE, f"{of.parts}/{part}")).upper()


def check_base(image: Path, table: Table, arch: str) -> None:
    """Check that the node can boot the base, and that partitions can be added to it.

    Raises:
        InvalidInput: it is of another architecture, or has no free entries.
    """
    for partition in table.partitions:
        root_arch = ROOT_TYPES.get(partition.type.upper(), "")
        if root_arch and root_arch != arch:
            raise gpt.wrong(
                image, "base-arch", f"is for {root_arch}, and the node is {arch}", "use the base for its arch"
            )
        if partition.type.upper() == ESP:
            _check_loader(image, partition.start * SECTOR, arch)
    if len(table.partitions) > FULL_TABLE:
        hint = "use a base with fewer partitions"
        raise gpt.wrong(image, "base-full", "has no two free entries in its partition table", hint)


def _check_loader(image: Path, offset: int, arch: str) -> None:
    try:
        listed = tools.use("mdir", "-b", "-i", f"{image}@@{offset}", "::/EFI/BOOT").decode(errors="replace")
    except OutsideFailure:  # a system partition without the directory does not show the architecture
        return
    loaders = {line.rpartition("/")[2].strip().upper() for line in listed.splitlines()}
    others = [other for other, loader in LOADERS.items() if loader in loaders]
    if others and arch not in others:
        problem = f"boots {' and '.join(others)}, and the node is {arch}"
        raise gpt.wrong(image, "base-arch", problem, "use the base for the node's architecture")


def _check_fits(of: Ingredients, layout: Layout) -> None:
    if of.disk is not None and layout.size > of.disk:
        problem = f"{of.node}'s image has {layout.size:,} bytes, and its medium has {of.disk:,}"
        hint = "use a larger medium (profile's disk), or put less into the payload"
        raise InvalidInput.at("", "medium-too-small", problem, hint, path="disk")


FORMAT = Format(
    name="raw",
    seed=nocloud.build,
    suffix=".seed.iso",
    compose=compose,
    whole=".raw",
    refers=True,
    needs=frozenset({"base"}),
    node_files=nocloud.node_files,
    shows=nocloud.OPEN.__contains__,
    is_for_disks=True,
    starts_node=True,
)
