"""Partition tables of disk images, read and written by sfdisk; an unusable base is one clear sentence."""

import json
import struct
from pathlib import Path
from typing import Any

from edgefleet.errors import InvalidInput
from edgefleet.io import disk, tools
from edgefleet.model.disk_layout import ALIGNED, HEAD, SECTOR, TAIL, Partition, Table

SIGNATURE = b"EFI PART"
BOOT_CODE = 440
"""Bytes of the first sector that are a boot loader's (UEFI specification, 5.2.1)."""
BIG_SECTOR = 4096
COMPRESSED: tuple[tuple[bytes, str, str], ...] = (
    (b"\xfd7zXZ\x00", "compressed with xz", "xz -dk {name}"),
    (b"\x1f\x8b", "compressed with gzip", "gzip -dk {name}"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "zstd -d {name}"),
    (b"BZh", "compressed with bzip2", "bzip2 -dk {name}"),
    (b"PK\x03\x04", "a zip archive", "unzip {name}"),
    (b"QFI\xfb", "a qcow2 image", "qemu-img convert -O raw {name} base.raw"),
    (b"KDMV", "a VMDK image", "qemu-img convert -O raw {name} base.raw"),
    (b"<!DOCTYPE", "a web page", ""),
    (b"<!doctype", "a web page", ""),
    (b"<html", "a web page", ""),
)
"""(magic bytes of a compressed file, the compression, the command that unpacks it)."""
LUKS = b"LUKS\xba\xbe"


def read_table(image: Path) -> Table:
    """The GPT of a disk image.

    Raises:
        InvalidInput: it is something else, or not whole.
        OutsideFailure: it cannot be read, or sfdisk is missing.
    """
    with disk.explaining(image, "cannot be read"), image.open("rb") as file:
        start = file.read(BIG_SECTOR + len(SIGNATURE))
        size = file.seek(0, 2)
    _check_kind(image, start)
    _check_whole(image, start, size)
    plain = json.loads(tools.use("sfdisk", "--json", image))["partitiontable"]
    if plain.get("label") != "gpt":
        problem = "has a GPT whose checksums or places are wrong"
        raise wrong(image, "base-damaged", problem, "download it again and take its digest again")
    table = Table(
        uuid=plain["id"],
        first=int(plain["firstlba"]),
        partitions=tuple(_partition(partition) for partition in plain.get("partitions", ())),
    )
    if not table.partitions:
        raise wrong(image, "base-empty", "has no partition", "use the image of an installed system")
    longest = max(partition.end for partition in table.partitions) * SECTOR
    if longest > size:
        raise truncated(image, size, longest)
    _check_open(image, table)
    return table


def _partition(plain: dict[str, Any]) -> Partition:
    number = plain["node"][len(plain["node"].rstrip("0123456789")) :]
    return Partition(
        number=int(number),
        start=plain["start"],
        size=plain["size"],
        type=plain["type"],
        uuid=plain["uuid"],
        name=plain.get("name", ""),
        attributes=plain.get("attrs", ""),
    )


def check_raw(image: Path, start: bytes, kind: str) -> None:
    """Refuse a base that is a compressed file or a web page, by its first bytes, where a `kind` is meant.

    Raises:
        InvalidInput: it is one.
    """
    for magic, compression, command in COMPRESSED:
        if start.startswith(magic):
            hint = "give the address of the image itself"
            if command:
                hint = f"unpack it first and give the digest of the result: {command.format(name=image.name)}"
            raise wrong(image, "base-compressed", f"is {compression}, not {kind}", hint)


def _check_kind(image: Path, start: bytes) -> None:
    check_raw(image, start, "a raw disk image")
    if start[SECTOR : SECTOR + len(SIGNATURE)] == SIGNATURE:
        return
    if start[BIG_SECTOR:].startswith(SIGNATURE):
        hint = "use an image with sectors of 512 bytes"
        raise wrong(image, "base-sectors", "is for disks with sectors of 4,096 bytes", hint)
    if start[510:512] == b"\x55\xaa":
        hint = "use an image with a GPT (most `generic` or UEFI cloud images), or the format nocloud-dir"
        raise wrong(image, "base-mbr", "has an MBR, and partitions can only be added to a GPT", hint)
    raise wrong(image, "base-no-disk", "is not a disk image", "use a raw disk image with a GPT")


def _check_whole(image: Path, start: bytes, size: int) -> None:
    """Check that the disk ends where the header places its copy: on the last sector."""
    if size < BIG_SECTOR:
        raise truncated(image, size, BIG_SECTOR)
    (copy,) = struct.unpack_from("<Q", start, SECTOR + 32)
    wanted = (copy + 1) * SECTOR
    if size < wanted:
        raise truncated(image, size, wanted)


def _check_open(image: Path, table: Table) -> None:
    last = max(table.partitions, key=lambda each: each.start)
    with disk.explaining(image, "cannot be read"), image.open("rb") as file:
        file.seek(last.start * SECTOR)
        if file.read(len(LUKS)) == LUKS:
            hint = "use one that is not; dataDisk.encryption encrypts a node's data"
            raise wrong(image, "base-encrypted", f"has an encrypted partition ({last.number})", hint)


def truncated(image: Path, size: int, wanted: int) -> InvalidInput:
    """The error of a base that is cut off; both in bytes."""
    problem = f"is cut off: it has {size:,} bytes, and should have {wanted:,}"
    return wrong(image, "base-truncated", problem, "download it again and take its digest again")


def wrong(image: Path, code: str, problem: str, hint: str) -> InvalidInput:
    """The error of a base that cannot be used."""
    return InvalidInput.at(image, code, problem, hint, path="image.base")


def written_table(table: Table, size: int, scratch: Path, *, boot_code: bytes = b"") -> tuple[bytes, bytes]:
    """(first `HEAD` sectors, last `TAIL` sectors) of a disk with `table`.

    Args:
        table: what sfdisk writes.
        size: of the disk, bytes.
        scratch: a file to write to, made sparse and removed again.
        boot_code: what the first sector begins with.
    """
    try:
        with disk.explaining(scratch, "cannot be written"), scratch.open("wb") as file:
            file.truncate(size)
        tools.use(
            "sfdisk",
            "--quiet",
            "--wipe=never",
            "--no-reread",
            "--no-tell-kernel",
            scratch,
            stdin=_script(table),
        )
        with disk.explaining(scratch, "cannot be read"), scratch.open("rb") as file:
            head = file.read(HEAD * SECTOR)
            file.seek(size - TAIL * SECTOR)
            tail = file.read()
    finally:
        disk.remove(scratch)
    code = boot_code[:BOOT_CODE]
    return code + head[len(code) :], tail


def _script(table: Table) -> bytes:
    """The dump format of sfdisk (sfdisk(8), input formats)."""
    lines = ["label: gpt", f"label-id: {table.uuid}", f"first-lba: {min(table.first, ALIGNED)}"]
    for entry in table.partitions:
        fields = [f"start={entry.start}", f"size={entry.size}", f"type={entry.type}", f"uuid={entry.uuid}"]
        if entry.name:
            fields.append(f'name="{entry.name}"')
        if entry.attributes:
            fields.append(f'attrs="{entry.attributes}"')
        lines.append(f"{entry.number} : {', '.join(fields)}")
    return ("\n".join(lines) + "\n").encode()
