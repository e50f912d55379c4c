"""`edgefleet sites replace` and `sites decommission`: a lost or broken node, and a site that closes.

Both edit the fleet file and act on no node: the next `up` revokes certificates and makes images.

A new key generation alone keeps what is old from a new node: pointers name the generation that they are for.
A node that is merely broken keeps its keys, and the floor of its site keeps older pointers from it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from edgefleet.commands import fleet_edit, options
from edgefleet.commands.screen import remark, show
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import known_node, known_site, load
from edgefleet.commands.stack_store import opened
from edgefleet.commands.state_sites import recorded_sites
from edgefleet.errors import InvalidInput, Refused
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.images import FORMATS
from edgefleet.keys import signed_document
from edgefleet.keys.pointer import Addressee, verified_pointer
from edgefleet.model.paths import format_path, leaves
from edgefleet.model.site import HA, SiteSpec
from edgefleet.model.spec import to_plain
from edgefleet.model.stack_secrets import secrets_used
from edgefleet.report.human import counted
from edgefleet.report.node_statuses import span
from edgefleet.report.text import commands
from edgefleet.rollout.cautions import SILENT
from edgefleet.rollout.release_keys import roots_of, stored_delegation
from edgefleet.rollout.stored import POINTERS, STATUSES
from edgefleet.rollout.stored_statuses import last_contact
from edgefleet.site import ledger

_OF_A_MACHINE = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|/dev/disk/by-(?:id|path)/.+")
"""A value that names one machine: a MAC address, a disk."""
Site = Annotated[str, typer.Argument(metavar="SITE", help="Name of the site.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A site of a stack."""

    session: Session
    stack: str
    fleet: Fleet
    name: str

    @property
    def spec(self) -> SiteSpec:
        """Its spec as the fleet file has it."""
        return self.fleet.sites[self.name]

    def at(self, *path: str) -> tuple[str, ...]:
        """A path in the fleet file."""
        return ("sites", self.name, *path)

    @property
    def publishing(self) -> list[str]:
        """The commands by which a revocation takes effect."""
        channel = self.fleet.channel
        is_behind = channel is not None and channel.access.gateway is not None
        return [
            f"edgefleet up -s {self.stack}",
            *([f"edgefleet hub gateway -s {self.stack}"] if is_behind else []),
        ]


def replace(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    site: Site,
    *,
    stack: options.Stack,
    lost: Annotated[
        bool, typer.Option("--lost", help="It is lost or stolen: others may have the site's keys.")
    ] = False,
    broken: Annotated[
        bool, typer.Option("--broken", help="It is broken, and nobody else had it: the keys stay.")
    ] = False,
    node: options.Node = None,
    engine: options.WantedEngine = "auto",
    yes: options.Yes = False,
) -> None:
    """Replace a lost or a broken node.

    With --lost the site gets a new key generation, and the certificates of the old one are revoked.
    """
    session = session_of(context)
    fleet = load(session.project, stack)
    place = _Place(session=session, stack=stack, fleet=fleet, name=known_site(fleet, site))
    if lost is broken:
        problem = "whether others may have the keys of the node decides what to do"
        hint = "name one: --lost where it is lost or stolen, --broken where nobody else had it"
        raise InvalidInput.at("", "lost-or-broken", problem, hint)
    recorded = recorded_sites(session, stack, engine).get(site)
    if recorded is None:
        problem = f"{site} has no image yet: there is no node to replace"
        raise InvalidInput.at(fleet.locate(site), "no-image", problem, f"edgefleet up -s {stack}")
    if lost:
        _renew(place, recorded.generation, is_agreed=yes)
    else:
        _set_up_again(place, known_node(fleet, site, node), is_agreed=yes)


def _renew(place: _Place, recorded: int, *, is_agreed: bool) -> None:
    """A new key generation, and the old one revoked; every node of the site needs a new medium."""
    spec, name = place.spec, place.name
    generation = spec.key_generation
    if generation > recorded:
        problem = f"{name} has key generation {generation} in the fleet file, and no image of it yet"
        hint = f"the edit is done: edgefleet up -s {place.stack}"
        raise Refused.at(place.fleet.locate(name, "keyGeneration"), "replaced-already", problem, hint)
    edits = fleet_edit.editing(place.session, place.fleet)
    edits.put(place.at("keyGeneration"), str(generation + 1))
    if place.fleet.has_site_certificates:
        edits.put(("revoked", name), str(max(generation, place.fleet.revoked.get(name, 0))))
    fleet_edit.write(place.session, place.stack, edits, is_agreed=is_agreed)
    nodes = tuple(spec.nodes)
    _tell(
        place,
        f"{name} has key generation {generation + 1}: up makes new images, and revokes the certificate of "
        f"generation {generation}",
        f"all {counted(len(nodes), 'node')} of the site need a visit: nodes of two key generations do not "
        "know each other"
        if len(nodes) > 1
        else "",
        *_shared(place),
        *_of_machine(place, nodes),
    )
    show(place.session, commands([*place.publishing, *_media(place, nodes)]))


