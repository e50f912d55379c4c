"""The network of one node, as its first boot configures it (rendered to netplan's version 2)."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.model.addresses import (
    HostAddress,
    Interface,
    InterfaceGlob,
    InterfaceName,
    Mac,
    PlainAddress,
    parsed_address,
    parsed_interface,
)
from edgefleet.model.effects import Effect
from edgefleet.model.geography import Country
from edgefleet.model.names import Domain
from edgefleet.model.spec import At, Level, spec
from edgefleet.model.syntax import Grammar, shown, wrong

Vlan = Annotated[int, Field(ge=1, le=4094)]


def _short(text: str) -> str:
    if (size := len(text.encode())) > LONGEST_SSID:
        raise wrong("bad-ssid", f"{shown(text)} has {size} bytes, a network's name has at most 32", SSID)
    return text


LONGEST_SSID = 32
SSID = "write it as the access point shows it; quotes, backslashes and control characters are not taken"
_SSID = Grammar(
    r"[^\x00-\x1f\x7f-\x9f\x22'`\\]+",
    "bad-ssid",
    "a network's name",
    SSID,
    32,
    _short,
    is_ascii=False,
    refers="may",
)
Ssid = Annotated[str, _SSID]
_PASSPHRASE = Grammar(
    r"[^\x00-\x1f\x7f-\x9f]{8,63}|[0-9A-Fa-f]{64}",
    "bad-passphrase",
    "a Wi-Fi passphrase",
    "a Wi-Fi passphrase has 8 to 63 characters, or is a key of 64 hex digits",
    64,
    is_ascii=False,
    is_private=True,
    refers="must",
)
Passphrase = Annotated[str, _PASSPHRASE]
ANY_WIRED = "e*"
"""Glob of kernel names for a wired interface that the fleet file does not name."""
_OF_ONE_NODE = At(Level.SITE, Level.NODE)


def _is_glob(name: str) -> bool:
    return bool(set(name) & set("*?[]!"))


@spec
class Bond:
    """Several ports used as one interface."""

    interfaces: Annotated[tuple[InterfaceName, ...], Field(min_length=1), Effect.REFLASH]
    """Kernel names of the ports, [enp1s0, enp2s0]."""
    mode: Annotated[
        Literal["active-backup", "balance-rr", "802.3ad", "balance-alb", "balance-tlb"], Effect.REFLASH
    ] = "active-backup"
    """How the ports share the work (netplan reference, parameters.mode)."""

    @property
    def glob(self) -> str | None:
        """The glob that finds the ports, where nobody names them."""
        return next(filter(_is_glob, self.interfaces), None)


@spec
class Wifi:
    """A wireless network to join."""

    ssid: Annotated[Ssid, Effect.REFLASH]
    """Name of the network, 1 to 32 bytes."""
    passphrase: Annotated[Passphrase, Effect.REFLASH]
    """A secret of the stack, {secret: shop-wifi}: 8 to 63 characters, or a key of 64 hex digits."""
    country: Annotated[Country | None, Effect.LIVE] = None
    """Country whose rules Wi-Fi keeps to, DE."""


@spec
class Network:
    """How a node reaches its network. Without an address the node asks DHCP."""

    address: Annotated[HostAddress | None, Effect.REFLASH, _OF_ONE_NODE] = None
    """Static address with prefix length, IPv4 or IPv6: 10.20.7.10/24."""
    extra_addresses: Annotated[tuple[HostAddress, ...], Effect.REFLASH, _OF_ONE_NODE] = ()
    """Further addresses with prefix length, of either family."""
    gateway: Annotated[PlainAddress | None, Effect.REFLASH] = None
    """Default gateway, inside the subnet of the node's address, or link-local for IPv6. k3s needs a default
    route to start."""
    gateway6: Annotated[PlainAddress | None, Effect.REFLASH] = None
    """Default gateway for IPv6, where gateway is the one for IPv4; it may be link-local."""
    dns: Annotated[tuple[PlainAddress, ...], Effect.REFLASH] = ()
    """Addresses of name servers; with DHCP they are added to those that DHCP gives."""
    search: Annotated[tuple[Domain, ...], Effect.REFLASH] = ()
    """DNS search domains."""
    mac: Annotated[Mac | None, Effect.REFLASH, _OF_ONE_NODE] = None
    """Hardware address that finds the interface: 02:00:5e:10:00:01."""
    interface: Annotated[InterfaceGlob | None, Effect.REFLASH] = None
    """Kernel name or glob that finds the interface where no mac is given. By default it is e*, with Wi-Fi
    the exact name wlan0. If several match, one of those with a link has the static address."""
    vlan: Annotated[Vlan | None, Effect.REFLASH] = None
    """VLAN id; the addresses are then on the VLAN, not on the bare interface."""
    bond: Annotated[Bond | None, Effect.REFLASH] = None
    """Bond of several ports in place of one interface."""
    wifi: Annotated[Wifi | None, Effect.REFLASH] = None
    """Wireless network in place of a wired interface."""

    @property
    def is_static(self) -> bool:
        """Whether the node has an address of its own and does not ask DHCP."""
        return self.address is not None

    @property
    def ports(self) -> Bond | None:
        """The bond; with a static address or a VLAN, one of all interfaces that match where none is named.

        With one address and route each, two live interfaces would lose packets, and a dead one would take the
        route.
        """
        is_named = self.wifi is not None or self.mac is not None or not _is_glob(self.wired)
        if self.bond is not None or is_named or not (self.is_static or self.vlan is not None):
            return self.bond
        return Bond(interfaces=(self.wired,))

    @property
    def wired(self) -> str:
        """Kernel name or glob of a wired interface."""
        return self.interface or ANY_WIRED

    @property
    def addresses(self) -> tuple[str, ...]:
        """All static addresses with their prefix lengths, `address` first."""
        return (*(() if self.address is None else (self.address,)), *self.extra_addresses)

    @property
    def gateways(self) -> Mapping[int, str]:
        """dict[4 or 6 -> default gateway]."""
        known = (gateway for gateway in (self.gateway, self.gateway6) if gateway is not None)
        return {parsed_address(gateway).version: gateway for gateway in known}

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """`addresses`, parsed."""
        return tuple(map(parsed_interface, self.addresses))

    @property
    def ip(self) -> str | None:
        """The static address without its prefix length."""
        return None if self.address is None else str(parsed_interface(self.address).ip)
