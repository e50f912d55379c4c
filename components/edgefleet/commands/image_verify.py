"""`edgefleet image verify`: whether images are those that the fleet file asks for, as built; offline."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import secrets, stack
from edgefleet.commands.screen import remark, show
from edgefleet.commands.session import Session, session_of
from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.signing import PublicKey, read_public
from edgefleet.io.user_cache import root_of
from edgefleet.model.site_resource import IMAGE
from edgefleet.report.human import counted
from edgefleet.site.expectation import Expectation
from edgefleet.site.verdicts import Verdict, Verification
from edgefleet.site.verification import Find

GOOD = ("as built", "as built, and as the fleet file asks for")
"""The verdict about a good image, without and with a stack."""
UNDATED = "whether they are current and complete was not verified: name the stack with -s"


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
        typer.Option(
            "-s",
            "--stack",
            metavar="STACK",
            help="The stack whose fleet file must ask for these images; trusts its images.trustedKeys.",
        ),
    ] = None,
) -> None:
    """Verify built images offline.

    With -s: are these the images that the fleet file asks for now? Each refused image is named with a reason.
    """
    session = session_of(context)
    fleet = None if stack_ is None else stack.load(session.project, stack_)
    keys = trusted_keys(session, key or (), fleet)
    verification = Verification(find=cache(session), trusted=keys)
    if stack_ is not None and fleet is not None:
        assembly = secrets.assembled(session, stack_, fleet)
        expected = lru_cache(maxsize=1)(lambda site: Expectation.of(assembly.inputs(site)))
        verification = replace(verification, sites=frozenset(fleet.sites), expected=expected)
    places = [session.project / path for path in paths]
    verdicts = dict.fromkeys(verdict for place in places for verdict in verification.at(place))
    for verdict in verdicts:
        if verdict.is_good:
            lines = [
                f"{_named(session, verdict.path)}  {GOOD[stack_ is not None]}",
                f"    {IMAGE} {verdict.digest}",
            ]
            show(session, lines + [f"    {note}" for note in verdict.notes])
    show(session, [_summary(verdicts)])
    if stack_ is None:
        remark(session, UNDATED)
    if problems := [problem for verdict in verdicts for problem in verdict.problems]:
        raise InvalidInput(problems)


def _summary(verdicts: Iterable[Verdict]) -> str:
    """``2 images verified, 1 refused: older-image 1``."""
    verified = sum(verdict.is_good for verdict in verdicts)
    reasons = Counter(problem.code for verdict in verdicts for problem in verdict.problems)
    named = ", ".join(f"{code} {count:,}" for code, count in sorted(reasons.items()))
    return f"{counted(verified, 'image')} verified, {reasons.total():,} refused" + (named and f": {named}")


def _named(session: Session, file: Path) -> Path:
    """`file` as it is called from the project."""
    return file.relative_to(session.project) if file.is_relative_to(session.project) else file


def cache(session: Session) -> Find:
    """Finds files in the cache of artifacts."""
    return lambda sha256: ArtifactCache(root_of(session.environment), project=session.project).path(sha256)


def trusted_keys(session: Session, files: Iterable[Path], fleet: Fleet | None) -> tuple[PublicKey, ...]:
    """The public keys to verify signatures with: those in `files` and of the fleet file.

    Raises:
        InvalidInput: one is not there, or is no public key; the fleet file names none, and no file is given.
    """
    named = () if fleet is None else fleet.images.trusted_keys
    places = [*files, *(Path(key.removeprefix("file:")) for key in named)]
    if fleet is not None and not places:
        hint = "add images.trustedKeys, or name one with --key"
        raise InvalidInput.at(fleet.region, "no-trusted-key", "the fleet file names no trusted key", hint)
    return tuple(read_public(session.project / place) for place in places)
