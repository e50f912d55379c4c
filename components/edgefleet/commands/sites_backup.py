"""`edgefleet sites backup`: what the store has of a site's nodes, and a copy for a node with new keys."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import options, secrets
from edgefleet.commands.screen import remark, show
from edgefleet.commands.session import session_of
from edgefleet.commands.stack import known_node, known_site, load
from edgefleet.commands.stack_store import opened
from edgefleet.errors import InvalidInput, Refused
from edgefleet.io import disk
from edgefleet.io.store import ArtifactStore, Stored
from edgefleet.keys.backup_encryption import TRAILER, closed_backup, opened_backup
from edgefleet.keys.derivation import site_key
from edgefleet.model.backup import LARGEST, MOST_KEPT
from edgefleet.report.node_statuses import span

FOLDER = "backups/"


def backup(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    site: Annotated[str, typer.Argument(metavar="SITE", help="Name of the site.")],
    *,
    stack: options.Stack,
    node: options.Node = None,
    slot: Annotated[
        int | None, typer.Option("--slot", metavar="N", min=0, max=MOST_KEPT, help="The copy to fetch.")
    ] = None,
    generation: Annotated[
        int | None,
        typer.Option(
            "--generation", metavar="N", min=1, help="Key generation that it is of; default: the site's."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write it, with mode 0600.")
    ] = None,
) -> None:
    """List a site's backups, or fetch one for a node with new keys.

    A copy that is fetched is encrypted again, to the site's key generation: at the node, backup restore FILE.
    """
    session = session_of(context)
    fleet = load(session.project, stack)
    spec = fleet.sites[known_site(fleet, site)]
    store = opened(session, fleet)
    if (slot is None) is not (out is None):
        problem = "a copy to fetch has a slot and a file to write"
        raise InvalidInput.at("", "slot-and-file", problem, "add --slot N and --out FILE, or neither")
    if slot is None or out is None:
        show(session, _lines(site, store.list(f"{FOLDER}{site}/"), session.now()))
        return
    node = known_node(fleet, site, node)
    data = _fetched(store, f"{FOLDER}{site}/{node}/{slot}")
    secret = secrets.required(session, stack).fleet_secret

    def key(of: int) -> str:
        return site_key(secret, fleet=fleet.name, region=fleet.region, site=site, generation=of)

    made_in = generation or spec.key_generation
    try:
        archive = opened_backup(data, key(made_in), node=node)
    except ValueError as error:
        hint = "name the key generation of the node that made it: --generation N; else take another slot"
        raise Refused.at(f"{site} {node} {slot}", "not-a-backup", f"the copy {error}", hint) from error
    disk.write(session.writable(out), closed_backup(archive, key(spec.key_generation), node=node))
    remark(session, f"{out}: for {node}, at which it is restored by backup restore FILE volumes")


def _fetched(store: ArtifactStore, key: str) -> bytes:
    data = store.get(key, limit=LARGEST + TRAILER)
    if data is None:
        problem, hint = "the store has no such copy", "leave out --slot and --out to see what there is"
        raise Refused.at(store.uri(key), "no-backup", problem, hint)
    return data


def _lines(site: str, there: Mapping[str, Stored], now: datetime) -> Iterator[str]:
    yield f"{site}: {len(there):,} backup{'s'[: len(there) != 1]}"
    if there:
        yield f"{'NODE':<24} {'SLOT':>4} {'AGE':>8} {'BYTES':>14}"
    for key, stored in sorted(there.items(), key=lambda entry: entry[1].modified, reverse=True):
        node, _, slot = key.removeprefix(f"{FOLDER}{site}/").partition("/")
        yield f"{node:<24} {slot:>4} {span((now - stored.modified).total_seconds()):>8} {stored.size:>14,}"
