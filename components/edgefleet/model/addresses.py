"""Addresses: IP with and without a prefix, networks, hardware addresses, interface names.

No address has a zone, ``%eth0``: what follows the ``%`` would be free text. A link-local address is reached
over the interface of the network that it is in.
"""

import re
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Annotated

from edgefleet.model.syntax import Grammar, shown, wrong

Interface = IPv4Interface | IPv6Interface
Address = IPv4Address | IPv6Address
KEPT = 2**15
"""Parsed addresses in the cache: enough for the nodes of a large region."""
IP_RE = r"[0-9A-Fa-f.:]{2,45}"
PREFIXED = rf"{IP_RE}/\d{{1,3}}"
WIDEST_PREFIX = 64


@lru_cache(KEPT)
def parsed_interface(text: str) -> Interface:
    """An address with a prefix length, parsed from the text in specs.

    Raises:
        ValueError: `text` is none.
    """
    return ip_interface(text)


@lru_cache(KEPT)
def parsed_address(text: str) -> Address:
    """An address without a prefix length.

    Raises:
        ValueError: `text` is none.
    """
    return ip_address(text)


def _example(text: str) -> str:
    address = text.partition("/")[0]
    try:
        ip = parsed_address(address)
    except ValueError:
        return "write it like 10.1.0.4/24"
    if "%" in address:
        return "write it without a zone (%...): the network names its interface"
    return f"write it like {ip}/{24 if ip.version == 4 else 64}"  # noqa: PLR2004 - IP versions


def _without_prefix(text: str) -> str:
    address = re.split("[/%]", text)[0]
    try:
        good = str(parsed_address(address))
    except ValueError:
        good = "10.1.0.1"
    return f"write it without a prefix length and a zone, such as {good}"


def _host_address(text: str) -> str:
    try:
        interface = parsed_interface(text)
    except ValueError as error:
        raise wrong("bad-address", f"{shown(text)} is not an address", _example(text)) from error
    reason = _unfit(interface)
    if reason:
        raise wrong("unusable-address", f"{interface} is {reason}", _fit(interface))
    return str(interface)


def _unfit(interface: Interface) -> str | None:
    """Why a host may not have `interface`; `None` where it may."""
    ip, network = interface.ip, interface.network
    kinds = {
        "a multicast address": ip.is_multicast,
        "a loopback address": ip.is_loopback,
        "the unspecified address": ip.is_unspecified,
        "a network without a prefix": network.prefixlen == 0,
        "the network address of its subnet": network.num_addresses > 2 and ip == network.network_address,  # noqa: PLR2004 - RFC 3021: a /31 has none
        "the broadcast address of its subnet": isinstance(interface, IPv4Interface)
        and network.num_addresses > 2  # noqa: PLR2004 - the same
        and ip == network.broadcast_address,
    }
    return next((kind for kind, holds in kinds.items() if holds), None)


def _fit(interface: Interface) -> str:
    """The hint of an address that a host may not have: the first one of its subnet that it may have."""
    first = next(iter(interface.network.hosts()))
    own = parsed_interface(f"{first}/{interface.network.prefixlen}")
    example = own if _unfit(own) is None else {4: "10.1.0.4/24", 6: "fd00::4/64"}[interface.version]
    return f"write the node's own address, such as {example}"


def _plain_address(text: str) -> str:
    try:
        ip = parsed_address(text)
    except ValueError as error:
        raise wrong("bad-address", f"{shown(text)} is not an address", _without_prefix(text)) from error
    if ip.is_unspecified or ip.is_multicast:
        raise wrong("unusable-address", f"{ip} is not a host's address", "write the address of the host")
    return str(ip)


def _cidr(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise wrong("bad-cidr", f"{shown(text)} is not a network", _subnet_hint(text)) from None


def _subnet_hint(text: str) -> str:
    try:
        good = ip_network(text, strict=False)
    except ValueError:
        good = ip_network("10.1.0.0/16")
    return f"write it like {good}, with no bits set beyond the prefix and without a zone (%...)"


def _subnet(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        problem = f"{shown(text)} is neither an address nor a subnet"
        raise wrong("bad-subnet", problem, _subnet_hint(text)) from None
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _tunnel_network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        network = None
    if not isinstance(network, IPv6Network) or network.prefixlen > WIDEST_PREFIX:
        raise wrong("bad-prefix", f"{shown(text)} is not an IPv6 prefix of at most 64 bits", TUNNEL)
    return str(network)


def _hardware_address(text: str) -> str:
    mac = text.lower().replace("-", ":")
    if int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00":
        raise wrong(
            "unusable-mac",
            f"{mac} is {'no real' if mac.startswith('00') else 'a multicast'} hardware address",
            "write the address on the machine's label, or the one that ip link shows",
        )
    return mac


TUNNEL = "write one of your own, such as fd12:3456:789a::/64"
INTERFACE = "write the kernel's name such as enp1s0, 15 characters at most"
host_address = Grammar(
    PREFIXED,
    "bad-address",
    "an address with its prefix length",
    _example,
    50,
    _host_address,
    examples=("10.20.7.10/24",),
)
plain_address = Grammar(
    IP_RE, "bad-address", "an address", _without_prefix, 45, _plain_address, examples=("10.20.7.1",)
)
cidr = Grammar(PREFIXED, "bad-cidr", "a network", _subnet_hint, 50, _cidr, examples=("10.250.0.0/16",))
subnet = Grammar(rf"{IP_RE}(/\d{{1,3}})?", "bad-subnet", "an address or a subnet", _subnet_hint, 50, _subnet)
tunnel_network = Grammar(
    PREFIXED, "bad-prefix", "an IPv6 prefix of at most 64 bits", TUNNEL, 50, _tunnel_network
)
hardware_address = Grammar(
    r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}",
    "bad-mac",
    "a hardware address",
    "write six pairs like 02:00:5e:10:00:01",
    17,
    _hardware_address,
    is_trimmed=True,
)
HostAddress = Annotated[str, host_address]
PlainAddress = Annotated[str, plain_address]
Cidr = Annotated[str, cidr]
Subnet = Annotated[str, subnet]
TunnelNetwork = Annotated[str, tunnel_network]
Mac = Annotated[str, hardware_address]
_INTERFACE_NAME = Grammar(
    r"[A-Za-z0-9][A-Za-z0-9_.-]*", "bad-interface", "a name of a network interface", INTERFACE, 15
)
InterfaceName = Annotated[str, _INTERFACE_NAME]
_INTERFACE_GLOB = Grammar(
    r"[A-Za-z0-9*?\[][A-Za-z0-9_.*?\[\]!-]*",
    "bad-interface",
    "a name or glob of network interfaces",
    "write the kernel's name such as enp1s0, or a glob such as e*",
    64,
)
InterfaceGlob = Annotated[str, _INTERFACE_GLOB]
