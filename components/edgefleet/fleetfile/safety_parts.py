"""What may be said of safety in a fleet file: the partial forms of `edgefleet.model.safety`."""

import base64
import binascii
import re
from ipaddress import IPv6Network, ip_network
from typing import Annotated, Any, Required

from pydantic import BeforeValidator, Field, WithJsonSchema, with_config
from typing_extensions import TypedDict

from edgefleet.model.names import LABEL, SecretName
from edgefleet.model.releases import AwsRegion
from edgefleet.model.safety import Protocol
from edgefleet.model.spec import CONFIG
from edgefleet.model.syntax import checked, matching, shown, wrong

STRICT = CONFIG | {"populate_by_name": False}
KEY_BYTES = 32
WIDEST_PREFIX = 64


def subnet(text: str) -> str:
    """`text` in its shortest form, if it is an address or a subnet: ``10.1.0.0/16``.

    Raises:
        PydanticCustomError: it is neither.
    """
    try:
        made = ip_network(text)
    except ValueError as error:
        hint = "write it like 10.1.0.0/16, with no bits set beyond the prefix"
        raise wrong("bad-subnet", f"{shown(text)} is no address and no subnet", hint) from error
    return str(made.network_address) if made.num_addresses == 1 else str(made)


def tunnel_network(text: str) -> str:
    """`text`, if it is an IPv6 prefix that has room for derived addresses.

    Raises:
        PydanticCustomError: it is not.
    """
    try:
        made = ip_network(text)
    except ValueError:
        made = None
    if not isinstance(made, IPv6Network) or made.prefixlen > WIDEST_PREFIX:
        hint = "write one of your own, such as fd12:3456:789a::/64"
        raise wrong("bad-prefix", f"{shown(text)} is no IPv6 prefix of at most {WIDEST_PREFIX} bits", hint)
    return str(made)


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
        raise wrong("bad-wireguard-key", "this is no public key of WireGuard", hint)
    return text


def days(value: Any) -> int:
    """Days of a time such as ``60d`` or ``8w``.

    Raises:
        PydanticCustomError: `value` is none.
    """
    found = re.fullmatch(r"([1-9]\d{0,3})([dw])", str(value))
    if found is None:
        raise wrong("bad-days", f"{shown(value)} is no number of days", "write it like 60d, or 8w")
    return int(found[1]) * (7 if found[2] == "w" else 1)


Subnet = Annotated[str, checked(subnet)]
TunnelNetwork = Annotated[str, checked(tunnel_network)]
WireGuardKey = Annotated[str, checked(wireguard_key)]
Days = Annotated[
    int, BeforeValidator(days), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]*[dw]$"})
]
Endpoint = Annotated[
    str,
    *matching(
        rf"({LABEL}(\.{LABEL})*|\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:]+\]):\d{{1,5}}",
        code="bad-endpoint",
        what="where a tunnel ends",
        hint="write host and port such as bastion.example.org:51820",
        longest=260,
    ),
]


@with_config(STRICT)
class AdmissionPart(TypedDict, total=False):
    """What a node's firewall admits beside what k3s needs."""

    port: Required[Annotated[int, Field(ge=1, le=65535)]]
    """1 to 65535."""
    protocol: Protocol
    """tcp (unless said otherwise) or udp."""
    from_: tuple[Subnet, ...]
    """Addresses or subnets that may; everybody unless said otherwise."""


@with_config(STRICT)
class FirewallPart(TypedDict, total=False):
    """What a node's own sockets may be reached by."""

    enabled: bool
    """Whether there is one (true unless said otherwise)."""
    allow: tuple[AdmissionPart, ...]
    """What it admits beside SSH and what k3s needs between the site's own nodes."""


@with_config(STRICT)
class WireGuardPart(TypedDict, total=False):
    """A tunnel that a box keeps open to a machine of yours."""

    endpoint: Required[Endpoint]
    """Host and port of that machine, bastion.example.org:51820."""
    public_key: Required[WireGuardKey]
    """Its public key, as wg pubkey prints it."""
    network: Required[TunnelNetwork]
    """IPv6 prefix of which each box has an address, fd12:3456:789a::/64."""


@with_config(STRICT)
class SsmPart(TypedDict, total=False):
    """Registration with AWS Systems Manager, where the base system has its agent."""

    region: Required[AwsRegion]
    """AWS region, eu-central-1."""
    activation_secret: Required[SecretName]
    """Name of an entry of fleet:passphrases that holds <activation id>:<activation code>."""


@with_config(STRICT)
class BreakGlassPart(TypedDict, total=False):
    """Ways into a box when nothing else works."""

    console: bool
    """Whether the user rescue may log in at the console, with a password of this site alone."""
    wireguard: WireGuardPart
    """Way in from afar by a tunnel outwards."""
    ssm: SsmPart
    """Way in from afar by AWS Systems Manager."""
