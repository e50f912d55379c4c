"""`edgefleet sites`: list the desired and acknowledged image of each node, and acknowledge images."""

import re
from typing import Annotated

import typer

from edgefleet.commands import options, stack
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.screen import remark, show
from edgefleet.commands.selection import Selector, required, selecting
from edgefleet.commands.session import EngineName, Session, session_of
from edgefleet.commands.stack_store import opened
from edgefleet.commands.state_sites import Recorded, recorded_sites
from edgefleet.errors import InvalidInput
from edgefleet.model.site_resource import RELEASE
from edgefleet.report import inventory
from edgefleet.report.human import counted
from edgefleet.report.inventory import NodeImage
from edgefleet.site import ledger

DIGEST = re.compile("(?:sha256:)?([0-9a-f]{64})")


@selecting
def listing(
    context: typer.Context,
    *,
    stack_: Annotated[str | None, typer.Option("-s", "--stack", metavar="STACK", help="The stack.")] = None,
    which: Selector,
    json: options.Json = None,
    engine: options.WantedEngine = "auto",
) -> None:
    """List each node's desired and acknowledged image; the default."""
    session = session_of(context)
    if stack_ is None:
        raise InvalidInput.at("", "no-stack", "no stack is named", "name one: edgefleet sites -s STACK")
    place = JsonFile.to(session, json)
    nodes = _nodes(session, stack_, which, engine)
    place.write(inventory.document(stack_, nodes))
    if not place.is_stdout:
        show(session, inventory.lines(stack_, nodes))


def _nodes(session: Session, name: str, which: Selector, engine: EngineName) -> list[NodeImage]:
    fleet = stack.load(session.project, name)
    installed = ledger.digests(opened(session, fleet))
    recorded = recorded_sites(session, name, engine)
    sites = which.sites(fleet, also=recorded)
    return [
        NodeImage(
            site=site,
            node=node,
            kind=recorded[site].kinds[node],
            desired=recorded[site].digests.get(node),
            acknowledged=installed.get(site, {}).get(node),
            uri=str(image.get("uri") or ""),
            release=recorded[site].release,
            part=image.get(RELEASE),
        )
        for site in sites
        if site in recorded
        for node, image in recorded[site].images.items()
    ]


@selecting
def ack(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack_: options.Stack,
    which: Selector,
    all_: Annotated[bool, typer.Option("--all", help="All sites of the stack.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Forget what is recorded for these sites.")] = False,
    node: Annotated[str | None, typer.Option(metavar="NODE", help="Only this node of the site.")] = None,
    digest: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="Digest on the node; default: the desired digest.")
    ] = None,
    engine: options.WantedEngine = "auto",
) -> None:
    """Mark sites as running their desired image."""
    session = session_of(context)
    fleet = stack.load(session.project, stack_)
    recorded = recorded_sites(session, stack_, engine)
    chosen = required(which, fleet, is_all=all_, also=recorded)
    names = tuple(recorded) if all_ else chosen
    if undo and (node or digest):
        raise InvalidInput.at(
            "", "undo", "--undo is for all nodes of a site", "leave out --node and --digest"
        )
    if undo:
        ledger.forget(opened(session, fleet), names)
        remark(session, f"not acknowledged any more: {counted(len(names), 'site')}")
        return
    digests = {name: _digests(recorded.get(name), name, node=node, digest=digest) for name in names}
    ledger.acknowledge(opened(session, fleet), digests, clock=session.now)
    nodes = sum(map(len, digests.values()))
    remark(session, f"acknowledged: {counted(nodes, 'node')} of {counted(len(digests), 'site')}")


def _digests(record: Recorded | None, name: str, *, node: str | None, digest: str | None) -> dict[str, str]:
    """dict[node -> digest] to acknowledge."""
    if record is None or not record.digests:
        raise _wrong(name, "has no image yet", "create it first: edgefleet up -s STACK")
    if node is not None and node not in record.digests:
        raise _wrong(name, f"has no node {node!r}", stack.nearest(node, record.digests))
    chosen = {node: record.digests[node]} if node is not None else record.digests
    if digest is None:
        return chosen
    if len(chosen) > 1:
        raise _wrong(name, "has several nodes", "name the node that has this digest with --node")
    return dict.fromkeys(chosen, _whole(digest))


def _whole(digest: str) -> str:
    if match := DIGEST.fullmatch(digest):
        return f"sha256:{match[1]}"
    hint = "write sha256: and 64 hexadecimal digits, or leave --digest out"
    raise InvalidInput.at("", "bad-digest", f"{digest!r} is not a digest", hint)


def _wrong(site: str, problem: str, hint: str) -> InvalidInput:
    return InvalidInput.at("", "bad-ack", problem, hint, path=f"sites.{site}")
