"""What was built where: so that a finished image is not built again, and one that should repeat does.

Beside each composed image stands a record with its identity (`edgefleet.site.content_id`), the versions of
the tools and the digest of its bytes. An image whose record has the wanted identity, and that nobody touched
since, is done. Where the same parts were put together by the same tools and other bytes came out, something
is wrong with the machine or with a tool, and the build says so.
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
    """``sha256:<hex>`` of what it is made of."""
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
    """What was put on it."""
    changed: int
    """When the file was last changed, ns: one that is different was touched."""


def record_path(image: Path) -> Path:
    """Where the record of `image` stands: ``.n1.raw.built.json`` beside ``n1.raw``."""
    return image.with_name(f".{image.name}.built.json")


def read_record(image: Path) -> Record | None:
    """The record of `image`; `None` without a readable one."""
    data = disk.read(record_path(image))
    try:
        return None if data is None else _record(Record(**json.loads(data)))
    except (ValueError, TypeError):
        return None


def _record(plain: Record) -> Record:
    """`plain` with its parts, which JSON knows as objects."""
    pieces: Any = plain.pieces
    files: Any = plain.files
    return replace(
        plain,
        pieces=tuple(Piece(**each) for each in pieces),
        files=tuple(Entry(**each) for each in files),
    )


def write_record(image: Path, record: Record) -> None:
    """Keep `record` beside `image`."""
    disk.write(record_path(image), json.dumps(asdict(record), sort_keys=True).encode(), is_flushed=False)


def is_finished(image: Path, identity: str, share: str) -> bool:
    """Whether `image` is there, made of these parts, and untouched since."""
    record = read_record(image)
    if record is None or (record.identity, record.share) != (identity, share):
        return False
    try:
        found = os.stat(image, follow_symlinks=False)  # noqa: PTH116 - of the link itself
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (record.size, record.changed)


def check_repeats(image: Path, before: Record | None, made: Record) -> None:
    """Refuse bytes that differ from what the same parts and tools gave before.

    Args:
        image: what was made, for the error.
        before: the record that stood there, if one did.
        made: the record of what is there now.

    Raises:
        OutsideFailure: they do.
    """
    if before is None or _parts(before) != _parts(made) or before.digest == made.digest:
        return
    problem = f"the same inputs and tools gave {before.digest} before and {made.digest} now"
    hint = "check this machine's memory and disk, and build once more"
    raise OutsideFailure(Problem(code="not-repeated", where=str(image), problem=problem, hint=hint))


def _parts(record: Record) -> tuple[str, str, dict[str, str]]:
    return record.identity, record.share, dict(record.tools)
