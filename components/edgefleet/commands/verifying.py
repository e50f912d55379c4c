"""Checking built images against what stands beside them; all of it offline."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgefleet.commands.session import Session
from edgefleet.errors import EdgefleetError, InvalidInput, Problem

if TYPE_CHECKING:
    from edgefleet.io.signing import PublicKey
    from edgefleet.sites.checking import Find

MANIFEST = "manifest.json"
HINT = "build the image again, and write no medium from this one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """An image that is as it was built."""

    image: Path
    digest: str
    notes: tuple[str, ...] = ()
    """What could not be told, and why."""


def cache(session: Session) -> "Find":
    """Finds files in the cache of artifacts."""
    from edgefleet.io.artifact_cache import ArtifactCache, root_of

    return lambda sha256: ArtifactCache(root_of(session.environment), project=session.project).path(sha256)


def trusted(session: Session, files: Iterable[Path], name: str | None) -> "list[PublicKey]":
    """The public keys that signatures are checked against: those in `files` and of a stack's fleet file.

    Raises:
        InvalidInput: one is not there, or is no public key; the stack names none.
    """
    from edgefleet.commands import stack
    from edgefleet.io.signing import read_public

    named = stack.load(session.project, name).images.trusted_keys if name is not None else ()
    if name is not None and not named:
        problem, hint = (
            "its fleet file names no key to trust",
            "add images.trustedKeys, or name one with --key",
        )
        raise InvalidInput(Problem(code="no-trusted-key", where=name, problem=problem, hint=hint))
    places = [*files, *(Path(each.removeprefix("file:")) for each in named)]
    return [read_public(session.project / place) for place in places]


def verify(paths: Iterable[Path], find: "Find", keys: "Sequence[PublicKey]" = ()) -> list[Verified]:
    """The images at `paths`, all as they were built.

    Args:
        paths: images, or folders that `edgefleet image build` made.
        find: hex SHA-256 -> a file that has it.
        keys: public keys that are trusted.

    Raises:
        InvalidInput: there is no image or no manifest, or images differ; of each the first file is named.
    """
    verified: list[Verified] = []
    problems: list[Problem] = []
    for image in dict.fromkeys(each for path in paths for each in images(path)):
        try:
            verified.append(_verified(image, find, keys))
        except EdgefleetError as error:
            problems += error.problems
    if problems:
        raise InvalidInput(problems)
    return verified


def _verified(image: Path, find: "Find", keys: "Sequence[PublicKey]") -> Verified:
    from edgefleet.sites.checking import check, opened
    from edgefleet.sites.trust import check_beside

    found = opened(image, find)
    notes = (*check(found), check_beside(found, keys))
    return Verified(image=image, digest=found.manifest.digest, notes=notes)


def images(path: Path) -> Iterator[Path]:
    """The images at `path`: itself, or those that the manifests in it, or one folder below, tell of.

    Raises:
        InvalidInput: there are none.
    """
    if not path.is_dir():
        if not path.exists() and not path.with_name(f"{path.name}.{MANIFEST}").exists():
            raise _none(path)
        yield path
        return
    found = [path] if (path / MANIFEST).is_file() else []
    found += [each.parent for each in sorted(path.glob(f"*/{MANIFEST}"))]
    if not found:
        raise _none(path)
    for folder in found:
        yield from (folder / name for name in _listed(folder))


def _none(path: Path) -> InvalidInput:
    problem, hint = (
        f"there is no {MANIFEST} beside an image here",
        "name an image or a folder that `edgefleet image build` made",
    )
    return InvalidInput(Problem(code="no-manifest", where=str(path), problem=problem, hint=hint))


def _listed(folder: Path) -> list[str]:
    from edgefleet.io import disk

    try:
        found = json.loads(disk.read(folder / MANIFEST) or b"")["images"]
        if all(isinstance(each["digest"], str) and "/" not in name for name, each in found.items()):
            return sorted(found)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise InvalidInput(
        Problem(
            code="bad-manifest", where=str(folder / MANIFEST), problem="is no manifest of images", hint=HINT
        )
    )
