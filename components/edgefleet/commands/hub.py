"""`edgefleet hub`: access to a region's hub; no engine is run."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgefleet.commands import options, secrets
from edgefleet.commands.screen import remark
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import load
from edgefleet.commands.state_sites import engine_of, is_recorded
from edgefleet.engine.api import Options
from edgefleet.errors import InvalidInput, Refused
from edgefleet.io import disk
from edgefleet.io.yaml_text import to_yaml
from edgefleet.keys import hub_pki as identity
from edgefleet.keys.derivation import hub_master

HINTS = {
    "eks": "use AWS's tool: aws eks update-kubeconfig --name CLUSTER",
    "existing": "use the one that controlPlane.kubeconfig names",
    "none": "to have a hub, set controlPlane.kind: k3s in the fleet file",
}
"""dict[kind -> where its kubeconfig comes from]."""
LONGEST = 72
"""Hours that an administrator's kubeconfig may be good for."""


def kubeconfig(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: options.Stack,
    role: Annotated[
        Literal["admin", "deployer", "read-only"], typer.Option(help="The role whose rights it has.")
    ] = "admin",
    hours: Annotated[
        int, typer.Option(min=1, max=LONGEST, help="How long an admin's kubeconfig is valid.")
    ] = 8,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it, with mode 0600.")
    ] = Path(".edgefleet/hub.kubeconfig"),
    engine: options.WantedEngine = "auto",
) -> None:
    """Write a kubeconfig of the stack's hub.

    An admin's kubeconfig expires by itself.
    """
    session = session_of(context)
    fleet = load(session.project, stack)
    hub = fleet.control_plane
    if hub.kind != "k3s" or hub.dns_name is None:
        problem = f"the hub of this stack has kind {hub.kind}, whose authority edgefleet does not have"
        hint = HINTS.get(hub.kind, HINTS["none"])
        raise Refused.at(f"stack {stack}", "no-authority", problem, hint)
    secret = secrets.required(session, stack).fleet_secret
    master = hub_master(secret, fleet=fleet.name, region=fleet.region)
    signer = _signer(session, stack, hub.identity.chain) if hub.identity.chain else ("", "")
    generations = hub.identity.key_generations
    hub_identity = identity.hub_of(master, (fleet.name, fleet.region), signer, generations, hub.k3s.version)
    if role == "admin":
        now = session.now().replace(microsecond=0)
        config = identity.admin_kubeconfig(hub_identity, master, address=hub.dns_name, now=now, hours=hours)
    else:
        config = identity.role_kubeconfig(
            hub_identity, master, role=role, address=hub.dns_name, generation=generations[-1]
        )
    disk.write(session.writable(out), to_yaml(config).encode())
    until = f", valid for {hours} h" if role == "admin" else f", of key generation {generations[-1]}"
    remark(session, f"{out}: {role} of https://{hub.dns_name}:6443{until}; keep it private")
    if not is_recorded(engine_of(session, engine), Options(stack=stack, project=session.project)):
        remark(session, f"note: the stack is not up yet, so nothing answers there: edgefleet up -s {stack}")


def _signer(session: Session, stack: str, chain: str) -> tuple[str, str]:
    """(chain, key) of the hub's own intermediate authority, as PEM.

    Raises:
        InvalidInput: one of them is not there; another authority's kubeconfig would open nothing.
    """
    data, key = disk.read(session.project / chain), secrets.read(session, stack).hub_key
    if data is None:
        hint = "set controlPlane.identity.chain to a file in the project"
        raise InvalidInput.at(chain, "no-file", "does not exist", hint)
    if not key:
        hint = f"pulumi config set --secret {secrets.HUB_KEY} -s {stack} < intermediate.key"
        problem = "the hub has its own chain, and this stack does not have the key of it"
        where = f"stacks/Pulumi.{stack}.yaml"
        raise InvalidInput.at(where, "no-hub-key", problem, hint, path=secrets.HUB_KEY)
    return data.decode(), key
