"""`edgefleet image build` and `build-plan`: build images without an engine."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import bulk, options, stack_store
from edgefleet.commands.selection import Selector, selecting
from edgefleet.commands.session import session_of
from edgefleet.errors import InvalidInput
from edgefleet.io import disk
from edgefleet.io.signing import signing
from edgefleet.io.store import StorePlace
from edgefleet.model.composing import Share
from edgefleet.site.build_job import from_bytes
from edgefleet.site.building import BuildContext
from edgefleet.site.inputs import known_of

Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Where to put SITE/NODE.*; created if missing.")
]
Jobs = Annotated[
    int, typer.Option("-j", "--jobs", min=0, max=256, help="Processes; default: one per processor.")
]
ShareOption = Annotated[
    Share,
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


@selecting
def build(  # noqa: PLR0913 - options
    context: typer.Context,
    *,
    stack: options.Stack,
    out: Out,
    which: Selector,
    all_: Annotated[bool, typer.Option("--all", help="All sites of the stack.")] = False,
    jobs: Jobs = 0,
    share: ShareOption = "copy",
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
    check_choice(share, is_uploading=upload, is_discarding=discard)
    assembly = bulk.order(session, stack, which, is_all=all_)
    key = sign_key or assembly.fleet.images.sign_key
    setup = BuildContext(
        out=session.project / out,
        supplies=bulk.supplies(session),
        share=share,
        upload=stack_store.place(session, assembly.fleet) if upload else None,
        known=assembly.known(),
        signing=signing(key, session.project) if key else None,
        is_discarding=discard,
    )
    bulk.build(session, assembly.all_inputs(), len(assembly.sites), setup, jobs or bulk.processors())


def check_choice(share: Share, *, is_uploading: bool, is_discarding: bool) -> None:
    """Refuse options that do not go together."""
    if is_discarding and not is_uploading:
        problem = "--discard removes images that are in the store, but nothing is uploaded"
        raise InvalidInput.at("", "discard", problem, "add --upload")
    if share == "reference" and is_uploading:
        problem = "an image that refers to its base is usable on this machine only"
        raise InvalidInput.at("", "share", problem, "leave out --share or --upload")


def build_plan(  # noqa: PLR0913 - options
    context: typer.Context,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A shard that `image job` wrote.")],
    *,
    out: Out,
    jobs: Jobs = 0,
    share: ShareOption = "copy",
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
    check_choice(share, is_uploading=upload, is_discarding=discard)
    data = disk.read(session.project / plan)
    if data is None:
        hint = "name a shard's file; edgefleet image job writes shards"
        raise InvalidInput.at(plan, "no-file", "does not exist", hint)
    sites = from_bytes(data, str(plan))
    setup = BuildContext(
        out=session.project / out,
        supplies=bulk.supplies(session),
        share=share,
        upload=StorePlace(uri="", root=session.project) if upload else None,
        known=known_of(sites),
        signing=signing(sign_key, session.project) if sign_key else None,
        is_discarding=discard,
    )
    bulk.build(session, sites, len(sites), setup, jobs or bulk.processors())
