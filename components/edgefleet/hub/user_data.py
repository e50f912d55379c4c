"""User-data of the hub's servers: the boot steps of a site's node, with secrets fetched from the cloud."""

from dataclasses import dataclass, replace
from typing import Literal

from edgefleet.boot import clock, facts, hub_identity, hub_k3s, kernel, runtime_install
from edgefleet.images import user_data
from edgefleet.model.firstboot import FirstBoot, HubServer, Step, Target
from edgefleet.model.hub import Hub
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
"""Secrets that a server fetches before k3s starts: names below the hub's path in the Parameter Store."""
MEMORY, DISK = 4 * 1024**3, 40 * 1024**3
Start = Literal["init", "join", "restore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HubBoot:
    """The inputs of the servers' first boot."""

    fleet: str
    region: str
    aws_region: str
    recipe: int
    hub: Hub
    arch: Arch = "amd64"
    k3s_sha256: str = ""
    """Hex SHA-256 of k3s, from the artifacts lock; empty without one."""


def parameters_path(fleet: str, region: str) -> str:
    """Path of the hub's secrets in the Parameter Store."""
    return f"/{fleet}/{region}/hub"


def user_data_of(boot: HubBoot) -> dict[str, str]:
    """dict[how etcd begins -> user-data]; ``restore`` only if a snapshot is named.

    Raises:
        InvalidInput: it is too long for EC2.
    """
    ways: tuple[Start, ...] = ("init", "join")
    if boot.hub.snapshots.restore:
        ways = (*ways, "restore")
    return {way: user_data.build(_first_boot(_server(boot, way))).data.decode() for way in ways}


def _server(boot: HubBoot, start: Start) -> HubServer:
    hub = boot.hub
    node = Node(
        hostname="hub", arch=boot.arch, cpus=2, memory=MEMORY, disk=DISK, storage="ssd", network=Network()
    )
    site = SiteSpec(
        fleet=boot.fleet,
        region=boot.region,
        name="hub",
        recipe=boot.recipe,
        key_generation=hub.identity.key_generations[-1],
        k3s=K3s(
            version=hub.k3s.version,
            disable=hub.k3s.disable,
            sha256={boot.arch: boot.k3s_sha256} if boot.k3s_sha256 else {},
        ),
        nodes={"server": node},
    )
    return HubServer(
        target=Target(site=site, name="server", key=""),
        address=hub.dns_name or "",
        bucket=hub.bucket or "",
        aws_region=boot.aws_region,
        parameters=parameters_path(boot.fleet, boot.region),
        secrets=SECRETS,
        snapshots=hub.snapshots if start == "restore" else replace(hub.snapshots, restore=None),
        start=start,
    )


def _first_boot(server: HubServer) -> FirstBoot:
    """Facts, kernel and clock first, then the source of secrets, then k3s, as on a node."""
    target = server.target
    step = Step.joined(
        facts.plan(target),
        kernel.plan(target),
        clock.client(target.settings.ntp),
        hub_identity.plan(server),
        hub_k3s.plan(server),
        runtime_install.plan(target),
    )
    return FirstBoot(
        fleet=target.site.fleet,
        region=target.site.region,
        site=target.site.name,
        node=target.name,
        hostname=target.node.hostname,
        timezone=target.settings.timezone,
        users=(),
        network=target.node.network,
        files=step.files,
        units=step.units,
        commands=step.commands,
    )