def _set_up_again(place: _Place, node: str, *, is_agreed: bool) -> None:
    """The same keys on a new machine, which takes no pointer from before."""
    name, updates = place.name, place.spec.link.updates
    sequence = _sequence(place)
    is_raised = sequence > (0 if updates is None else updates.floor)
    if is_raised:
        edits = fleet_edit.editing(place.session, place.fleet)
        edits.put(place.at("link", "updates", "floor"), str(sequence))
        fleet_edit.write(place.session, place.stack, edits, is_agreed=is_agreed)
    store = opened(place.session, place.fleet)
    ledger.forget(store, (name,), node=node)
    store.delete(f"{STATUSES}{name}/{node}.json")  # of the old machine
    _tell(
        place,
        f"{name} keeps its keys; {node} is pending until sites ack records its new medium",
        f"its nodes take no pointer below sequence {sequence}" if is_raised else "",
        "its backups are in the store: /usr/local/lib/edgefleet/backup restore, once it is set up"
        if place.spec.backup is not None
        else "",
        "it is a server of several: follow docs/runtimes/k3s-ha.md, replace one server"
        if place.spec.nodes[node].runtime == HA
        else "",
        *_of_machine(place, (node,)),
    )
    ups = [f"edgefleet up -s {place.stack}"] if is_raised else []
    show(place.session, commands([*ups, *_media(place, (node,))]))


def _sequence(place: _Place) -> int:
    """The sequence of the site's pointer in the store, if a release key has signed it; 0 for none."""
    fleet, spec = place.fleet, place.spec
    if fleet.channel is None:
        return 0
    store = opened(place.session, fleet)
    data = store.get(f"{POINTERS}{place.name}.json", limit=signed_document.LARGEST)
    delegation = stored_delegation(store, roots_of(fleet), fleet=fleet.name).delegation
    if data is None or delegation is None:
        return 0
    whom = Addressee(fleet=fleet.name, region=fleet.region, site=place.name, generation=spec.key_generation)
    try:
        return verified_pointer(data, delegation, whom, now=int(place.session.now().timestamp())).sequence
    except ValueError as error:
        remark(place.session, f"the floor stays: the site's pointer in the store {error}")
        return 0


def decommission(
    context: typer.Context,
    site: Site,
    *,
    stack: options.Stack,
    off: Annotated[
        bool, typer.Option("--off", help="Somebody has seen that its nodes are off or wiped: do not wait.")
    ] = False,
    yes: options.Yes = False,
) -> None:
    """Revoke a site's certificate; run again, remove its row.

    The row is removed once the store has not heard of the site for 12 hours.
    """
    session = session_of(context)
    fleet = load(session.project, stack)
    if site in fleet.revoked and site not in fleet.sites:
        problem = f"{site} is revoked and has no row any more"
        hint = f"its images are removed by edgefleet up -s {stack}; leave the line in revoked"
        raise InvalidInput.at("", "removed-already", problem, hint)
    place = _Place(session=session, stack=stack, fleet=fleet, name=known_site(fleet, site))
    generation = place.spec.key_generation
    edits = fleet_edit.editing(session, fleet)
    if fleet.has_site_certificates and fleet.revoked.get(site, 0) < generation:
        edits.put(("revoked", site), str(generation))
        fleet_edit.write(session, stack, edits, is_agreed=yes)
        _tell(place, f"up revokes the certificate of {site}; its row stays until it is silent")
        show(session, commands([*place.publishing, f"edgefleet sites decommission -s {stack} {site}"]))
        return
    if not off:
        _check_silent(place)
    edits.remove_site(site)
    fleet_edit.write(session, stack, edits, is_agreed=yes)
    _tell(place, f"up removes the images and releases of {site}; leave its line in revoked")
    show(session, commands([f"edgefleet preview -s {stack}", f"edgefleet up -s {stack}"]))


def _check_silent(place: _Place) -> None:
    """Refuse to remove a site that the store has heard of: its certificate is not refused yet.

    Raises:
        Refused: it reported less than `SILENT` ago.
    """
    heard = last_contact(opened(place.session, place.fleet), place.name)
    if heard is None or (quiet := (place.session.now() - heard).total_seconds()) >= SILENT.total_seconds():
        return
    problem = f"{place.name} reported {span(max(quiet, 0))} ago, and a revoked site cannot"
    hint = (
        f"wait until it is silent for {SILENT.total_seconds() / 3600:.0f} hours; if it is not, its "
        f"revocation is not in force: {' and '.join(place.publishing)}; if its nodes are off, add --off"
    )
    raise Refused.at(place.fleet.locate(place.name), "still-reports", problem, hint)


# ---- what a person has to know


def _tell(place: _Place, *sentences: str) -> None:
    for sentence in filter(None, sentences):
        remark(place.session, sentence)


def _shared(place: _Place) -> Iterator[str]:
    """The secrets of the stack that the node had and other sites have, too."""
    counts = Counter(name for spec in place.fleet.sites.values() for name in secrets_used(spec))
    for name, what in secrets_used(place.spec).items():
        if counts[name] > 1:
            others = counted(counts[name] - 1, "other site")
            yield f"the {what} {name} was on it, and {others} have it: change it where it is used"


def _of_machine(place: _Place, nodes: tuple[str, ...]) -> Iterator[str]:
    """Values of the fleet file that name the old machine."""
    for node in nodes:
        for path, value in leaves(to_plain(place.spec.nodes[node])):
            if isinstance(value, str) and _OF_A_MACHINE.fullmatch(value):
                key = format_path(path)
                where = place.fleet.locate(place.name, f"nodes.{node}.{key}")
                yield f"{where}: {key} is {value}, of the old machine: correct it before up"


def _media(place: _Place, nodes: tuple[str, ...]) -> Iterator[str]:
    """The commands that write the nodes' media, and record it."""
    of = f"-s {place.stack} --target {place.name}"
    for node in nodes:
        if FORMATS[place.spec.nodes[node].image.format].is_for_disks:
            yield f"edgefleet image write {of} --node {node} --device DEVICE"
    yield f"edgefleet sites sheet {of}"
    yield f"edgefleet sites ack {of}"
