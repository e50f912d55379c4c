"""`edgefleet image verify`: verify images against their manifest, bill and signature, offline."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import stack
from edgefleet.commands.screen import show
from edgefleet.commands.session import Session, session_of
from edgefleet.errors import EdgefleetError, InvalidInput, Problem
from edgefleet.io.artifact_cache import ArtifactCache, root_of
from edgefleet.io.signing import PublicKey, read_public
from edgefleet.site.manifest import MANIFEST, ONE, Index, read_index
from edgefleet.site.signature_check import check_beside
from edgefleet.site.verification import Find, check, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """An image that is as it was built."""

    image: Path
    digest: str
    notes: tuple[str, ...] = ()
    """Checks that were not possible, and why."""


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
    files = [session.project / path for path in paths]
    for image in verified_images(files, cache(session), keys):
        lines = [f"{_named(session, image.image)}  as built", f"    {image.digest}"]
        show(session, lines + [f"    {note}" for note in image.notes])


def _named(session: Session, file: Path) -> Path:
    """`file` as it is called from the project."""
    return file.relative_to(session.project) if file.is_relative_to(session.project) else file


def cache(session: Session) -> Find:
    """Finds files in the cache of artifacts."""
    return lambda sha256: ArtifactCache(root_of(session.environment), project=session.project).path(sha256)


def trusted_keys(session: Session, files: Iterable[Path], name: str | None) -> list[PublicKey]:
    """The public keys to verify signatures with: those in `files` and of a stack's fleet file.

    Raises:
        InvalidInput: one is not there, or is no public key; the stack names none.
    """
    named = stack.load(session.project, name).images.trusted_keys if name is not None else ()
    if name is not None and not named:
        problem, hint = (
            "its fleet file names no trusted key",
            "add images.trustedKeys, or name one with --key",
        )
        raise InvalidInput.at(name, "no-trusted-key", problem, hint)
    places = [*files, *(Path(key.removeprefix("file:")) for key in named)]
    return [read_public(session.project / place) for place in places]


def verified_images(paths: Iterable[Path], find: Find, keys: Sequence[PublicKey] = ()) -> list[Verified]:
    """The images at `paths`, all as they were built.

    Args:
        paths: images, or folders that `edgefleet image build` made.
        find: hex SHA-256 -> a file that has it.
        keys: public keys that are trusted.

    Raises:
        InvalidInput: there is no image or no manifest, or images differ; names the first file of each.
    """
    verified: list[Verified] = []
    problems: list[Problem] = []
    for image in dict.fromkeys(file for path in paths for file in images(path)):
        try:
            verified.append(_verified(image, find, keys))
        except EdgefleetError as error:
            problems += error.problems
    if problems:
        raise InvalidInput(problems)
    return verified


def _verified(image: Path, find: Find, keys: Sequence[PublicKey]) -> Verified:
    opened_image = opened(image, find)
    notes = (*check(opened_image), check_beside(opened_image, keys))
    return Verified(image=image, digest=opened_image.manifest.digest, notes=notes)


def images(path: Path) -> Iterator[Path]:
    """The images at `path`: itself, or those listed in the manifests in it or one folder below.

    Raises:
        InvalidInput: there are none, or one of a site was never built.
    """
    if not path.is_dir():
        if not path.exists() and not path.with_name(f"{path.name}{ONE}").exists():
            raise _none(path)
        yield path
        return
    folders = [path] if (path / MANIFEST).is_file() else []
    folders += [file.parent for file in sorted(path.glob(f"*/{MANIFEST}"))]
    if not folders:
        raise _none(path)
    listed = {folder: read_index(folder) for folder in folders}
    if unbuilt := [_unbuilt(folder, index) for folder, index in listed.items() if index.missing]:
        raise InvalidInput(unbuilt)
    for folder, index in listed.items():
        yield from (folder / name for name in sorted(index.images))


def _none(path: Path) -> InvalidInput:
    problem = f"has no {MANIFEST} beside an image"
    hint = "name an image or a folder that edgefleet image build wrote"
    return InvalidInput.at(path, "no-manifest", problem, hint)


def _unbuilt(folder: Path, index: Index) -> Problem:
    problem = f"there is no image of {', '.join(index.missing)}: its build failed"
    return Problem(code="not-built", where=str(folder), problem=problem, hint="build the site again")
