"""Consistency of a node's links: each by itself, and all beside each other."""

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_network

from edgefleet.errors import Problem
from edgefleet.images.network.devices import FIRST_MODEM, FIRST_WIRELESS, Device, devices
from edgefleet.model.addresses import Address, Interface, parsed_address
from edgefleet.model.authentication import Authentication
from edgefleet.model.network import FurtherLink, Network, NetworkLink, is_glob
from edgefleet.model.paths import Part, format_path
from edgefleet.model.syntax import shown
from edgefleet.model.wireless import WifiNetwork

ETHERNET = 1500
"""Bytes of a packet on a link without an `mtu`."""
LOGIN = {
    "method": "tls, peap or ttls",
    "identity": "host/shop-1.example",
    "ca": "file:PATH",
    "certificate": "file:PATH",
    "key": "{secret: NAME}",
    "password": "{secret: NAME}",
}
"""dict[key of a login by 802.1X -> its form]."""
Finding = tuple[Sequence[Part], str, str, str]
"""(path below the link, code, problem, hint)."""


def check(network: Network) -> Iterator[Problem]:
    """Links of one node that its programs refuse, or that do not work beside each other."""
    for path, link in network.every.items():
        for check_one in (_wifi, _networks, _logins, _bond, _gateways, _routes):
            yield from _placed(path, check_one(link))
        yield from _placed(path, _lan(link) if link is network else _further(network, link))
    yield from _placed((), _found(network))
    known = devices(network) if network.links else ()
    yield from _placed((), _names(network, known))
    yield from _placed((), _tags(known))
    yield from _placed((), _metrics(network))
    yield from _placed((), _countries(network))


def _placed(path: tuple[str, ...], findings: Iterator[Finding]) -> Iterator[Problem]:
    for below, code, problem, hint in findings:
        yield Problem.of_value(format_path(("network", *path, *below)), code, problem, hint)


def _wifi(link: NetworkLink) -> Iterator[Finding]:
    """Reject what Netplan rejects, such as `match` for a wireless interface under networkd."""
    if link.is_wired:
        return
    kind, name = ("modem", FIRST_MODEM) if link.wifi is None else ("wifi", FIRST_WIRELESS)
    for other in ("bond", "vlan", "auth", *(["modem"] if kind == "wifi" else [])):
        if getattr(link, other) is not None:
            problem = f"a link with {kind} has no {other}"
            yield (other,), f"{kind}-conflict", problem, f"remove {kind} or {other}"
    if link.mac is not None:
        problem = "a wireless interface is found by its name, not by a hardware address"
        hint = f"remove mac, and set interface unless it is {name}"
        yield ("mac",), f"{kind}-conflict", problem, hint
    if link.interface is not None and is_glob(link.interface):
        problem = f"{link.interface} is not an exact name, which a wireless interface needs"
        yield ("interface",), f"{kind}-conflict", problem, f"write the kernel's name such as {name}"
    if link.modem is not None and not link.asks_dhcp:
        key = "dhcp" if link.address is None else "address"
        yield (key,), "modem-conflict", "a modem gets its address from the operator", f"remove {key}"


def _networks(link: NetworkLink) -> Iterator[Finding]:
    """Each wireless network once, and joined in one way."""
    ssids: set[str] = set()
    for place, wireless in link.wireless_networks.items():
        for key, code, problem, hint in _joined(wireless):
            yield (*place, key), code, problem, hint
        if wireless.ssid in ssids:
            problem = f"{shown(wireless.ssid)} is already a network of this link"
            yield (*place, "ssid"), "same-ssid", problem, "write each network once"
        ssids.add(wireless.ssid)


def _joined(wireless: WifiNetwork) -> Iterator[tuple[str, str, str, str]]:
    """Whether it is clear how a network is joined; a forgotten passphrase must not make it an open one."""
    ways = {"open": wireless.open, "passphrase": wireless.passphrase, "auth": wireless.auth}
    chosen = [key for key, value in ways.items() if value]
    if not chosen:
        hint = "add passphrase: {secret: NAME}, or open: true for a network without encryption"
        yield "ssid", "no-passphrase", f"{shown(wireless.ssid)} has no passphrase", hint
    if len(chosen) > 1:
        problem = f"{shown(wireless.ssid)} has {' and '.join(chosen)}, of which one excludes the others"
        yield chosen[0], "wifi-conflict", problem, f"remove {' or '.join(chosen)}"


def _logins(link: NetworkLink) -> Iterator[Finding]:
    """Whether each login by 802.1X has what its method needs, on a port that one program can name."""
    for path, login in link.logins.items():
        for key, code, problem, hint in _login(login):
            yield (*path, *key), code, problem, hint
    if link.auth is None or not link.is_wired:
        return
    if link.bond is not None:
        yield ("auth",), "auth-conflict", "the ports of a bond have no login by 802.1X", "remove auth or bond"
    elif not link.is_found_exactly:
        hint = "find the port by mac, or by an exact interface such as enp1s0"
        yield ("auth",), "auth-conflict", f"{link.wired} may fit several ports, and one logs in", hint


