"""A site's firewall and certificate, and emergency access to its nodes."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.model.addresses import Subnet, TunnelNetwork
from edgefleet.model.edge import Address
from edgefleet.model.effects import Effect
from edgefleet.model.names import HOST_RE, Domain, Name, reachable
from edgefleet.model.releases import AwsRegion
from edgefleet.model.spec import spec
from edgefleet.model.syntax import LOGIN, Grammar

Protocol = Literal["tcp", "udp"]
RESCUE = "rescue"
"""The user of the console, where there is one."""
SSH_PORT = 22
"""The usual port of sshd."""
_WIRE_GUARD_KEY = Grammar(
    "[A-Za-z0-9+/]{43}=",
    "bad-wireguard-key",
    "a public key of WireGuard",
    "write what `wg pubkey` prints on that machine",
    44,
    is_private=True,
    refers="may",
)
WireGuardKey = Annotated[str, _WIRE_GUARD_KEY]
_TUNNEL_ENDPOINT = Grammar(
    rf"{HOST_RE}:\d{{1,5}}",
    "bad-endpoint",
    "where a tunnel ends",
    "write host and port such as bastion.example.org:51820",
    260,
    reachable,
    refers="may",
)
TunnelEndpoint = Annotated[str, _TUNNEL_ENDPOINT]
_ACTIVATION = replace(
    LOGIN,
    code="bad-activation",
    what="an SSM activation",
    hint="write it as <activation id>:<activation code>",
)
Activation = Annotated[str, _ACTIVATION]
_CERTIFICATE = Grammar(
    r"(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n)+",
    "bad-certificate",
    "a certificate in PEM",
    "",
    8000,
    has_lines=True,
)
Certificate = Annotated[str, _CERTIFICATE]


@spec
class Admission:
    """Traffic that a node's firewall admits besides that of k3s."""

    port: Annotated[int, Field(ge=1, le=65535), Effect.LIVE]
    """1 to 65535."""
    protocol: Annotated[Protocol, Effect.LIVE] = "tcp"
    """tcp or udp."""
    from_: Annotated[tuple[Subnet, ...], Effect.LIVE] = ()
    """Addresses or subnets that may connect; everyone where none is given."""


@spec
class Firewall:
    """Traffic to a node's own sockets; Kubernetes decides on traffic to containers."""

    enabled: Annotated[bool, Effect.LIVE] = True
    """Whether there is one."""
    allow: Annotated[tuple[Admission, ...], Effect.LIVE] = ()
    """Traffic to admit besides SSH and that of k3s between the site's own nodes."""
    ssh_from: Annotated[tuple[Subnet, ...], Effect.LIVE] = ()
    """Addresses or subnets that may connect by SSH; everyone where none is given. The site's own containers
    and a tunnel of breakGlass are admitted whatever stands here."""


@spec
class Ssh:
    """SSH at a node."""

    port: Annotated[int, Field(ge=1, le=65535), Effect.LIVE] = SSH_PORT
    """TCP port at which sshd listens, and which the firewall admits."""


@spec
class KubeEdgeIdentity:
    """What the nodes of a site have for CloudCore; all of it is public."""

    address: Annotated[Address, Effect.RESTART]
    """Host at which they reach it."""
    authority: Annotated[Certificate, Effect.RESTART]
    """PEM of the certificate of the region's authority for KubeEdge."""
    certificates: Annotated[dict[Name, Certificate], Effect.RESTART]
    """dict[node -> PEM of its certificate]; the key is derived from the site's own."""


@spec
class Identity:
    """A site's certificate for the cloud; its key is derived from the site's own."""

    certificate: Annotated[Certificate, Effect.LIVE]
    """PEM; public."""
    authority: Annotated[Certificate, Effect.LIVE]
    """PEM of the certificate of the region's authority for sites; public."""
    hub: Annotated[Domain | None, Effect.LIVE] = None
    """Declared DNS name of the region's hub."""
    kubeedge: Annotated[KubeEdgeIdentity | None, Effect.RESTART] = None
    """What nodes with KubeEdge have for CloudCore on the hub."""


@spec
class WireGuard:
    """A tunnel that a node keeps open to a machine of yours."""

    endpoint: Annotated[TunnelEndpoint, Effect.LIVE]
    """Host and port of that machine, bastion.example.org:51820."""
    public_key: Annotated[WireGuardKey, Effect.LIVE]
    """Its public key, as wg pubkey prints it."""
    network: Annotated[TunnelNetwork, Effect.LIVE]
    """IPv6 prefix of 64 bits or fewer in which each node has an address, fd12:3456:789a::/64. The address is
    derived from the node's names."""


@spec
class Ssm:
    """Registration with AWS Systems Manager, where the base system has its agent."""

    region: Annotated[AwsRegion, Effect.LIVE]
    """AWS region, eu-central-1."""
    activation: Annotated[Activation, Effect.LIVE]
    """A secret of the stack, {secret: ssm}: <activation id>:<activation code>."""


@spec
class BreakGlass:
    """Ways into a node when nothing else works."""

    console: Annotated[bool, Effect.LIVE] = False
    """Whether the user rescue may log in at the console, with a password of this site alone."""
    wireguard: Annotated[WireGuard | None, Effect.LIVE] = None
    """Way in from afar by a tunnel outwards."""
    ssm: Annotated[Ssm | None, Effect.LIVE] = None
    """Way in from afar by AWS Systems Manager."""
