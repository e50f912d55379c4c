"""The network of one node, as its first boot configures it: links by kind, as netplan has them.

`Network` is the node's main link, which carries its default route and its address in the cluster, together
with its further links. The writers in `edgefleet.images.network` walk over the same devices of both.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.model.addresses import (
    HostAddress,
    Interface,
    InterfaceGlob,
    InterfaceName,
    Mac,
    PlainAddress,
    Subnet,
    parsed_address,
    parsed_interface,
)
from edgefleet.model.authentication import Authentication
from edgefleet.model.effects import Effect
from edgefleet.model.names import Domain
from edgefleet.model.paths import Part
from edgefleet.model.spec import At, Level, Unset, spec
from edgefleet.model.syntax import Grammar, wrong
from edgefleet.model.wireless import Modem, Wifi, WifiNetwork

Vlan = Annotated[int, Field(ge=1, le=4094)]


ANY_WIRED = "e*"
"""Glob of kernel names for a wired interface that the fleet file does not name."""
Mtu = Annotated[int, Field(ge=1280, le=65535)]
Metric = Annotated[int, Field(ge=1, le=2**32 - 2)]
CONTAINERS = ("cali", "cilium", "cni", "docker", "flannel", "kube", "lxc", "tunl", "veth", "vxlan")
"""Beginnings of names of interfaces that belong to containers; the firewall admits what comes in by them."""
LINK = "write a word of your own such as cameras, 12 characters at most"


def _link_name(text: str) -> str:
    if text in {"lo", "wg-edgefleet"} or text.startswith(CONTAINERS):
        raise wrong(
            "bad-link-name", f"{text} is the name of an interface of the system's or of containers", LINK
        )
    return text


_LINK_NAME = Grammar("[a-z][a-z0-9-]{0,11}", "bad-link-name", "a name of a link", LINK, 12, _link_name)
LinkName = Annotated[str, _LINK_NAME]
_OF_ONE_NODE = At(Level.SITE, Level.NODE)


def is_glob(name: str) -> bool:
    """Whether `name` has signs of a pattern."""
    return bool(set(name) & set("*?[]!"))


@spec
class Bond:
    """Several ports used as one interface, found by their names or by their hardware addresses."""

    interfaces: Annotated[tuple[InterfaceName, ...], Effect.REFLASH] = ()
    """Kernel names of the ports, [enp1s0, enp2s0]."""
    macs: Annotated[tuple[Mac, ...], Effect.REFLASH, _OF_ONE_NODE] = ()
    """Hardware addresses of the ports, in place of their names."""
    mode: Annotated[
        Literal["active-backup", "balance-rr", "802.3ad", "balance-alb", "balance-tlb"], Effect.REFLASH
    ] = "active-backup"
    """How the ports share the work (netplan reference, parameters.mode)."""

    @property
    def glob(self) -> str | None:
        """The glob that finds the ports, where nobody names them."""
        return next(filter(is_glob, self.interfaces), None)

    @property
    def ports(self) -> tuple[str, ...]:
        """What finds the ports: hardware addresses or names, in the order of the fleet file."""
        return self.macs or self.interfaces


@spec
class StaticRoute:
    """A static route."""

    to: Annotated[Subnet, Effect.REFLASH]
    """Destination, an address or a subnet: 10.99.0.0/16."""
    via: Annotated[PlainAddress, Effect.REFLASH]
    """Address of the router, in a subnet of the link."""
    metric: Annotated[Metric | None, Effect.REFLASH] = None
    """Of two routes to one destination the one with the lower metric is used."""


@spec
class NetworkLink:
    """One link of a node: how it is found, and its addresses. Without an address the node asks DHCP."""

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
    dhcp_identifier: Annotated[Literal["mac", "duid"] | None, Effect.REFLASH] = None
    """How the node names itself to DHCP: by its hardware address, or by the id of its system. By default it
    is the base system's own choice."""
    use_dns: Annotated[bool, Effect.REFLASH] = True
    """Whether it uses the name servers that DHCP gives."""
    metric: Annotated[Metric | None, Effect.REFLASH] = None
    """Metric of the link's routes; of two routes the one with the lower metric is used. Where several links
    have a default route, the main link has 100, and the others have 200 and more, Wi-Fi 600 and
    more, a modem 700 and more."""
    mtu: Annotated[Mtu | None, Effect.REFLASH, Unset("default (the driver's)")] = None
    """Bytes of the largest packet; by default what the driver sets."""
    routes: Annotated[tuple[StaticRoute, ...], Effect.REFLASH] = ()
    """Static routes besides the default route."""
    mac: Annotated[Mac | None, Effect.REFLASH, _OF_ONE_NODE] = None
    """Hardware address that finds the interface: 02:00:5e:10:00:01."""
    interface: Annotated[InterfaceGlob | None, Effect.REFLASH, Unset("default (e*; Wi-Fi: wlan0)")] = None
    """Kernel name or glob that finds the interface where no mac is given. By default it is e*, with Wi-Fi
    the exact name wlan0. If several match, one of those with a link has the static address."""
    vlan: Annotated[Vlan | None, Effect.REFLASH] = None
    """VLAN id; the addresses are then on the VLAN, not on the bare interface. The VLAN of a further link is
    beside the untagged LAN of the main one."""
    bond: Annotated[Bond | None, Effect.REFLASH] = None
    """Bond of several ports in place of one interface."""
    wifi: Annotated[Wifi | None, Effect.REFLASH] = None
    """Wireless network in place of a wired interface."""
    modem: Annotated[Modem | None, Effect.REFLASH] = None
    """Mobile network in place of a wired interface. It needs image.renderer: NetworkManager and a base with
    ModemManager; its interface is cdc-wdm0 unless interface names another one."""
    auth: Annotated[Authentication | None, Effect.REFLASH] = None
    """Login of a wired port by 802.1X; a wireless network has one of its own."""

    @property
    def is_wired(self) -> bool:
        """Whether it has a port for a cable."""
        return self.wifi is None and self.modem is None

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
        if self.is_found_exactly or not (self.is_static or self.vlan is not None):
            return self.bond
        return Bond(interfaces=(self.wired,))

    @property
    def wired(self) -> str:
        """Kernel name or glob of a wired interface."""
        return self.interface or ANY_WIRED

    @property
    def asks_dhcp(self) -> bool:
        """Whether its address is leased."""
        return self.address is None

    @property
    def has_default_route(self) -> bool:
        """Whether packets to anywhere may leave by it."""
        return bool(self.gateways) or self.asks_dhcp

    @property
    def is_found_exactly(self) -> bool:
        """Whether one interface alone fits: by hardware address, by exact name, or made by the system."""
        is_named = self.mac is not None or self.bond is not None or not self.is_wired
        return is_named or not is_glob(self.wired)

    @property
    def wireless_networks(self) -> Mapping[tuple[Part, ...], WifiNetwork]:
        """dict[path below the link -> wireless network to join], none for another link."""
        return {} if self.wifi is None else self.wifi.placed

    @property
    def logins(self) -> Mapping[tuple[Part, ...], Authentication]:
        """dict[path below the link -> login by 802.1X]."""
        holders: dict[tuple[Part, ...], NetworkLink | WifiNetwork] = {(): self, **self.wireless_networks}
        return {(*path, "auth"): one.auth for path, one in holders.items() if one.auth is not None}

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


