"""Who may reach a box and how: its firewall, its certificate, and ways in when all else fails."""

from typing import Annotated, Literal

from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

Protocol = Literal["tcp", "udp"]
RESCUE = "rescue"
"""The user of the console, where there is one."""


@spec
class Admission:
    """What a node's firewall admits beside what k3s needs."""

    port: Annotated[int, Effect.LIVE]
    """1 to 65535."""
    protocol: Annotated[Protocol, Effect.LIVE] = "tcp"
    """``tcp`` or ``udp``."""
    from_: Annotated[tuple[str, ...], Effect.LIVE] = ()
    """Addresses or subnets that may; everybody where empty."""


@spec
class Firewall:
    """What a node's own sockets may be reached by; traffic to containers is Kubernetes' affair."""

    enabled: Annotated[bool, Effect.LIVE] = True
    """Whether there is one."""
    allow: Annotated[tuple[Admission, ...], Effect.LIVE] = ()
    """What it admits besides."""


@spec
class Identity:
    """A site's certificate, by which the cloud knows it; the key to it is derived from the site's own."""

    certificate: Annotated[str, Effect.LIVE]
    """PEM; public."""
    authority: Annotated[str, Effect.LIVE]
    """PEM of the certificate of the region's authority for sites; public."""
    hub: Annotated[str | None, Effect.LIVE] = None
    """Declared DNS name of the region's hub."""


@spec
class WireGuard:
    """A tunnel that a box keeps open to a machine of yours."""

    endpoint: Annotated[str, Effect.LIVE]
    """``<host>:<port>`` of that machine."""
    public_key: Annotated[str, Effect.LIVE]
    """Its public key, base64 of 32 bytes."""
    network: Annotated[str, Effect.LIVE]
    """IPv6 prefix of 64 bits or fewer, of which each box has an address that is derived from its names."""


@spec
class Ssm:
    """Registration with AWS Systems Manager, where the base system has its agent."""

    region: Annotated[str, Effect.LIVE]
    """AWS region."""
    activation_secret: Annotated[str, Effect.LIVE]
    """Name of the secret in the stack's configuration that holds ``<activation id>:<activation code>``."""


@spec
class BreakGlass:
    """Ways into a box when nothing else works; each is off unless said otherwise."""

    console: Annotated[bool, Effect.LIVE] = False
    """Whether the user ``rescue`` may log in at the console with a password that only this site has."""
    wireguard: Annotated[WireGuard | None, Effect.LIVE] = None
    """Way in from afar by a tunnel outwards."""
    ssm: Annotated[Ssm | None, Effect.LIVE] = None
    """Way in from afar by AWS Systems Manager."""
