"""The description of a built image: in the result of a build, its record, the store, and a manifest.

The record beside each composed image skips a finished one and checks that a build is reproducible. An
unmodified image whose record has the expected parts (`edgefleet.site.render.parts_digest`) is finished. If
the same parts and tools give other bytes, the machine or a tool is faulty, and the build reports it.
"""

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io import disk
from edgefleet.model import strict_json
from edgefleet.model.composing import Share
from edgefleet.model.listing import Bytes, Entry, Piece, Sha256
from edgefleet.model.names import Name
from edgefleet.model.spec import spec

D = TypeVar("D", bound="Description")
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$")]


@spec
class Description:
    """One image."""

    image: FileName
    """Name of its file."""
    node: Name
    digest: Sha256
    """Of its bytes, including those of a base that it refers to."""
    size: Bytes
    """Bytes of these."""
    parts: Sha256 | None = None
    """Digest of its parts, as a preview shows it, if it is composed."""
    share: Share = "copy"
    """How it shares its base."""
    tools: dict[str, str] = field(default_factory=dict)
    """dict[outside tool -> its version], if it is composed."""
    pieces: tuple[Piece, ...] = ()
    """Its runs of bytes, if it is a disk image."""
    files: tuple[Entry, ...] = ()
    """Every file added to the medium."""

    def into(self, kind: type[D], /, **more: object) -> D:
        """The same image as another kind of description, with `more` fields."""
        return kind(**{each.name: getattr(self, each.name) for each in fields(Description)} | more)


@spec
class BuiltImage(Description):
    """One node's finished image."""

    is_new: bool = True
    """Whether this run built it; false for an image that was finished before."""
    uri: str = ""
    """Its address in the store, if it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSite:
    """The result of one site."""

    name: str
    images: tuple[BuiltImage, ...] = ()
    problems: tuple[Problem, ...] = ()


@spec
class Record(Description):
    """One composed image on this machine."""

    file_size: Bytes
    """Bytes of the file, which are fewer than the image's where it refers to its base."""
    changed: int
    """Modification time of the file, ns; another one shows that it was modified."""


def record_path(image: Path) -> Path:
    """Path of the record of `image`: ``.n1.raw.built.json`` beside ``n1.raw``."""
    return image.with_name(f".{image.name}.built.json")


def read_record(image: Path) -> Record | None:
    """The record of `image`; `None` without a readable one."""
    data = disk.read(record_path(image))
    try:
        return None if data is None else strict_json.read(Record, data)
    except ValueError:
        return None


def write_record(image: Path, record: Record) -> None:
    """Write `record` beside `image`."""
    disk.write(record_path(image), strict_json.write(record), is_flushed=False)


def is_finished(image: Path, record: Record | None, parts: str, share: str) -> bool:
    """Whether `image` exists, consists of these parts, and is unmodified since its record."""
    if record is None or (record.parts, record.share) != (parts, share):
        return False
    try:
        found = os.stat(image, follow_symlinks=False)  # noqa: PTH116 - of the link itself
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (record.file_size, record.changed)


def check_repeats(image: Path, before: Record | None, record: Record) -> None:
    """Refuse bytes that differ from those of an earlier build of the same parts by the same tools.

    Raises:
        OutsideFailure: they differ.
    """
    if before is None or _parts(before) != _parts(record) or before.digest == record.digest:
        return
    problem = f"the same inputs and tools gave {before.digest} before and {record.digest} now"
    hint = "check this machine's memory and disk, and build once more"
    raise OutsideFailure.at(image, "not-repeated", problem, hint)


def _parts(record: Record) -> tuple[str | None, str, dict[str, str]]:
    return record.parts, record.share, record.tools
