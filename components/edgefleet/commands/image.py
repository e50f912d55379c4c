"""`edgefleet image`: build images without any engine, check built ones, and write one to a disk."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from edgefleet.commands import build_job, bulk, flash, image_diff, image_serve, options, verifying
from edgefleet.commands.screen import show
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import check_which
from edgefleet.errors import InvalidInput, Problem

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to put SITE/NODE.*; made if missing.")]
Jobs = Annotated[
    int, typer.Option("-j", "--jobs", min=0, max=256, help="Processes; as many as processors unless said.")
]
Share = Annotated[
    Literal["copy", "reference"],
    typer.Option(
        "--share",
        help="copy: each raw image is a file of its own, by reflink where the file system can; reference: "
        "a descriptor that refers to its base, which `image write` reads.",
    ),
]
SIGNED = "Sign what is built: a file with a private key (PEM, Ed25519 or P-256), or awskms:ARN."
Discard = Annotated[
    bool, typer.Option("--discard", help="Remove composed images here once they are in the store.")
]


def group() -> typer.Typer:
    """The commands about images."""
    made = typer.Typer(no_args_is_help=True)
    made.callback()(_image)
    made.command("build")(build)
    made.command("build-plan")(build_plan)
    made.command("job")(build_job.job)
    made.command("write")(flash.write)
    made.command("verify")(verify)
    made.command("diff")(image_diff.diff)
    made.command("serve")(image_serve.serve)
    return made


def _image() -> None:
    """Build images without an engine, check built ones, write one to a disk."""


def build(  # noqa: PLR0913 - options
    context: typer.Context,
    *,
    stack: options.Stack,
    out: Out,
    site: Annotated[
        list[str] | None,
        typer.Option("--site", metavar="SITE", help="The site; may be given several times."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All sites of the stack.")] = False,
    jobs: Jobs = 0,
    share: Share = "copy",
    upload: Annotated[
        bool, typer.Option("--upload", help="Keep composed images in the fleet's store, too.")
    ] = False,
    discard: Discard = False,
    sign_key: Annotated[
        str | None,
        typer.Option(
            "--sign-key", metavar="KEY", help=f"{SIGNED} images.signKey of the fleet file unless said."
        ),
    ] = None,
) -> None:
    """Build the images of sites: seeds are the same bytes as `up` stores."""
    from edgefleet.commands import store

    session = session_of(context)
    check_choice(site, all_, discard=discard, upload=upload)
    wanted = bulk.order(session, stack, None if all_ else site)
    place = store.place(session, wanted.fleet) if upload else None
    shop = bulk.workshop(session, out, share, place, is_discarding=discard)
    shop = bulk.signing(session, shop, sign_key or wanted.fleet.images.sign_key)
    shop = replace(shop, known=wanted.known())
    bulk.build(session, wanted.jobs, len(wanted.sites), shop, jobs or bulk.processors())


def check_choice(site: list[str] | None, all_: bool, *, discard: bool, upload: bool) -> None:  # noqa: FBT001
    """Refuse options that do not go together."""
    check_which(site, is_all=all_)
    if discard and not upload:
        problem = "--discard removes images that are in the store, and nothing is put there"
        raise InvalidInput(Problem(code="discard", problem=problem, hint="add --upload"))


def build_plan(  # noqa: PLR0913 - options
    context: typer.Context,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A shard that `image job` made.")],
    *,
    out: Out,
    jobs: Jobs = 0,
    share: Share = "copy",
    upload: Annotated[
        bool, typer.Option("--upload", help="Keep composed images in each site's store, too.")
    ] = False,
    discard: Discard = False,
    sign_key: Annotated[str | None, typer.Option("--sign-key", metavar="KEY", help=SIGNED)] = None,
) -> None:
    """Build what a plan says, as a worker that knows its sites' keys alone."""
    from edgefleet.io import disk
    from edgefleet.io.store.place import StorePlace
    from edgefleet.site import build_plan as plans

    session = session_of(context)
    check_choice(["of the plan"], False, discard=discard, upload=upload)
    data = disk.read(session.project / plan)
    if data is None:
        hint = "name the shard's file; `edgefleet image job` makes shards"
        raise InvalidInput(Problem(code="no-file", where=str(plan), problem="is not there", hint=hint))
    found = plans.from_bytes(data, str(plan))
    place = StorePlace(uri="", root=session.project) if upload else None
    shop = bulk.signing(session, bulk.workshop(session, out, share, place, is_discarding=discard), sign_key)
    shop = replace(shop, known=bulk.known_of(found))
    bulk.build(session, iter(found), len(found), shop, jobs or bulk.processors())


def verify(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Images, or folders that `image build` made.")
    ],
    *,
    key: Annotated[
        list[Path] | None,
        typer.Option(
            "--key", metavar="FILE", help="A public key that you trust (PEM); one must have signed."
        ),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option("-s", "--stack", metavar="STACK", help="Trust images.trustedKeys of its fleet file."),
    ] = None,
) -> None:
    """Check built images against what stands beside them, offline; says the first file that differs."""
    session = session_of(context)
    trusted = verifying.trusted(session, key or (), stack)
    found = [session.project / path for path in paths]
    for each in verifying.verify(found, verifying.cache(session), trusted):
        lines = [f"{_named(session, each.image)}  as built", f"    {each.digest}"]
        show(session, lines + [f"    {note}" for note in each.notes])


def _named(session: Session, file: Path) -> Path:
    """`file` as it is called from the project."""
    return file.relative_to(session.project) if file.is_relative_to(session.project) else file
