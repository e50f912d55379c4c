"""Refusing an image in which a secret of another site was found.

What is a site's own in an image is read from the finished image; base and payload, which many images share,
are looked at once for each digest. A secret is told by whose and what it is, and never shown.
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
"""Parts of a disk image that many images have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """For whom is looked, and for what."""

    known: Known = field(repr=False)
    site: str
    node: str
    used: frozenset[str]
    """Names of the stack's secrets that the site may hold."""
    kept: Path
    """Directory for marks of what many images share."""

    def check(self, data: bytes, where: str) -> None:
        """Look at what is this image's own.

        Args:
            data: the bytes.
            where: what they are, ``user-data``.

        Raises:
            InvalidInput: another's secret is in there.
        """
        found = marks(data, self.known.values)
        self._refuse(self.known.others(found, self.site, self.used), where)

    def check_file(self, path: Path, digest: str, where: str) -> None:
        """Look at a file that many images share; its digest is hex."""
        there = secret_fingerprints.marks(path, digest.removeprefix("sha256:"), self.kept)
        found = iter(there & self.known.marks.keys())
        self._refuse(self.known.others(found, self.site, self.used), where)

    def check_payload(self, folder: Path) -> None:
        """Look at what is carried."""
        for entry in listed(folder):
            self.check_file(folder / entry.path.partition("/")[2], entry.digest, entry.path)

    def check_composed(self, image: Path, made: Composed) -> None:
        """Look at what is its own in a finished image, in its bytes."""
        try:
            for data, where in _own(image, made):
                self.check(data, where)
        except ValueError:  # no file of it can be told apart: all of it is looked at as it is
            self._refuse(
                self.known.others(secret_fingerprints.fresh(image), self.site, self.used), image.name
            )

    def _refuse(self, whose: Whose | None, where: str) -> None:
        if whose is None:
            return
        site, what = whose
        of = f"of site {site}" if site else "of the stack"
        raise InvalidInput(
            Problem(
                code="leak",
                where=f"{self.site}/{self.node}",
                problem=f"its image would hold a secret {of} in {where}: {what}",
                hint=(
                    "remove it from the fleet file, base or payload that it comes from (no node may "
                    "have run from a base); nothing of this image was kept"
                ),
            )
        )


def _own(image: Path, made: Composed) -> Iterator[tuple[bytes, str]]:
    """(bytes, what they are) of an image that no other has."""
    if made.pieces:
        yield from _of_disk(image, made)
        return
    promised = frozenset(each.path for each in made.files if not each.path.startswith(CARRIED))
    for found in own_files(image, promised):
        yield b"".join(found.pieces), found.path


def _of_disk(image: Path, made: Composed) -> Iterator[tuple[bytes, str]]:
    runs: list[Extent] = [Extent(part="image", offset=0, length=made.size)]
    parts = {"image": image}
    if made.beside:
        runs, parts = extents.read_reference(image, lambda _: None)
    for piece in made.pieces:
        run = run_of(piece, runs, parts) if piece.part not in SHARED_PARTS else None
        if run is not None:
            yield b"".join(run.read()), f"its {piece.part}"
