"""`edgefleet explain`: what changes at a site, object by object and file by file."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

import typer
from rich.text import Text

from edgefleet.commands import last_preview, options, secrets
from edgefleet.commands.screen import remark, show
from edgefleet.commands.selection import Selector, required, selecting
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import load
from edgefleet.commands.stack_store import place
from edgefleet.commands.state_sites import Recorded, recorded_sites
from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.site_resource import SiteInputs
from edgefleet.model.spec import from_plain
from edgefleet.report import explanation, groups, site_changes
from edgefleet.report.explanation import Side
from edgefleet.report.human import counted
from edgefleet.site import stored_release
from edgefleet.site.render import rendered


@selecting
def command(
    context: typer.Context,
    change: Annotated[
        str | None, typer.Argument(metavar="['#N']", help="The number of a change in the last preview.")
    ] = None,
    *,
    stack: options.Stack,
    which: Selector,
    engine: options.WantedEngine = "auto",
) -> None:
    """Show what changes inside a site's images, file by file.

    Shows each file that differs, with secrets masked, and both digests. A number is that of the last preview.
    """
    session = session_of(context)
    fleet = load(session.project, stack)
    before = recorded_sites(session, stack, engine, show_secrets=True)
    if change is None or which:
        if change is not None:
            raise InvalidInput.at("", "which-sites", f"both {change} and sites are given", "give one of them")
        for name in required(which, fleet, also=before):
            show(session, _site(session, stack, fleet, before, name))
        return
    if not change.startswith("#"):
        problem = f"{change!r} is not the number of a change, such as '#1'"
        raise InvalidInput.at("", "unknown-change", problem, f"for a site: --target {change}")
    group, notes = last_preview.change(session, stack, change, before)
    for note in notes:
        remark(session, f"note: {note}")
    show(session, groups.whole(group))
    show(session, _site(session, stack, fleet, before, group.sites[0]))
    if len(group.sites) > 1:
        others = counted(len(group.sites) - 1, "site")
        show(session, [f"the other {others} of {change} change in the same values"])


def _site(
    session: Session, stack: str, fleet: Fleet, before: Mapping[str, Recorded], name: str
) -> Iterator[Text]:
    old, new = Side(), Side()
    if name in before:
        recorded = before[name]
        if recorded.release and (texts := stored_release.lacking(recorded.inputs)):
            store = replace(place(session, fleet), uri=recorded.store).open()
            stored_release.recall(store, name, recorded.release, texts)
        old = Side(
            inputs=from_plain(SiteInputs, dict(recorded.inputs)),
            digests=recorded.digests,
            kinds=recorded.kinds,
            release=recorded.release,
        )
    if name in fleet.sites:
        inputs = secrets.assembled(session, stack, fleet, [name]).inputs(name)
        made = rendered(inputs.spec, inputs.key, inputs.passphrases)
        new = Side(
            inputs=inputs,
            digests={node: image.desired for node, image in made.images.items()},
            kinds={node: image.kind for node, image in made.images.items()},
            release=made.release.digest,
        )

    def declared(workload: str) -> str:
        return site_changes.line_of(fleet.locate(name, f"workloads.{workload}"))

    return explanation.lines(name, old, new, declared)
