"""`edgefleet image build` and `build-plan`: build images without an engine."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from edgefleet.commands import bulk, emulator, options
from edgefleet.commands.session import session_of
from edgefleet.commands.stack import check_which
from edgefleet.errors import InvalidInput, Problem
from edgefleet.io import disk
from edgefleet.io.store import StorePlace
from edgefleet.site.build_job import from_bytes
from edgefleet.site.inputs import known_of

Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Where to put SITE/NODE.*; created if missing.")
]
Jobs = Annotated[
    int, typer.Option("-j", "--jobs", min=0, max=256, help="Processes; default: one per processor.")
]
Share = Annotated[
    Literal["copy", "reference"],
    typer.Option(
        "--share",
        help="copy: each raw image is a separate file, by reflink if the file system supports it; reference: "
        "a descriptor that refers to its base, which `image write` reads.",
    ),
]
SIGNED = "Sign the images: a file with a private key (PEM, Ed25519 or P-256), or awskms:ARN."
Discard = Annotated[
    bool, typer.Option("--discard", help="Remove local composed images once they are in the store.")
]


def build(  # noqa: PLR0913 - options
    context: typer.Context,
    *,
    stack: options.Stack,
    out: Out,
    site: Annotated[
        list[str] | None,
        typer.Option("--site", metavar="SITE", help="The site; repeatable."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All sites of the stack.")] = False,
    jobs: Jobs = 0,
    share: Share = "copy",
    upload: Annotated[
        bool, typer.Option("--upload", help="Also put composed images into the fleet's store.")
    ] = False,
    discard: Discard = False,
    sign_key: Annotated[
        str | None,
        typer.Option(
            "--sign-key", metavar="KEY", help=f"{SIGNED} default: images.signKey of the fleet file."
        ),
    ] = None,
) -> None:
    """Build the images of sites.

    Seeds have the same bytes as those that `up` stores.
    """
    session = session_of(context)
    check_choice(site, all_, discard=discard, upload=upload)
    assembly = bulk.order(session, stack, None if all_ else site)
    place = emulator.place(session, assembly.fleet) if upload else None
    setup = bulk.build_context(session, out, share, place, is_discarding=discard)
    setup = bulk.signing(session, setup, sign_key or assembly.fleet.images.sign_key)
    setup = replace(setup, known=assembly.known())
    bulk.build(session, assembly.all_inputs(), len(assembly.sites), setup, jobs or bulk.processors())


def check_choice(site: list[str] | None, all_: bool, *, discard: bool, upload: bool) -> None:  # noqa: FBT001
    """Refuse options that do not go together."""
    check_which(site, is_all=all_)
    if discard and not upload:
        problem = "--discard removes images that are in the store, but nothing is uploaded"
        raise InvalidInput(Problem(code="discard", problem=problem, hint="add --upload"))


def build_plan(  # noqa: PLR0913 - options
    context: typer.Context,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A shard that `image job` wrote.")],
    *,
    out: Out,
    jobs: Jobs = 0,
    share: Share = "copy",
    upload: Annotated[
        bool, typer.Option("--upload", help="Also put composed images into each site's store.")
    ] = False,
    discard: Discard = False,
    sign_key: Annotated[str | None, typer.Option("--sign-key", metavar="KEY", help=SIGNED)] = None,
) -> None:
    """Build a shard that `image job` wrote.

    A worker of `image job` runs this; it knows only the keys of its own sites.
    """
    session = session_of(context)
    check_choice(["of the plan"], False, discard=discard, upload=upload)
    data = disk.read(session.project / plan)
    if data is None:
        hint = "name a shard's file; edgefleet image job writes shards"
        raise InvalidInput(Problem(code="no-file", where=str(plan), problem="does not exist", hint=hint))
    sites = from_bytes(data, str(plan))
    place = StorePlace(uri="", root=session.project) if upload else None
    setup = bulk.build_context(session, out, share, place, is_discarding=discard)
    setup = bulk.signing(session, setup, sign_key)
    setup = replace(setup, known=known_of(sites))
    bulk.build(session, sites, len(sites), setup, jobs or bulk.processors())
