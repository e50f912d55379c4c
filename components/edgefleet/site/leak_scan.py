"""Refusing an image that holds a secret of another site.

A site's own parts are read from the finished image; base and payload, which many images share, are scanned
once for each digest. A report names a secret and its site, and never shows it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edgefleet.errors import InvalidInput, Problem
from edgefleet.io import extents
from edgefleet.io.image_reading import own_files, run_of
from edgefleet.io.payload_listing import listed
from edgefleet.keys.secret_scan import Known, Whose, marks
from edgefleet.model.composing import Composed
from edgefleet.model.disk_layout import Extent
from edgefleet.site import secret_fingerprints
from edgefleet.site.manifest import CARRIED

SHARED_PARTS = frozenset({"base", "payload"})
"""Parts of a disk image that many images share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan of one node's image."""

    known: Known = field(repr=False)
    site: str
    node: str
    used: frozenset[str]
    """Names of the stack's secrets that the site may hold."""
    marks: Path
    """Directory for marks of files that many images share."""

    def check(self, data: bytes, where: str) -> None:
        """Scan a part of this image alone.

        Args:
            data: the bytes.
            where: their name, ``user-data``.

        Raises:
            InvalidInput: they hold another site's secret.
        """
        found = marks(data, self.known.values)
        self._refuse(self.known.others(found, self.site, self.used), where)

    def check_file(self, path: Path, digest: str, where: str) -> None:
        """Scan a file that many images share; its digest is hex."""
        there = secret_fingerprints.marks(path, digest.removeprefix("sha256:"), self.marks)
        found = iter(there & self.known.marks.keys())
        self._refuse(self.known.others(found, self.site, self.used), where)

    def check_payload(self, folder: Path) -> None:
        """Scan the payload."""
        for entry in listed(folder):
            self.check_file(folder / entry.path.partition("/")[2], entry.digest, entry.path)

    def check_composed(self, image: Path, made: Composed) -> None:
        """Scan the bytes of a finished image that it does not share."""
        try:
            for data, where in _own(image, made):
                self.check(data, where)
        except ValueError:  # without separable files: all of its bytes are scanned
            self._refuse(
                self.known.others(secret_fingerprints.fresh(image), self.site, self.used), image.name
            )

    def _refuse(self, whose: Whose | None, where: str) -> None:
        if whose is None:
            return
        site, secret = whose
        of = f"of site {site}" if site else "of the stack"
        raise InvalidInput(
            Problem(
                code="leak",
                where=f"{self.site}/{self.node}",
                problem=f"its image would hold a secret {of} in {where}: {secret}",
                hint=(
                    "remove it from the fleet file, base or payload that it comes from (no node may "
                    "have run from a base); nothing of this image was kept"
                ),
            )
        )


def _own(image: Path, composed: Composed) -> Iterator[tuple[bytes, str]]:
    """(bytes, their name) of the parts of an image that no other shares."""
    if composed.pieces:
        yield from _of_disk(image, composed)
        return
    promised = frozenset(each.path for each in composed.files if not each.path.startswith(CARRIED))
    for file in own_files(image, promised):
        yield b"".join(file.pieces), file.path


def _of_disk(image: Path, composed: Composed) -> Iterator[tuple[bytes, str]]:
    runs: list[Extent] = [Extent(part="image", offset=0, length=composed.size)]
    parts = {"image": image}
    if composed.beside:
        runs, parts = extents.read_reference(image, lambda _: None)
    for piece in composed.pieces:
        run = run_of(piece, runs, parts) if piece.part not in SHARED_PARTS else None
        if run is not None:
            yield b"".join(run.read()), f"its {piece.part}"
