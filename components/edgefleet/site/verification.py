"""Verifying the bytes of a finished image against its manifest, then its files, and those on the node.

It works offline and as a stream: memory does not grow with the image. Nothing is read beyond the sizes that
the manifest states, and only regular files of the build's own folder and of the cache are. File systems of an
image are read once its bytes have the promised digest. Without a trusted key nobody vouches for the digest
either, so there a differing image is read, too, and the first file that differs is named.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from edgefleet.errors import InvalidInput
from edgefleet.images import FORMATS
from edgefleet.images.base.format import Contents, Format
from edgefleet.io import disk, extents, image_reading, tools
from edgefleet.model.disk_layout import Extent
from edgefleet.model.listing import SEED_FOLDER, Entry, Piece, entry
from edgefleet.site.manifest import CARRIED, HINT, ONE, Manifest, read_manifest

REFERENCE = ".raw.json"
Find = Callable[[str], Path | None]
"""A hex SHA-256 -> a file with it, for bases that were moved."""
WORDS = {
    "table": "the partition table differs",
    "copy": "the copy of the partition table at its end differs",
    "seed": "the partition of the seed differs beside its files",
    "payload": "the partition of the payload differs",
}
UNREADABLE = "it cannot be read"
LARGEST_MANIFEST = 16 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An image whose bytes can be read."""

    path: Path
    manifest: Manifest
    extents: Sequence[Extent]
    parts: Mapping[str, Path]

    @property
    def format(self) -> Format:
        """Its format."""
        return FORMATS[self.manifest.format]

    def run(self, piece: Piece) -> image_reading.Run | None:
        """The location of the bytes of `piece`."""
        return image_reading.run_of(piece, self.extents, self.parts)

    def pieces(self, part: str) -> list[Piece]:
        """The runs of one part."""
        return [each for each in self.manifest.pieces if each.part == part]


def manifest_beside(image: Path) -> Manifest:
    """The manifest beside an image, whichever program wrote it.

    Raises:
        InvalidInput: it is missing, or is something else.
    """
    beside = image.with_name(f"{image.name}{ONE}")
    data = disk.read(beside, limit=LARGEST_MANIFEST)
    if data is None:
        problem = f"there is no {beside.name} beside it"
        hint = "name an output of `edgefleet image build`, with its files"
        raise InvalidInput.at(image, "no-manifest", problem, hint)
    return read_manifest(data, str(beside))


def opened(image: Path, manifest: Manifest, find: Find) -> Opened:
    """The image that `manifest` describes.

    Raises:
        InvalidInput: it is missing, is something else, or has another size.
    """
    if not image.is_file() or image.is_symlink():
        raise InvalidInput.at(image, "image-missing", "the image does not exist", HINT)
    ends = [0, *(end for piece in manifest.pieces for end in (piece.offset, piece.offset + piece.size))]
    if manifest.image != image.name or any(start > end for start, end in pairwise([*ends, manifest.size])):
        problem = f"{image.name}{ONE} is not the manifest of an image of this name and size"
        raise InvalidInput.at(image, "manifest-differs", problem, HINT)
    if image.name.endswith(REFERENCE):
        runs, parts = extents.read_reference(image, lambda sha256, place: _shared(image, find, sha256, place))
        return Opened(path=image, manifest=manifest, extents=runs, parts=parts)
    whole = [Extent(part="image", offset=0, length=image.stat().st_size)]
    return Opened(path=image, manifest=manifest, extents=whole, parts={"image": image})


def _shared(image: Path, find: Find, sha256: str, place: Path) -> Path | None:
    """A part that images share: of the cache by its digest, or a file below the folder of the build."""
    found, out = find(sha256), image.parent.parent.resolve()
    return found or (place if place.is_file() and place.resolve().is_relative_to(out) else None)


def check(image: Opened, *, is_trusted: bool = False) -> tuple[str, ...]:
    """The parts that were not checked for lack of a tool.

    Args:
        image: the image.
        is_trusted: whether its manifest is signed by a trusted key; then a differing image is not read into.

    Raises:
        InvalidInput: the image differs from its manifest; the first file or part that does is named.
    """
    promised, size = image.manifest, sum(extent.length for extent in image.extents)
    is_size = size == promised.size
    digest = f"sha256:{extents.digest(image.extents, image.parts).sha256}" if is_size else ""
    if digest != promised.digest:
        problem = (
            f"is {digest}, not {promised.digest}" if is_size else f"has {size:,} bytes, not {promised.size:,}"
        )
        difference = first_part(image) if is_trusted else first_difference(image)
        raise InvalidInput.at(image.path, "image-differs", f"{problem}: {difference}", HINT)
    mismatch = _in_seed(image) or _in_payload(image)
    if mismatch.startswith(UNREADABLE) and image.format.reader is not None:
        return (f"{mismatch}; its files were checked as a whole",)  # a base with a special directory
    if mismatch:
        problem = f"its bytes are as built, but its manifest differs: {mismatch}"
        raise InvalidInput.at(image.path, "manifest-differs", problem, HINT)
    return tuple(_unchecked(image))


