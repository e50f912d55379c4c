"""`edgefleet image verify`: built images against the manifest, bill and signature beside them, offline."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import stack
from edgefleet.commands.screen import show
from edgefleet.commands.session import Session, session_of
from edgefleet.errors import EdgefleetError, InvalidInput, Problem
from edgefleet.io import disk
from edgefleet.io.artifact_cache import ArtifactCache, root_of
from edgefleet.io.signing import PublicKey, read_public
from edgefleet.site.signature_check import check_beside
from edgefleet.site.verification import Find, check, opened

MANIFEST = "manifest.json"
HINT = "build the image again; do not write a medium from this one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """An image that is as it was built."""

    image: Path
    digest: str
    notes: tuple[str, ...] = ()
    """What could not be verified, and why."""


def verify(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Images, or folders that `image build` wrote.")
    ],
    *,
    key: Annotated[
        list[Path] | None,
        typer.Option(
            "--key", metavar="FILE", help="A trusted public key (PEM); repeatable, one must have signed."
        ),
    ] = None,
    stack_: Annotated[
        str | None,
        typer.Option("-s", "--stack", metavar="STACK", help="Trust images.trustedKeys of its fleet file."),
    ] = None,
) -> None:
    """Verify built images offline.

    Reports the first file of each image that differs from its manifest.
    """
    session = session_of(context)
    keys = trusted_keys(session, key or (), stack_)
    found = [session.project / path for path in paths]
    for each in verified_images(found, cache(session), keys):
        lines = [f"{_named(session, each.image)}  as built", f"    {each.digest}"]
        show(session, lines + [f"    {note}" for note in each.notes])


def _named(session: Session, file: Path) -> Path:
    """`file` as it is called from the project."""
    return file.relative_to(session.project) if file.is_relative_to(session.project) else file


def cache(session: Session) -> Find:
    """Finds files in the cache of artifacts."""
    return lambda sha256: ArtifactCache(root_of(session.environment), project=session.project).path(sha256)


def trusted_keys(session: Session, files: Iterable[Path], name: str | None) -> list[PublicKey]:
    """The public keys that signatures are checked against: those in `files` and of a stack's fleet file.

    Raises:
        InvalidInput: one is not there, or is no public key; the stack names none.
    """
    named = stack.load(session.project, name).images.trusted_keys if name is not None else ()
    if name is not None and not named:
        problem, hint = (
            "its fleet file names no trusted key",
            "add images.trustedKeys, or name one with --key",
        )
        raise InvalidInput(Problem(code="no-trusted-key", where=name, problem=problem, hint=hint))
    places = [*files, *(Path(each.removeprefix("file:")) for each in named)]
    return [read_public(session.project / place) for place in places]


def verified_images(paths: Iterable[Path], find: Find, keys: Sequence[PublicKey] = ()) -> list[Verified]:
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


def _verified(image: Path, find: Find, keys: Sequence[PublicKey]) -> Verified:

    found = opened(image, find)
    notes = (*check(found), check_beside(found, keys))
    return Verified(image=image, digest=found.manifest.digest, notes=notes)


def images(path: Path) -> Iterator[Path]:
    """The images at `path`: itself, or those that the manifests in it, or one folder below, tell of.

    Raises:
        InvalidInput: there are none, or one of a site was never built.
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
    listed = {folder: _listed(folder) for folder in found}
    if unbuilt := [each for of in listed.values() for each in of.problems]:
        raise InvalidInput(unbuilt)
    for folder, of in listed.items():
        yield from (folder / name for name in of.images)


def _none(path: Path) -> InvalidInput:
    problem, hint = (
        f"has no {MANIFEST} beside an image",
        "name an image or a folder that edgefleet image build wrote",
    )
    return InvalidInput(Problem(code="no-manifest", where=str(path), problem=problem, hint=hint))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What a manifest of images lists."""

    images: tuple[str, ...]
    problems: tuple[Problem, ...]
    """Nodes whose build failed: the site is incomplete."""


def _listed(folder: Path) -> _Listed:

    try:
        plain = json.loads(disk.read(folder / MANIFEST) or b"")
        found, missing = plain["images"], [str(each) for each in plain.get("missing", ())]
        if all(isinstance(each["digest"], str) and "/" not in name for name, each in found.items()):
            problem, hint = (
                f"there is no image of {', '.join(missing)}: its build failed",
                "build the site again",
            )
            unbuilt = Problem(code="not-built", where=str(folder), problem=problem, hint=hint)
            return _Listed(images=tuple(sorted(found)), problems=(unbuilt,) if missing else ())
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise InvalidInput(
        Problem(
            code="bad-manifest",
            where=str(folder / MANIFEST),
            problem="is not a manifest of images",
            hint=HINT,
        )
    )
