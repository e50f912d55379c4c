"""`edgefleet sites password`, `sites tunnel`, `sites disk-key`: break-glass access."""

from collections.abc import Iterator
from typing import Annotated

import typer

from edgefleet.commands import options, secrets, stack
from edgefleet.commands.screen import remark, show
from edgefleet.commands.selection import Selector, required, selecting, single
from edgefleet.commands.session import session_of
from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.keys.break_glass import USER, console_password, tunnel_address, tunnel_key
from edgefleet.keys.disk_recovery import recovery_passphrase
from edgefleet.model.site import SiteSpec
from edgefleet.site.inputs import FleetKeys


@selecting
def password(context: typer.Context, *, stack_: options.Stack, which: Selector) -> None:
    """Print the console passwords of the user rescue."""
    session = session_of(context)
    fleet = stack.load(session.project, stack_)
    specs = _having(fleet, required(which, fleet), "console", "{console: true}")
    keys = FleetKeys(secret=secrets.required(session, stack_).fleet_secret, fleet=fleet)
    remark(session, f"user {USER}, at the console only; a lower keyGeneration had another password")
    show(session, (f"{spec.name}  {console_password(keys.key(spec))}" for spec in specs))


@selecting
def tunnel(context: typer.Context, *, stack_: options.Stack, which: Selector) -> None:
    """Print the WireGuard peers of sites, for the tunnel's far end.

    Add the output to the WireGuard configuration of the machine at the other end.
    """
    session = session_of(context)
    fleet = stack.load(session.project, stack_)
    example = "{wireguard: {endpoint: ..., publicKey: ..., network: ...}}"
    specs = _having(fleet, required(which, fleet), "wireguard", example)
    keys = FleetKeys(secret=secrets.required(session, stack_).fleet_secret, fleet=fleet)
    remark(session, "nothing below is secret; add it to the WireGuard configuration of the tunnel's far end")
    show(session, (line for spec in specs for line in _peers(spec, keys.key(spec))))


@selecting
def disk_key(
    context: typer.Context,
    public: Annotated[
        str,
        typer.Argument(
            help='The value of "public" in the output of: cryptsetup token export --token-id 9 DEVICE.'
        ),
    ],
    *,
    stack_: options.Stack,
    which: Selector,
    node: options.Node = None,
) -> None:
    """Print the recovery passphrase of a node's data disk.

    For a disk that the node's TPM no longer unlocks.
    """
    session = session_of(context)
    fleet = stack.load(session.project, stack_)
    name = single(which, fleet)
    spec, node = fleet.sites[name], stack.known_node(fleet, name, node)
    keys = FleetKeys(secret=secrets.required(session, stack_).fleet_secret, fleet=fleet)
    passphrase = recovery_passphrase(keys.key(spec), node=node, node_public_key=public)
    remark(
        session,
        f"for cryptsetup open DEVICE; a disk from before key generation {spec.key_generation} has another",
    )
    show(session, (passphrase,))


def _having(fleet: Fleet, names: tuple[str, ...], way: str, example: str) -> list[SiteSpec]:
    """The sites of these names, which must all have this access."""
    specs = [fleet.sites[name] for name in names]
    problems = [
        Problem(
            code="no-way-in",
            where=fleet.locate(spec.name, ""),
            path=f"sites.{spec.name}.breakGlass",
            problem=f"{spec.name} has no break-glass access of this kind configured",
            hint=f"add breakGlass: {example}, and install the new image on its nodes",
        )
        for spec in specs
        if not getattr(spec.break_glass, way)
    ]
    if problems:
        raise InvalidInput(problems)
    return specs


def _peers(spec: SiteSpec, key: str) -> Iterator[str]:
    peer = spec.break_glass.wireguard
    if peer is None:
        return
    for node in spec.nodes:
        yield f"# {spec.name} {node}"
        yield "[Peer]"
        yield f"PublicKey = {tunnel_key(key, node=node)[1]}"
        yield f"AllowedIPs = {tunnel_address(spec, node, peer.network)}/128"
        yield ""