def _unchecked(image: Opened) -> Iterator[str]:
    whole = "was checked as a whole, not file by file"
    if image.pieces("seed") and not tools.is_there("mdir"):
        yield f"the seed {whole}: apt-get install mtools"
    if image.pieces("payload") and not tools.is_there("unsquashfs"):
        yield f"the payload {whole}: apt-get install squashfs-tools"


def first_difference(image: Opened) -> str:
    """The first file of an image that differs, or the first part."""
    if not image.manifest.pieces:
        return _in_seed(image) or _in_payload(image) or "all listed files match, but other bytes differ"
    reads = {"seed": _in_seed, "payload": _in_payload}.get(_differing(image))
    return (reads(image) if reads is not None else "") or first_part(image)


def first_part(image: Opened) -> str:
    """The first part of an image that differs; no file system is read."""
    if not image.manifest.pieces:
        return "it was not read into, as nobody vouches for its bytes"
    if part := _differing(image):
        return WORDS.get(part, f"{part} differs")
    return "bytes of its base differ" if image.pieces("base") else "bytes between its partitions differ"


def _differing(image: Opened) -> str:
    """The first part whose digest differs; empty if none does."""
    differing = (piece.part for piece in image.manifest.pieces if piece.digest and not _has(image, piece))
    return next(differing, "")


def _has(image: Opened, piece: Piece) -> bool:
    run = image.run(piece)
    return run is not None and run.sha256() == piece.digest


def has_seed(image: Opened) -> bool:
    """Whether the seed's bytes, or all bytes of an image without runs, have the promised digest."""
    if image.manifest.pieces:
        return all(_has(image, piece) for piece in image.pieces("seed"))
    written = extents.digest(image.extents, image.parts)
    return f"sha256:{written.sha256}" == image.manifest.digest


def _in_seed(image: Opened) -> str:
    """The first file that differs in the seed, or among those that it writes on the node."""
    try:
        seed = seed_of(image)
        if seed is None:
            return ""
        there = {path: file for path, (file, _) in seed.items()}
        return difference(image.manifest.of_seed, there) or _on_node(image, seed)
    except ValueError as error:
        return f"{UNREADABLE} as an image ({error})"


def _in_payload(image: Opened) -> str:
    """The first file of the payload that differs."""
    try:
        there = payload_of(image)
    except ValueError as error:
        return f"its payload cannot be read ({error})"
    return "" if there is None else difference(image.manifest.of_payload, there)


def seed_of(image: Opened) -> Contents | None:
    """The files of the seed; `None` where there is none, or its partition cannot be read without mtools.

    Raises:
        ValueError: they cannot be read.
    """
    if not image.manifest.of_seed:
        return None
    if image.format.reader is not None:
        return image.format.reader.seed(image.path, frozenset(each.path for each in image.manifest.of_seed))
    if not image.manifest.pieces:
        return image_reading.read_seed(
            image.path.name, disk.read(image.path, limit=image_reading.LARGEST_SEED) or b"", image.format.only
        )
    run = _run(image, "seed")
    return None if run is None or not tools.is_there("mdir") else image_reading.read_fat(run)


def payload_of(image: Opened) -> dict[str, Entry] | None:
    """The files of the payload, digested; `None` where there is none, or without squashfs-tools.

    Raises:
        ValueError: they cannot be read.
    """
    if image.format.reader is not None:
        entries = image.format.reader.payload(image.path)
    else:
        run = _run(image, "payload")
        if run is None or not tools.is_there("unsquashfs"):
            return None
        entries = image_reading.read_squashfs(run)
    return {f"{CARRIED}{path}": replace(each, path=f"{CARRIED}{path}") for path, each in entries.items()}


def _run(image: Opened, part: str) -> image_reading.Run | None:
    pieces = image.pieces(part)
    return image.run(pieces[0]) if pieces else None


def difference(promised: Iterable[Entry], there: Mapping[str, Entry]) -> str:
    """The first path that differs, and how; empty if none does.

    A salted digest cannot be checked without the site's key.
    """
    entries = {each.path: each for each in promised}
    for path in sorted({*entries, *there}):
        if path not in there:
            return f"{path} is missing"
        if path not in entries:
            return f"{path} does not belong there"
        expected, actual = entries[path], there[path]
        if expected.size != actual.size or (not expected.is_secret and expected.digest != actual.digest):
            return f"{path} differs"
        if (expected.mode, expected.owner) != (actual.mode, actual.owner):
            return f"{path} is {actual.mode} {actual.owner}, not {expected.mode} {expected.owner}"
    return ""


def _on_node(image: Opened, seed: Contents) -> str:
    """The first file of the node that differs from the manifest."""
    manifest = image.manifest
    files = image.format.read_back({path.removeprefix(SEED_FOLDER): data for path, (_, data) in seed.items()})
    if files is None or not manifest.node_files:
        return ""
    there = {
        path: entry(path, file.content, mode=file.mode, owner=file.owner) for path, file in files.items()
    }
    return difference(manifest.node_files, there)