def _login(login: Authentication) -> Iterator[Finding]:
    of_method = {None: (), "tls": ("certificate", "key")}.get(login.method, ("password",))
    for key, value in LOGIN.items():
        has, needs = getattr(login, key) is not None, key in {"method", "identity", "ca", *of_method}
        if needs and not has:
            yield (), f"no-{key}", f"{login.method or 'a login by 802.1X'} needs {key}", f"add {key}: {value}"
        elif has and not needs and login.method is not None:
            yield (key,), "auth-conflict", f"{login.method} does not use {key}", f"remove {key}"
    if login.inner == "pap" and login.method != "ttls":
        yield ("inner",), "auth-conflict", "only ttls sends a password by pap", "remove inner"


def _bond(link: NetworkLink) -> Iterator[Finding]:
    if link.bond is None:
        return
    if link.mac is not None:
        problem = "a bond has several ports, each with a hardware address of its own"
        yield ("mac",), "bond-conflict", problem, "remove mac; bond.macs are the addresses of its ports"
    if not link.bond.ports:
        hint = "add interfaces: [enp1s0, enp2s0], or macs with their hardware addresses"
        yield ("bond",), "no-ports", "this bond has no ports", hint
    if link.bond.interfaces and link.bond.macs:
        problem = "the ports of a bond are found by their names or by their hardware addresses"
        yield ("bond", "macs"), "bond-conflict", problem, "remove interfaces or macs"
    elif len(set(link.bond.ports)) < len(link.bond.ports):
        problem = "a port appears twice in this bond"
        key = "macs" if link.bond.macs else "interfaces"
        yield ("bond", key), "bond-conflict", problem, "name each port once"


def _lan(link: NetworkLink) -> Iterator[Finding]:
    """The main link has a default route, without which k3s does not start."""
    if link.is_static and not link.gateways:
        problem = f"{link.address} is static but there is no gateway"
        hint = "add network.gateway to the site or its group: k3s does not start without a route"
        yield ("address",), "no-gateway", problem, hint


def _gateways(link: NetworkLink) -> Iterator[Finding]:
    written = {"gateway": link.gateway, "gateway6": link.gateway6}
    for (key, text), version in zip(written.items(), (4, 6), strict=True):
        if text is None:
            continue
        gateway = parsed_address(text)
        if link.gateway6 is not None and gateway.version != version:
            problem = f"{gateway} is not an IPv{version} address"
            hint = "beside gateway6, gateway is the one for IPv4; a node of one family has gateway alone"
            yield (key,), "gateway-family", problem, hint
        speaks_ipv6 = key == "gateway6" or any(own.version == gateway.version for own in link.interfaces)
        is_beside = gateway.version == 6 and gateway.is_link_local and speaks_ipv6  # noqa: PLR2004 - IPv6
        flaw = _gateway_flaw(gateway, link.interfaces, may_be_outside=is_beside)
        if flaw is not None:
            yield (key,), *flaw


def _gateway_flaw(
    gateway: Address, own: tuple[Interface, ...], *, may_be_outside: bool
) -> tuple[str, str, str] | None:
    if not own:
        problem = f"{gateway} is the gateway of a node that asks DHCP, which names a gateway itself"
        return "gateway-without-address", problem, "add an address, or remove the gateway"
    return _router_flaw(gateway, own, "gateway", may_be_outside=may_be_outside)


def _router_flaw(
    router: Address, own: tuple[Interface, ...], what: str, *, may_be_outside: bool
) -> tuple[str, str, str] | None:
    """Why a node with the addresses `own` cannot send to `router`."""
    if any(router == interface.ip for interface in own):
        return f"{what}-is-node", f"{router} is the node itself", "write the router's address"
    if may_be_outside or any(router in interface.network for interface in own):
        return None
    networks = ", ".join(sorted({str(interface.network) for interface in own}))
    hint = f"write a {what} inside the subnet, or correct the address or its prefix length"
    return f"{what}-outside", f"the {what} {router} is outside {networks}", hint


def _routes(link: NetworkLink) -> Iterator[Finding]:
    for index, route in enumerate(link.routes):
        to, via = ip_network(route.to), parsed_address(route.via)
        if to.prefixlen == 0:
            hint = f"remove it, and set gateway{'6' if to.version == 6 and link.gateway else ''}: {via}"  # noqa: PLR2004
            yield ("routes", index, "to"), "default-route", f"{to} is the default route", hint
        if to.version != via.version:
            problem = f"{to} is not reached over {via}, an address of the other family"
            yield ("routes", index, "via"), "route-family", problem, f"write a router of IPv{to.version}"
            continue
        is_unknown = link.asks_dhcp or via.is_link_local
        if flaw := _router_flaw(via, link.interfaces, "router", may_be_outside=is_unknown):
            yield ("routes", index, "via"), *flaw