@spec
class FurtherLink(NetworkLink):
    """A link besides the main one."""

    dhcp: Annotated[bool, Effect.REFLASH] = True
    """Whether the node asks DHCP for an address if the link has none."""
    use_routes: Annotated[bool, Effect.REFLASH] = True
    """Whether it uses the routes that DHCP gives, the default route among them."""
    over: Annotated[LinkName | None, Effect.REFLASH] = None
    """The further link whose port carries the VLAN; by default the port of the main link."""

    @property
    def asks_dhcp(self) -> bool:
        """Whether its address is leased."""
        return self.address is None and self.dhcp

    @property
    def has_default_route(self) -> bool:
        """Whether packets to anywhere may leave by it."""
        return bool(self.gateways) or (self.asks_dhcp and self.use_routes)


@spec
class Network(NetworkLink):
    """How a node reaches its network: the main link, which k3s uses, and further ones."""

    links: Annotated[dict[LinkName, FurtherLink], Effect.REFLASH] = field(default_factory=dict)
    """Further links, name -> link: second ports, VLANs beside the untagged LAN, Wi-Fi beside a wire. Where
    there are several wired ones, each is found by mac or by an exact interface."""

    @property
    def every(self) -> Mapping[tuple[str, ...], NetworkLink]:
        """dict[path below the network -> link], the main link first."""
        return {(): self, **{("links", name): self.links[name] for name in sorted(self.links)}}

    @property
    def wireless(self) -> Wifi | None:
        """The Wi-Fi of any of the links."""
        return next((link.wifi for link in self.every.values() if link.wifi is not None), None)

    @property
    def every_login(self) -> Mapping[tuple[Part, ...], Authentication]:
        """dict[path below the network -> login by 802.1X] of all links."""
        return {
            (*place, *path): login
            for place, link in self.every.items()
            for path, login in link.logins.items()
        }

    @property
    def beyond_wires(self) -> tuple[str, ...]:
        """What it has that not every base system supports, in words: ``Wi-Fi``."""
        links = self.every.values()
        has = {
            "Wi-Fi": self.wireless is not None,
            "802.1X": bool(self.every_login),
            "modems": any(link.modem is not None for link in links),
        }
        return tuple(name for name, is_there in has.items() if is_there)

    @property
    def ips(self) -> tuple[str, ...]:
        """The static addresses of all links without their prefix lengths."""
        return tuple(str(interface.ip) for link in self.every.values() for interface in link.interfaces)

    @property
    def metrics(self) -> Mapping[tuple[str, ...], int | None]:
        """dict[path below the network -> metric of the link's routes]; `None` for the system's own."""
        several = sum(link.has_default_route for link in self.every.values()) > 1
        return {
            path: link.metric or (_metric(link, number) if several and link.has_default_route else None)
            for number, (path, link) in enumerate(self.every.items())
        }


def _metric(link: NetworkLink, number: int) -> int:
    first = 200 if link.is_wired else 600 if link.wifi is not None else 700
    return 100 if number == 0 else first + number - 1
