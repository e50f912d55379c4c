"""The images in a folder of a build, and what is missing or does not belong there.

The list of images (``manifest.json``) is not signed. So an image is also found by its own manifest, the
signed ones name all nodes of the site, and a file that belongs to no image is reported.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgefleet.errors import EdgefleetError, InvalidInput, Problem
from edgefleet.io import disk
from edgefleet.site.attestations import KEY, paths
from edgefleet.site.manifest import HINT, MANIFEST, ONE, PAYLOAD, Index, Listed, Manifest, read_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The folder of one site."""

    folder: Path
    images: tuple[Path, ...]
    index: Index | None
    """Its list of images; `None` if that is not readable."""
    problems: tuple[Problem, ...] = ()

    def flaws(self, image: Path, manifest: Manifest) -> Iterator[Problem]:
        """The difference between an image's manifest and the list, if there is one."""
        listed = Listed(node=manifest.node, digest=manifest.digest, size=manifest.size, parts=manifest.parts)
        if self.index is not None and self.index.images.get(image.name) != listed:
            problem = f"{image.name} is not what {image.name}{ONE} states"
            yield _problem(self.folder / MANIFEST, "bad-manifest", problem)

    def missing(self, nodes: Iterable[str]) -> Iterator[Problem]:
        """Those of `nodes` that have no image, and whose build is not known to have failed."""
        there = {image.name.partition(".")[0] for image in self.images if not image.name.endswith(PAYLOAD)}
        for node in sorted({*nodes} - there - self._failed):
            yield missing(self.folder, f"node {node}")

    def unlisted(self, expected: Iterable[frozenset[str]]) -> Iterator[Problem]:
        """Images that the fleet file asks for and that are not there; of each the names that it may have."""
        for names in expected:
            node = min(names).partition(".")[0]
            if not names & {image.name for image in self.images} and node not in self._failed:
                yield missing(self.folder, f"node {node}: {min(names)}")

    @property
    def _failed(self) -> frozenset[str]:
        return frozenset() if self.index is None else frozenset(self.index.missing)


REBUILD = "build the site again"


def missing(folder: Path, what: str) -> Problem:
    """The problem of an image that is expected in `folder`."""
    return _problem(folder, "missing-image", f"there is no image of {what}", REBUILD)


def inventory(folder: Path) -> Inventory:
    """The images of the site in `folder`; no image is opened."""
    names = _names(folder)
    problems: list[Problem] = []
    index = None
    if folder.is_symlink():
        problems.append(_problem(folder, "symlink", "is a symbolic link", "verify the folder that it names"))
    try:
        index = read_index(folder)
    except EdgefleetError as error:
        problems += error.problems
    if index is not None and index.site != folder.name:
        problem = f"lists the images of site {index.site}; the folder is that of site {folder.name}"
        problems.append(_problem(folder / MANIFEST, "wrong-place", problem))
    if index is not None and index.missing:
        problem = f"there is no image of {', '.join(index.missing)}: its build failed"
        problems.append(_problem(folder, "not-built", problem, REBUILD))
    described = {name.removesuffix(ONE) for name in names if name.endswith(ONE)}
    images = tuple(folder / name for name in sorted(described | (index.images.keys() if index else set())))
    known = {MANIFEST, KEY}
    for image in images:
        known |= {image.name, image.with_suffix(".parts").name, *(path.name for path in paths(image))}
    problems += _extra(folder, names - known, "belongs to no image of this site")
    return Inventory(folder=folder, images=images, index=index, problems=tuple(problems))


def folders(path: Path) -> list[Path]:
    """The folders of sites at `path`: itself, or those in it.

    Raises:
        InvalidInput: there is none.
    """
    for pattern in ("*" + MANIFEST, "*/*" + MANIFEST):
        if found := sorted({file.parent for file in path.glob(pattern)}):
            return found
    raise nothing_built(path)


def strangers(path: Path, sites: Iterable[Path]) -> Iterator[Problem]:
    """Entries of `path` beside the folders of sites: one without any manifest may still hold an image."""
    return _extra(path, _names(path) - {folder.name for folder in sites}, "is not the folder of a site")


def _names(folder: Path) -> set[str]:
    with disk.explaining(folder, "cannot be listed"):
        return {name for name in os.listdir(folder) if not name.startswith(".")}  # noqa: PTH208 - names alone


def _extra(folder: Path, names: Iterable[str], problem: str) -> Iterator[Problem]:
    hint = "remove it, or keep it elsewhere; do not write a medium from it"
    return (_problem(folder / name, "extra-file", problem, hint) for name in sorted(names))


def nothing_built(path: Path) -> InvalidInput:
    """The error of a path that holds nothing that was built."""
    problem = f"has no {MANIFEST} beside an image"
    hint = "name an image or a folder that edgefleet image build wrote"
    return InvalidInput.at(path, "no-manifest", problem, hint)


def _problem(where: Path, code: str, problem: str, hint: str = HINT) -> Problem:
    return Problem(code=code, where=str(where), problem=problem, hint=hint)
