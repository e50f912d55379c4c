"""The network of one node, as its first boot configures it (rendered to netplan's version 2)."""

from ipaddress import ip_interface
from typing import Annotated, Literal

from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec


@spec
class Bond:
    """Several ports used as one interface."""

    interfaces: Annotated[tuple[str, ...], Effect.REFLASH]
    """Kernel names of the ports, for example ``[enp1s0, enp2s0]``; at least one."""
    mode: Annotated[
        Literal["active-backup", "balance-rr", "802.3ad", "balance-alb", "balance-tlb"], Effect.REFLASH
    ] = "active-backup"
    """Bonding mode (netplan reference, ``parameters.mode``)."""


@spec
class Wifi:
    """A wireless network to join."""

    ssid: Annotated[str, Effect.REFLASH]
    """Name of the network, 1 to 32 bytes."""
    passphrase_secret: Annotated[str, Effect.REFLASH]
    """Name of the secret in the stack's configuration that holds the passphrase; never the passphrase."""
    country: Annotated[str | None, Effect.LIVE] = None
    """Country whose rules it keeps to, ``DE``."""


@spec
class Network:
    """How one node reaches its network. Without `address` the node asks DHCP."""

    address: Annotated[str | None, Effect.REFLASH] = None
    """Static address with prefix length, IPv4 or IPv6: ``10.20.7.10/24``."""
    extra_addresses: Annotated[tuple[str, ...], Effect.REFLASH] = ()
    """Further addresses with prefix length, of either family."""
    gateway: Annotated[str | None, Effect.REFLASH] = None
    """Default gateway, inside the subnet of one of the addresses. k3s needs a default route to start."""
    gateway6: Annotated[str | None, Effect.REFLASH] = None
    """Default gateway for IPv6 where `gateway` is the one for IPv4; link-local ones are taken too."""
    dns: Annotated[tuple[str, ...], Effect.REFLASH] = ()
    """Addresses of name servers; with DHCP they are added to what DHCP gives."""
    search: Annotated[tuple[str, ...], Effect.REFLASH] = ()
    """DNS search domains."""
    mac: Annotated[str | None, Effect.REFLASH] = None
    """Hardware address that finds the interface: ``02:00:5e:10:00:01``."""
    interface: Annotated[str | None, Effect.REFLASH] = None
    """Kernel name or glob that finds the interface where no `mac` is given; ``e*`` by default. With Wi-Fi an
    exact name, ``wlan0`` by default."""
    vlan: Annotated[int | None, Effect.REFLASH] = None
    """VLAN id 1 to 4094; the addresses are then on the VLAN, not on the bare interface."""
    bond: Annotated[Bond | None, Effect.REFLASH] = None
    """Bond of several ports in place of one interface."""
    wifi: Annotated[Wifi | None, Effect.REFLASH] = None
    """Wireless network in place of a wired interface."""

    @property
    def is_static(self) -> bool:
        """Whether the node has an address of its own and does not ask DHCP."""
        return self.address is not None

    @property
    def ip(self) -> str | None:
        """The static address without its prefix length."""
        return None if self.address is None else str(ip_interface(self.address).ip)
