"""`edgefleet sites sheet`: a page to print for each site, for the technician who installs its nodes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import options, secrets, stack
from edgefleet.commands.screen import remark, show
from edgefleet.commands.selection import Selector, required, selecting
from edgefleet.commands.session import session_of
from edgefleet.images import FORMATS
from edgefleet.io import disk
from edgefleet.keys.derivation import netboot_word
from edgefleet.model.site import Node
from edgefleet.report import site_sheet
from edgefleet.report.human import counted
from edgefleet.site.inputs import Assembly
from edgefleet.site.render import SiteImage, render

FOR_ALL = 0o644
"""Mode of a page without secrets."""
PRIVATE = 0o600
"""Mode of a page with words."""


@selecting
def sheet(  # noqa: PLR0913 - options
    context: typer.Context,
    *,
    stack_: options.Stack,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="File to write.")],
    which: Selector,
    all_: Annotated[bool, typer.Option("--all", help="All sites of the stack.")] = False,
    routed: Annotated[
        bool,
        typer.Option("--routed", help="Print the words of `ipxe` nodes for `image serve --routed`: secret."),
    ] = False,
) -> None:
    """Write a printable page for each site: media, nodes and steps.

    The page states which medium goes into which node and what to do with it.
    """
    session = session_of(context)
    fleet = stack.load(session.project, stack_)
    names = required(which, fleet, is_all=all_)
    title = f"{fleet.name} / {fleet.region}: {names[0] if len(names) == 1 else counted(len(names), 'site')}"
    with disk.writing(session.writable(out), mode=PRIVATE if routed else FOR_ALL) as file:
        sheets = _sheets(secrets.assembled(session, stack_, fleet, names), stack_, is_routed=routed)
        for text in site_sheet.pages(title, sheets):
            file.write(text.encode())
    show(session, [f"{out}  {counted(len(names), 'sheet')}"])
    if fleet.images.page is None:
        remark(
            session,
            "QR codes contain the site name; set images.page to link to a web page",
        )


def _sheets(assembly: Assembly, name: str, *, is_routed: bool) -> Iterator[site_sheet.Sheet]:
    """One after the other, so that only one site's rendered images are in memory."""
    fleet = assembly.fleet
    for site in assembly.sites:
        inputs = assembly.inputs(site)
        spec, member = fleet.sites[site], fleet.provenance.members[site]
        routed = [node for node, of in spec.nodes.items() if is_routed and of.image.netboot is not None]
        sheet_context = site_sheet.SheetContext(
            stack=name,
            page=fleet.images.page,
            group=member.group,
            profiles={node: member.nodes.get(node, member.profile) for node in spec.nodes},
            words={node: netboot_word(inputs.key, node=node) for node in routed},
        )
        images = {node: _sheet_image(node, image, spec.nodes[node]) for node, image in render(inputs).items()}
        yield site_sheet.sheet(spec, images, sheet_context)


def _sheet_image(name: str, image: SiteImage, node: Node) -> site_sheet.SheetImage:
    kind = FORMATS[node.image.format]
    file = image.name if kind.compose is None else f"{name}{kind.whole}"
    return site_sheet.SheetImage(file=file, kind=image.kind, digest=image.desired)
