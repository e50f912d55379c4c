"""The verdict about each image and each folder of a build: attestations, then bytes, then what is missing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgefleet.errors import EdgefleetError, InvalidInput, Problem
from edgefleet.io.signing import PublicKey
from edgefleet.site.attestations import attested
from edgefleet.site.expectation import Expectation
from edgefleet.site.inventory import Inventory, folders, inventory, missing, nothing_built, strangers
from edgefleet.site.manifest import ONE, Manifest
from edgefleet.site.verification import Find, check, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result for one image, or for one folder."""

    path: Path
    digest: str = ""
    """Of a good image."""
    notes: tuple[str, ...] = ()
    """The checks that were not possible, and the signer."""
    problems: tuple[Problem, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether it is of an image that may be used."""
        return bool(self.digest) and not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What images are verified against."""

    find: Find
    trusted: tuple[PublicKey, ...] = ()
    """Keys of which one must have signed each image; empty if none needs to be signed."""
    sites: frozenset[str] | None = None
    """The sites of the fleet file; `None` if it is not known, so that images of any time are good."""
    expected: Callable[[str], Expectation] | None = None
    """A site of `sites` -> its images."""

    def at(self, path: Path) -> Iterator[Verdict]:
        """The verdicts about `path`: an image, a site's folder, or a folder of sites.

        Raises:
            InvalidInput: nothing that was built is there.
        """
        if not path.is_dir():
            if not path.with_name(f"{path.name}{ONE}").exists():
                raise nothing_built(path)
            yield self._image(path)[0]
            return
        sites = folders(path)
        for folder in sites:
            yield from self._folder(inventory(folder))
        if sites == [path]:
            return
        if problems := tuple(strangers(path, sites)):
            yield Verdict(path=path, problems=problems)
        lost = (self.sites or frozenset()) - {folder.name for folder in sites}
        for site in sorted(lost):
            yield Verdict(path=path / site, problems=(missing(path / site, "this site"),))

    def _image(self, image: Path) -> tuple[Verdict, Manifest | None]:
        try:
            there = attested(image, self.trusted, self._expected(image.parent))
            notes = check(opened(image, there.manifest, self.find), is_trusted=there.is_trusted)
        except EdgefleetError as error:
            return Verdict(path=image, problems=error.problems), None
        verdict = Verdict(path=image, digest=there.manifest.digest, notes=(*notes, there.signer))
        return verdict, there.manifest

    def _expected(self, folder: Path) -> Expectation | None:
        if self.sites is None or self.expected is None:
            return None
        if folder.name not in self.sites:
            problem = "the fleet file has no such site"
            raise InvalidInput.at(folder, "other-site", problem, "remove it: its images are of no use")
        return self.expected(folder.name)

    def _folder(self, folder: Inventory) -> Iterator[Verdict]:
        problems, manifests = [*folder.problems], []
        for image in folder.images:
            verdict, manifest = self._image(image)
            yield verdict
            if manifest is not None:
                manifests.append(manifest)
                problems += folder.flaws(image, manifest)
        if self.expected is None:
            problems += folder.missing(node for manifest in manifests for node in manifest.site_nodes)
        elif folder.folder.name in (self.sites or ()):
            problems += folder.unlisted(self.expected(folder.folder.name).names)
        if problems:
            yield Verdict(path=folder.folder, problems=tuple(dict.fromkeys(problems)))
