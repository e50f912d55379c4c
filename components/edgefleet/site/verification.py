"""Verifying a finished image against its manifest: its bytes, its files, and those on the node.

It works offline and as a stream: memory does not grow with the image. The first file that differs is named.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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


def opened(image: Path, find: Find) -> Opened:
    """The image and its manifest.

    Raises:
        InvalidInput: one of them is missing, or is something else.
    """
    beside = image.with_name(f"{image.name}{ONE}")
    data = disk.read(beside)
    if data is None:
        problem, hint = (
            f"there is no {beside.name} beside it",
            "name an output of `edgefleet image build`, with its files",
        )
        raise InvalidInput.at(image, "no-manifest", problem, hint)
    manifest = read_manifest(data, str(beside))
    if not image.is_file() or image.is_symlink():
        raise InvalidInput.at(image, "image-missing", "the image does not exist", HINT)
    if image.name.endswith(REFERENCE):
        runs, parts = extents.read_reference(image, find)
        return Opened(path=image, manifest=manifest, extents=runs, parts=parts)
    whole = [Extent(part="image", offset=0, length=image.stat().st_size)]
    return Opened(path=image, manifest=manifest, extents=whole, parts={"image": image})


def check(image: Opened) -> tuple[str, ...]:
    """The parts that were not checked for lack of a tool.

    Raises:
        InvalidInput: the image differs from its manifest; the first file that does is named.
    """
    actual, promised = extents.digest(image.extents, image.parts), image.manifest
    if (f"sha256:{actual.sha256}", actual.size) != (promised.digest, promised.size):
        size = "" if actual.size == promised.size else f" ({actual.size:,} bytes, not {promised.size:,})"
        problem = f"is sha256:{actual.sha256}, not {promised.digest}{size}: {first_difference(image)}"
        raise InvalidInput.at(image.path, "image-differs", problem, HINT)
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
    """The first file of an image that differs."""
    if not image.manifest.pieces:
        mismatch = _in_seed(image) or _in_payload(image)
        return mismatch or "all listed files match, but other bytes differ"
    for piece in image.manifest.pieces:
        run = image.run(piece) if piece.digest else None
        if piece.digest and (run is None or run.sha256() != piece.digest):
            mismatch = {"seed": _in_seed, "payload": _in_payload}.get(piece.part, lambda _: "")(image)
            return mismatch or WORDS.get(piece.part, f"{piece.part} differs")
    return "bytes of its base differ" if image.pieces("base") else "bytes between its partitions differ"


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
        return image_reading.read_seed(image.path.name, disk.read(image.path) or b"", image.format.only)
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
