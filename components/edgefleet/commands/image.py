"""`edgefleet image`: build a site's images without any engine, and check images that were built."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import options, rendering, verifying
from edgefleet.commands.screen import say, show
from edgefleet.commands.session import Session, session_of


def group() -> typer.Typer:
    """The commands about images."""
    made = typer.Typer(no_args_is_help=True)
    made.callback()(_image)
    made.command("build")(build)
    made.command("verify")(verify)
    return made


def _image() -> None:
    """Build images without an engine, check built ones."""


def build(
    context: typer.Context,
    *,
    stack: options.Stack,
    site: Annotated[
        list[str], typer.Option("--site", metavar="SITE", help="The site; may be given several times.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where to put SITE/NODE.iso; made if missing.")
    ],
) -> None:
    """Build the images of sites: the same bytes as `up` stores."""
    from edgefleet.io import disk

    session = session_of(context)
    for name, images in rendering.build(session, stack, site).items():
        folder = session.project / out / name
        for node, image in images.items():
            disk.write(folder / f"{node}.iso", image.data)
            show(session, [f"{out / name / node}.iso", f"    {image.digest}"])
        disk.write(folder / verifying.MANIFEST, verifying.manifest(name, images))
    say(session, "images hold the site's credentials: keep them private")


def verify(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="An image, or a folder that `image build` made.")
    ],
) -> None:
    """Check built images against their manifest; says the first file that differs."""
    session = session_of(context)
    for file, digest in verifying.verify(session.project / path).items():
        show(session, [f"{_named(session, file)}  as built", f"    {digest}"])


def _named(session: Session, file: Path) -> Path:
    """`file` as it is called from the project."""
    return file.relative_to(session.project) if file.is_relative_to(session.project) else file