def _further(network: Network, link: NetworkLink) -> Iterator[Finding]:
    over = link.over if isinstance(link, FurtherLink) else None
    if link.vlan is None:
        if over is not None:
            problem = "only a VLAN is over another link"
            yield ("over",), "link-over", problem, "add vlan with its id, or remove over"
        return
    for key in ("mac", "interface", "bond", "auth"):
        if getattr(link, key) is not None:
            hint = f"remove {key}; for a port of its own, add a link with {key}, and name that link in over"
            yield (key,), "link-over", "a further link with a VLAN has no port of its own", hint
    carrier = network if over is None else network.links.get(over)
    if carrier is None or (over is not None and carrier.vlan is not None):
        problem = f"no further link with a port is called {over}"
        ports = [name for name in network.links if network.links[name].vlan is None]
        hint = f"name one of {', '.join(ports)}" if ports else "remove over: the main link carries it then"
        yield ("over",), "link-over", problem, hint
    elif (link.mtu or 0) > (carrier.mtu or ETHERNET):
        key = format_path(("network", *(("links", over) if over else ()), "mtu"))
        problem = f"an MTU of {link.mtu} is above the {carrier.mtu or ETHERNET} of the link that carries it"
        yield ("mtu",), "mtu", problem, f"set {key}: {link.mtu}, or write a smaller one"


def _found(network: Network) -> Iterator[Finding]:
    """Each of several wired links is found by something that no other one fits."""
    wired = [
        (path, link)
        for path, link in network.every.items()
        if link.is_wired and not (path and link.vlan is not None)
    ]
    for path, link in wired if len(wired) > 1 else ():
        if not link.is_found_exactly:
            problem = f"{link.wired} may fit the port of another link of this node"
            hint = "find it by mac, or by an exact interface such as enp1s0"
            yield (*path, *(["interface"] if link.interface else [])), "which-port", problem, hint


def _names(network: Network, known: Iterable[Device]) -> Iterator[Finding]:
    """Each device has a name and a port of its own."""
    taken: dict[str, tuple[str, ...]] = {}
    for device in known:
        if device.kind == "vlan" and is_glob(network.wired) and fnmatchcase(device.name, network.wired):
            problem = f"{network.wired}, which finds the main link's port, fits this VLAN too"
            hint = "give it a name that does not fit, or set network.interface"
            yield device.path, "link-name", problem, hint
        names = (device.name, device.link.interface or device.name)
        for name in () if _is_any_port(device) else dict.fromkeys(names):
            if taken.setdefault(name, device.path) != device.path:
                problem = f"another link of this node has the interface {name}"
                yield device.path, "link-name", problem, "give each link its own name and its own interface"


def _is_any_port(device: Device) -> bool:
    """Whether it stands for all ports that a bond finds by a glob; `_found` reports those of two links."""
    return bool(device.bond) and is_glob(device.pattern or "")


def _tags(known: Iterable[Device]) -> Iterator[Finding]:
    """The kernel takes an id once on each port."""
    taken: set[tuple[str, int | None]] = set()
    for device in (device for device in known if device.kind == "vlan"):
        if (device.on, device.link.vlan) in taken:
            problem = f"another VLAN on the same port has the id {device.link.vlan}"
            hint = "write another id, or name another port in over"
            yield (*device.path, "vlan"), "same-vlan", problem, hint
        taken.add((device.on, device.link.vlan))


def _metrics(network: Network) -> Iterator[Finding]:
    """The main link's default route is the one in use while it is up."""
    links = network.every
    metrics = {path: metric for path, metric in network.metrics.items() if links[path].has_default_route}
    main = metrics.pop((), None) or 0
    taken: set[int | None] = set()
    for path, metric in metrics.items():
        if metric is not None and metric <= main:
            problem = f"its metric {metric} is not above {main}, the main link's, which k3s uses"
            yield (*path, "metric"), "metric", problem, f"write more than {main}, such as {main + 100}"
        elif metric is not None and metric in taken:
            problem = f"another link has a default route with the metric {metric} too"
            yield (*path, "metric"), "metric", problem, "write another metric for one of them"
        taken.add(metric)


def _countries(network: Network) -> Iterator[Finding]:
    """The kernel has one country for all its radios."""
    first = network.wireless.country if network.wireless is not None else None
    for path, link in network.every.items():
        if link.wifi is not None and None not in (first, link.wifi.country) and link.wifi.country != first:
            problem = f"another wireless link of this node is in {first}"
            yield (*path, "wifi", "country"), "wifi-country", problem, f"write {first} for both"
