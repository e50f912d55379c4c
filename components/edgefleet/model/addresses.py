"""Addresses: IP with and without a prefix, hardware addresses, interface names."""

import re
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Annotated

from pydantic import Field

from edgefleet.model.syntax import checked, matching, shown, wrong

Interface = IPv4Interface | IPv6Interface
Address = IPv4Address | IPv6Address
KEPT = 2**15
"""Parsed addresses in the cache: enough for the nodes of a large region."""


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


def host_address(text: str) -> str:
    """`text` in its shortest form, if a node may have it: ``10.1.0.4/24``.

    Raises:
        PydanticCustomError: it is no address with a prefix, or not one for a host.
    """
    address, slash, _ = text.partition("/")
    if not slash:
        raise wrong(
            "bad-address", f"{shown(text)} has no prefix length", f"write it like {_example(address)}"
        )
    try:
        interface = parsed_interface(text)
    except ValueError as error:
        raise wrong(
            "bad-address", f"{shown(text)} is not an address", f"write it like {_example(address)}"
        ) from error
    reason = _unfit(interface)
    if reason:
        raise wrong("unusable-address", f"{interface} is {reason}", "give the node its own address")
    return str(interface)


def _example(address: str) -> str:
    try:
        ip = parsed_address(address)
    except ValueError:
        return "10.1.0.4/24"
    return f"{ip}/{24 if ip.version == 4 else 64}"  # noqa: PLR2004 - IP versions


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


def plain_address(text: str) -> str:
    """`text`, an address without prefix length, in its shortest form.

    Raises:
        PydanticCustomError: it is none.
    """
    try:
        ip = parsed_address(text)
    except ValueError as error:
        address = text.partition("/")[0] if "/" in text else "10.1.0.1"
        raise wrong(
            "bad-address",
            f"{shown(text)} is not an address",
            f"write it without a prefix length, such as {address}",
        ) from error
    if ip.is_unspecified or ip.is_multicast:
        raise wrong("unusable-address", f"{ip} is not a host's address", "write the address of the host")
    return str(ip)


def cidr(text: str) -> str:
    """`text`, a network with its prefix length, in its shortest form.

    Raises:
        PydanticCustomError: it is none.
    """
    try:
        return str(ip_network(text))
    except ValueError as error:
        address = text.partition("/")[0] or "10.250.0.0"
        raise wrong(
            "bad-cidr", f"{shown(text)} is not a network: {error}", f"write it like {_example(address)}"
        ) from error


_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def hardware_address(text: str) -> str:
    """`text` in lower case with colons, if one interface may have it.

    Raises:
        PydanticCustomError: it is no hardware address, or one for many.
    """
    mac = text.strip().lower().replace("-", ":")
    if not _MAC.fullmatch(mac):
        raise wrong(
            "bad-mac", f"{shown(text)} is not a hardware address", "write six pairs like 02:00:5e:10:00:01"
        )
    first = int(mac[:2], 16)
    if first & 1 or mac == "00:00:00:00:00:00":
        raise wrong(
            "unusable-mac",
            f"{mac} is {'a multicast' if first & 1 else 'no real'} hardware address",
            "write the address on the machine's label, or the one that ip link shows",
        )
    return mac


HostAddress = Annotated[
    str, checked(host_address), Field(json_schema_extra={"pattern": "/", "examples": ["10.20.7.10/24"]})
]
PlainAddress = Annotated[str, checked(plain_address), Field(json_schema_extra={"examples": ["10.20.7.1"]})]
Cidr = Annotated[str, checked(cidr), Field(json_schema_extra={"examples": ["10.250.0.0/16"]})]
Mac = Annotated[
    str,
    checked(hardware_address),
    Field(json_schema_extra={"pattern": "^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$"}),
]
InterfaceName = Annotated[
    str,
    *matching(
        r"[A-Za-z0-9][A-Za-z0-9_.-]*",
        code="bad-interface",
        what="a name of a network interface",
        hint="write the kernel's name such as enp1s0, 15 characters at most",
        longest=15,
    ),
]
InterfaceGlob = Annotated[
    str,
    *matching(
        r"[A-Za-z0-9*?\[][A-Za-z0-9_.*?\[\]!-]*",
        code="bad-interface",
        what="a name or glob of network interfaces",
        hint="write the kernel's name such as enp1s0, or a glob such as e*",
        longest=64,
    ),
]
