"""A site's firewall and certificate, and emergency access to its nodes."""

import base64
import binascii
from ipaddress import IPv6Network, ip_network
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.model.effects import Effect
from edgefleet.model.names import LABEL, SecretName
from edgefleet.model.releases import AwsRegion
from edgefleet.model.spec import spec
from edgefleet.model.syntax import checked, matching, shown, wrong

Protocol = Literal["tcp", "udp"]
RESCUE = "rescue"
"""The user of the console, where there is one."""
KEY_BYTES = 32
WIDEST_PREFIX = 64


def subnet(text: str) -> str:
    """`text` in its shortest form, if it is an address or a subnet: ``10.1.0.0/16``.

    Raises:
        PydanticCustomError: it is neither.
    """
    try:
        network = ip_network(text)
    except ValueError as error:
        hint = "write it like 10.1.0.0/16, with no bits set beyond the prefix"
        raise wrong("bad-subnet", f"{shown(text)} is neither an address nor a subnet", hint) from error
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def tunnel_network(text: str) -> str:
    """`text`, if it is an IPv6 prefix that has room for derived addresses.

    Raises:
        PydanticCustomError: it is not.
    """
    try:
        network = ip_network(text)
    except ValueError:
        network = None
    if not isinstance(network, IPv6Network) or network.prefixlen > WIDEST_PREFIX:
        hint = "write one of your own, such as fd12:3456:789a::/64"
        raise wrong(
            "bad-prefix", f"{shown(text)} is not an IPv6 prefix of at most {WIDEST_PREFIX} bits", hint
        )
    return str(network)


def wireguard_key(text: str) -> str:
    """`text`, if it is a key of WireGuard's.

    Raises:
        PydanticCustomError: it is not.
    """
    try:
        length = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if length != KEY_BYTES:
        hint = "write what `wg pubkey` prints on that machine"
        raise wrong("bad-wireguard-key", "this is not a public key of WireGuard", hint)
    return text


Subnet = Annotated[str, checked(subnet)]
TunnelNetwork = Annotated[str, checked(tunnel_network)]
WireGuardKey = Annotated[str, checked(wireguard_key)]
TunnelEndpoint = Annotated[
    str,
    *matching(
        rf"({LABEL}(\.{LABEL})*|\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:]+\]):\d{{1,5}}",
        code="bad-endpoint",
        what="where a tunnel ends",
        hint="write host and port such as bastion.example.org:51820",
        longest=260,
    ),
]


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
class Identity:
    """A site's certificate for the cloud; its key is derived from the site's own."""

    certificate: Annotated[str, Effect.LIVE]
    """PEM; public."""
    authority: Annotated[str, Effect.LIVE]
    """PEM of the certificate of the region's authority for sites; public."""
    hub: Annotated[str | None, Effect.LIVE] = None
    """Declared DNS name of the region's hub."""


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
    activation_secret: Annotated[SecretName, Effect.LIVE]
    """Name of an entry of fleet:passphrases that holds <activation id>:<activation code>."""


@spec
class BreakGlass:
    """Ways into a node when nothing else works."""

    console: Annotated[bool, Effect.LIVE] = False
    """Whether the user rescue may log in at the console, with a password of this site alone."""
    wireguard: Annotated[WireGuard | None, Effect.LIVE] = None
    """Way in from afar by a tunnel outwards."""
    ssm: Annotated[Ssm | None, Effect.LIVE] = None
    """Way in from afar by AWS Systems Manager."""
