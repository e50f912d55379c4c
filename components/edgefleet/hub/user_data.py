"""User-data of the hub's servers: the same boot steps as a site's node, with secrets left to the cloud."""

from dataclasses import dataclass, replace
from typing import Literal

from edgefleet.boot import clock, facts, hub_identity, hub_k3s, kernel, runtime_install
from edgefleet.images import user_data
from edgefleet.model.firstboot import Box, FirstBoot, HubServer, Step
from edgefleet.model.hub import ControlPlane
from edgefleet.model.network import Network
from edgefleet.model.site import Arch, K3s, Node, SiteSpec

TLS = ("server-ca", "client-ca", "request-header-ca", "etcd/peer-ca", "etcd/server-ca")
"""Certificate authorities of a k3s cluster (k3s docs, cli/certificate)."""
SECRETS = (
    "token",
    "agent-token",
    "tls/service.key",
    *(f"tls/{name}.{ending}" for name in TLS for ending in ("crt", "key")),
)
"""What a server fetches before k3s starts, by its name below the hub's path in the Parameter Store."""
MEMORY, DISK = 4 * 1024**3, 40 * 1024**3
Start = Literal["init", "join", "restore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HubBoot:
    """What the servers' first boot depends on."""

    fleet: str
    region: str
    aws_region: str
    recipe: int
    hub: ControlPlane
    arch: Arch = "amd64"


def parameters_path(fleet: str, region: str) -> str:
    """Path in the Parameter Store below which the hub's secrets are."""
    return f"/{fleet}/{region}/hub"


def user_data_of(wanted: HubBoot) -> dict[str, str]:
    """dict[how etcd begins -> user-data]; ``restore`` only where a snapshot is named.

    Raises:
        InvalidInput: it is too long for EC2.
    """
    ways: tuple[Start, ...] = ("init", "join")
    if wanted.hub.snapshots.restore:
        ways = (*ways, "restore")
    return {way: user_data.build(_first_boot(_server(wanted, way))).data.decode() for way in ways}


def _server(wanted: HubBoot, start: Start) -> HubServer:
    hub = wanted.hub
    node = Node(
        hostname="hub", arch=wanted.arch, cpus=2, memory=MEMORY, disk=DISK, storage="ssd", network=Network()
    )
    site = SiteSpec(
        fleet=wanted.fleet,
        region=wanted.region,
        name="hub",
        recipe=wanted.recipe,
        key_generation=hub.identity.key_generations[-1],
        k3s=K3s(version=hub.k3s.version, disable=hub.k3s.disable),
        nodes={"server": node},
    )
    return HubServer(
        box=Box(site=site, name="server", key=""),
        address=hub.dns_name or "",
        bucket=hub.bucket or "",
        aws_region=wanted.aws_region,
        parameters=parameters_path(wanted.fleet, wanted.region),
        secrets=SECRETS,
        snapshots=hub.snapshots if start == "restore" else replace(hub.snapshots, restore=None),
        start=start,
    )


def _first_boot(server: HubServer) -> FirstBoot:
    """Facts, kernel and clock first, then where secrets come from, then k3s; as on a node."""
    box = server.box
    steps: tuple[Step, ...] = (
        facts.plan(box),
        kernel.plan(box),
        clock.asks(box.site.ntp),
        hub_identity.plan(server),
        hub_k3s.plan(server),
        runtime_install.plan(box),
    )
    return FirstBoot(
        fleet=box.site.fleet,
        region=box.site.region,
        site=box.site.name,
        node=box.name,
        hostname=box.node.hostname,
        timezone=box.site.timezone,
        users=(),
        network=box.node.network,
        files=tuple(file for step in steps for file in step.files),
        units=tuple(unit for step in steps for unit in step.units),
        commands=tuple(command for step in steps for command in step.commands),
    )
