"""`edgefleet image write`: one node's image to a stick, card or disk, and read back."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from edgefleet.commands import bulk, options
from edgefleet.commands.screen import agrees, remark, show
from edgefleet.commands.selection import Selector, selecting, single
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import known_node, load
from edgefleet.errors import InvalidInput
from edgefleet.images import FORMATS
from edgefleet.io import devices
from edgefleet.model.site_resource import IMAGE
from edgefleet.report import device as device_report
from edgefleet.report.progress import transfer
from edgefleet.site import flashing
from edgefleet.site.building import BuildContext, build_site
from edgefleet.site.built import BuiltImage
from edgefleet.site.manifest import PAYLOAD, seed_beside

BUILT = ".edgefleet/built"


@selecting
def write(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: options.Stack,
    which: Selector,
    device: Annotated[
        Path, typer.Option("--device", metavar="DEVICE", help="The disk to write to; its contents are lost.")
    ],
    node: options.Node = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where images are built, or were built before.")
    ] = Path(BUILT),
    seed: Annotated[
        bool, typer.Option("--seed", help="Write the seed of a node whose payload is on a separate medium.")
    ] = False,
    fixed: Annotated[bool, typer.Option("--fixed", help="Allow a built-in disk.")] = False,
    yes: options.Yes = False,
) -> None:
    """Write a node's image to a disk and verify it.

    Shows what is on the disk, asks, writes the image, and reads it back.
    """
    session = session_of(context)
    disk = devices.read(session.project / device)
    if problems := list(flashing.problems(disk, 0, may_be_fixed=fixed)):
        raise InvalidInput(problems)
    site = single(which, load(session.project, stack))
    image, file = _built(session, stack, (site, node), out, is_seed=seed)
    if problems := list(flashing.problems(disk, image.size, may_be_fixed=fixed)):
        raise InvalidInput(problems)
    show(session, device_report.lines(disk))
    question = f"write {site}/{image.node} ({decimal(image.size)}) to {device} and erase its contents?"
    if not yes and not agrees(session, question):
        raise InvalidInput.at("", "not-agreed", "nothing was written", "answer y to write")
    drawn = partial(transfer, session.err, is_animated=session.is_animated)
    devices.write_verified(file, image.digest, image.size, disk, drawn)
    show(session, [f"{device}  contains {site}/{image.node}, verified", f"    {IMAGE} {image.digest}"])
    remark(
        session, f"when the node runs it: edgefleet sites ack -s {stack} --target {site} --node {image.node}"
    )


def _built(
    session: Session, stack: str, named: tuple[str, str | None], out: Path, *, is_seed: bool
) -> tuple[BuiltImage, Path]:
    """The image of the named site and node, and its file; built now unless it is finished.

    Raises:
        InvalidInput: no node is named, or its image is not for a disk.
        OutsideFailure: it could not be built.
        Refused: it would contain a secret of another site.
    """
    site, node = named
    assembly = bulk.order(session, stack, Selector(target=(site,)))
    name = known_node(assembly.fleet, site, node)
    kind = assembly.fleet.sites[site].nodes[name].image.format
    setup = BuildContext(
        out=session.project / out / stack, supplies=bulk.supplies(session), known=assembly.known()
    )
    built = build_site(assembly.inputs(site), context=setup, node=name)
    if built.problems:
        raise bulk.failure(built.problems)
    (image,) = built.images
    if is_seed:
        image = seed_beside(image, setup.out / site, FORMATS[kind].suffix)
    if not (FORMATS[kind].is_for_disks or image.image.endswith(PAYLOAD)):
        problem = f"an image of format {kind} cannot be written to a disk"
        hint = f"it is {out / stack / site / image.image}; see docs/images/formats.md for how to install it"
        raise InvalidInput.at(f"{site}/{name}", "not-for-disks", problem, hint)
    return image, setup.out / site / image.image
