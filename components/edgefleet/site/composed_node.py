"""Composing one node's image from seed, base and payload, unless it is finished."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree

from edgefleet.errors import EdgefleetError, InvalidInput
from edgefleet.images import FORMATS, raw
from edgefleet.io import disk
from edgefleet.io.artifact_cache import ArtifactCache, lay_out
from edgefleet.model.composing import Composed, Ingredients, Share
from edgefleet.model.listing import SEED_FOLDER, Entry
from edgefleet.model.site import Node
from edgefleet.site.built import (
    BuiltImage,
    Record,
    check_repeats,
    is_finished,
    read_record,
    record_path,
    write_record,
)
from edgefleet.site.leak_scan import Scan
from edgefleet.site.manifest import PAYLOAD
from edgefleet.site.render import SiteImage, payload_digest

SCRATCH = ".scratch-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplies:
    """Where bases and payloads come from: a cache of artifacts, opened again in each process."""

    cache: Path
    """Its directory."""
    project: Path
    """Directory that ``file:`` sources are relative to."""

    def open(self) -> ArtifactCache:
        """The cache."""
        return ArtifactCache(self.cache, project=self.project)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeJob:
    """One node's image to compose."""

    name: str
    node: Node
    seed: SiteImage
    folder: Path
    """Directory of its site."""
    shared: Path
    """Directory for the files that images of several nodes share."""
    supplies: Supplies
    share: Share
    scan: Scan | None = field(default=None, repr=False)
    """The scan for secrets of other sites."""

    @property
    def sharing(self) -> Share:
        """How it shares its base: as requested, if its format can."""
        return self.share if FORMATS[self.node.image.format].refers else "copy"

    @property
    def out(self) -> Path:
        """The image's file."""
        kind = FORMATS[self.node.image.format]
        ending = PAYLOAD if kind.compose is None else kind.whole
        return self.folder / f"{self.name}{ending}{'.json' if self.sharing == 'reference' else ''}"


def compose(job: NodeJob) -> BuiltImage:
    """Compose the image, unless it is finished.

    Raises:
        InvalidInput: its parts do not fit together.
        OutsideFailure: a part or a tool is missing, the disk is full, or an earlier build had other bytes.
    """
    record = read_record(job.out)
    if record is not None and is_finished(job.out, record, job.seed.desired, job.sharing):
        return record.into(BuiltImage, is_new=False)
    return _compose_anew(job, record).into(BuiltImage)


def _compose_anew(job: NodeJob, before: Record | None) -> Record:
    out = job.out
    disk.remove(record_path(out))  # from here on the image counts as unfinished
    with _scratch(job.folder) as scratch:
        composed = _composed(job, scratch)
    status = out.stat()
    record = Record(
        image=out.name,
        node=job.name,
        digest=f"sha256:{composed.sha256}",
        size=composed.size,
        parts=job.seed.desired,
        share=job.sharing,
        tools=dict(composed.tools),
        pieces=composed.pieces,
        files=tuple(_published(file, job.seed) for file in composed.files),
        file_size=status.st_size,
        changed=status.st_mtime_ns,
    )
    try:
        if job.scan is not None:
            job.scan.check_composed(out, composed)
        check_repeats(out, before, record)
    except EdgefleetError:
        for file in (out, *composed.beside):
            disk.remove(file)
        raise
    write_record(out, record)
    return record


def _published(entry: Entry, seed: SiteImage) -> Entry:
    """`entry` with its publishable digest, which is salted for a guessable secret."""
    return replace(entry, digest=seed.files.get(entry.path.removeprefix(SEED_FOLDER), entry.digest))


def _composed(job: NodeJob, scratch: Path) -> Composed:
    node, payload = job.node, None
    if node.payload:
        payload = scratch / "payload"
        lay_out(job.supplies.open(), node.payload, payload)
        if job.scan is not None:
            job.scan.check_payload(payload)
    kind = FORMATS[node.image.format]
    if kind.compose is None:
        assert payload is not None  # noqa: S101 - only a payload is composed of no base
        return raw.payload_disk(payload, job.seed.desired, scratch, job.out)
    assert node.image.base is not None  # noqa: S101 - the model refuses such a format without
    base = job.supplies.open().fetch(node.image.base.source, node.image.base.sha256)
    if job.scan is not None:
        job.scan.check_file(base, node.image.base.sha256, f"its base {node.image.base.source}")
    made_of = Ingredients(
        node=job.name,
        arch=node.arch,
        disk=kind.medium_size(node),
        parts=job.seed.desired,
        seed=job.seed.contents,
        base=base,
        base_digest=f"sha256:{node.image.base.sha256}",
        payload=payload,
        payload_digest=payload_digest(node),
        installer=node.image.installer,
        scratch=scratch,
        shared=job.shared,
        share=job.sharing,
    )
    try:
        return kind.compose(made_of, job.out)
    except InvalidInput as error:
        raise _named(error, base, node.image.base.source) from error


def _named(error: InvalidInput, base: Path, source: str) -> InvalidInput:
    """The error with the base's name in the fleet file in place of its digest."""
    name = source.removeprefix("file:").rpartition("/")[2]
    return InvalidInput(
        [
            replace(
                flaw, where=flaw.where.replace(str(base), source), hint=flaw.hint.replace(base.name, name)
            )
            for flaw in error.problems
        ]
    )


def sweep(folder: Path) -> None:
    """Remove the remains of a killed build in `folder`."""
    for left in folder.glob(f"{SCRATCH}*"):
        rmtree(left)
    for half in folder.glob(f".*{disk.SUFFIX}"):
        disk.remove(half)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    with disk.explaining(folder, "cannot be written"):
        scratch = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=folder))
    try:
        yield scratch
    finally:
        rmtree(scratch, ignore_errors=True)
