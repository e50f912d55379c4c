"""Records of built images, which skip a finished image and check that a build is reproducible.

The record beside each composed image has its identity (`edgefleet.site.content_id`), the versions of the
tools and the digest of its bytes. An unmodified image whose record has the expected identity is finished. If
the same parts and tools give other bytes, the machine or a tool is faulty, and the build reports it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io import disk
from edgefleet.model.listing import Entry, Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One composed image."""

    identity: str
    """``sha256:<hex>`` of its parts."""
    digest: str
    """``sha256:<hex>`` of its bytes."""
    size: int
    """Bytes of the file."""
    length: int
    """Bytes of the image, which are more where it refers to its base."""
    share: str
    """How it shares its base: ``copy`` or ``reference``."""
    tools: Mapping[str, str]
    """dict[tool -> its version]."""
    pieces: tuple[Piece, ...] = ()
    """The runs of bytes that it is made of."""
    files: tuple[Entry, ...] = ()
    """The files added to the base."""
    changed: int
    """Modification time of the file, ns; another one shows that it was modified."""


def record_path(image: Path) -> Path:
    """Path of the record of `image`: ``.n1.raw.built.json`` beside ``n1.raw``."""
    return image.with_name(f".{image.name}.built.json")


def read_record(image: Path) -> Record | None:
    """The record of `image`; `None` without a readable one."""
    data = disk.read(record_path(image))
    try:
        return None if data is None else _record(Record(**json.loads(data)))
    except (ValueError, TypeError):
        return None


def _record(plain: Record) -> Record:
    """`plain` with its parts parsed from JSON objects."""
    pieces: Any = plain.pieces
    files: Any = plain.files
    return replace(
        plain,
        pieces=tuple(Piece(**each) for each in pieces),
        files=tuple(Entry(**each) for each in files),
    )


def write_record(image: Path, record: Record) -> None:
    """Write `record` beside `image`."""
    disk.write(record_path(image), json.dumps(asdict(record), sort_keys=True).encode(), is_flushed=False)


def is_finished(image: Path, identity: str, share: str) -> bool:
    """Whether `image` exists, consists of these parts, and is unmodified."""
    record = read_record(image)
    if record is None or (record.identity, record.share) != (identity, share):
        return False
    try:
        found = os.stat(image, follow_symlinks=False)  # noqa: PTH116 - of the link itself
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (record.size, record.changed)


def check_repeats(image: Path, before: Record | None, record: Record) -> None:
    """Refuse bytes that differ from those of an earlier build of the same parts by the same tools.

    Args:
        image: the image, for the error.
        before: the earlier record, if there is one.
        record: the new record.

    Raises:
        OutsideFailure: they differ.
    """
    if before is None or _parts(before) != _parts(record) or before.digest == record.digest:
        return
    problem = f"the same inputs and tools gave {before.digest} before and {record.digest} now"
    hint = "check this machine's memory and disk, and build once more"
    raise OutsideFailure(Problem(code="not-repeated", where=str(image), problem=problem, hint=hint))


def _parts(record: Record) -> tuple[str, str, dict[str, str]]:
    return record.identity, record.share, dict(record.tools)
