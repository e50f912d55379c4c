"""A netplan file (netplan.readthedocs.io, netplan-yaml), and the same model as nmstate writes it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgefleet.fleetfile.imports.documents import listed, records, within
from edgefleet.fleetfile.imports.file_kind import FileKind, Left, Place, Setting, Settings, secret

Links = Mapping[str, tuple[str, dict[str, Any]]]
"""dict[name of a link -> (its section, its definition)]."""
SECTIONS = ("ethernets", "wifis", "modems", "bonds", "vlans")
DEFAULTS = {"default", "0.0.0.0/0", "::/0"}
VALUES = {
    ("mtu",): ("mtu",),
    ("dhcp-identifier",): ("dhcpIdentifier",),
    ("nameservers", "addresses"): ("dns",),
    ("nameservers", "search"): ("search",),
    ("dhcp4-overrides", "use-dns"): ("useDns",),
    ("dhcp4-overrides", "use-routes"): ("useRoutes",),
    ("dhcp4-overrides", "route-metric"): ("metric",),
}
"""dict[path in a link -> path in one of the fleet file]: the value is the same."""
LOGIN = {"method": "method", "identity": "identity", "anonymous-identity": "anonymousIdentity"}
SECRETS = {
    "password": ("password", "802.1x", "the password"),
    "client-key": ("key", "802.1x-key", "the key's DER in base64"),
}
"""dict[key of ``auth`` -> (key of a fleet file, name of the secret, what it is)]."""
FILES = {"ca-certificate": "ca", "client-certificate": "certificate"}
FAMILIES = ("dhcp4", "dhcp6")


def settings(document: Any, place: Place) -> Settings:
    """The network of one site."""
    yield from network(within(document, "network"), (*place.of_site, "network"))


def network(written: dict[str, Any], at: tuple[str, ...]) -> Settings:
    """The settings at `at` of a netplan `network`: its link with a default route is the node's main one."""
    yield Setting((*at[:-1], "image", "renderer"), written.pop("renderer", None))
    for section in [*written.keys() - {*SECTIONS}]:
        if written.pop(section) and section != "version":
            yield Left(f"network.{section}", "there is no such kind of link in a fleet file")
    links = {
        str(name): (section, within(written, section, name))
        for section in SECTIONS
        for name in within(written, section)
    }
    below = {
        str(name)
        for _, link in links.values()
        for name in [*listed(link.get("interfaces")), link.get("link")]
    }
    ends = [
        name
        for name, (_, link) in links.items()
        if name not in below or link.keys() & {"addresses", *FAMILIES}
    ]
    main = next((name for name in ends if _has_default(links[name][1])), next(iter(ends), None))
    ports = {
        name: str(link.get("link")) if section == "vlans" else name for name, (section, link) in links.items()
    }
    for name in ends:
        path = at if name == main else (*at, "links", _link_name(name))
        yield from _port(name, links, ports, main, path)
        yield from _addresses(links[name][1], path, is_main=name == main)


def _link_name(name: str) -> str:
    return name.replace(".", "-")


def _has_default(link: Mapping[str, Any]) -> bool:
    return bool({"gateway4", "gateway6"} & link.keys()) or any(_is_default(route) for route in _routes(link))


def _routes(link: Mapping[str, Any]) -> list[dict[str, Any]]:
    return records(link.get("routes"))


def _is_default(route: Mapping[str, Any]) -> bool:
    return str(route.get("to")) in DEFAULTS


def _port(
    name: str, links: Links, ports: Mapping[str, str], main: str | None, at: tuple[str, ...]
) -> Settings:
    """Which port a link has, and its VLAN on it."""
    section, link = links[name]
    port = ports[name]
    if section == "vlans":
        link.pop("link", None)
        yield Setting((*at, "vlan"), link.pop("id", None))
        if name != main:  # a further VLAN is on the main link's port by default
            yield Setting((*at, "over"), None if port == ports.get(str(main)) else _link_name(port))
            return
    section, link = links.get(port, ("ethernets", {}))
    if section == "bonds":
        ports_of_bond = [str(port) for port in listed(link.pop("interfaces", None))]
        yield _bond_ports([(port, links.get(port, ("", {}))[1]) for port in ports_of_bond], (*at, "bond"))
        yield Setting((*at, "bond", "mode"), within(link, "parameters").pop("mode", None))
        return
    match = within(link, "match")
    mac = match.pop("macaddress", None)
    yield Setting((*at, "mac"), mac and str(mac).lower())
    yield Setting((*at, "interface"), match.pop("name", None if mac else port))
    whose = f"{at[-1]}-" if at[-2:-1] == ("links",) else ""
    yield from _wifi(link, at, whose)
    if auth := within(link, "auth"):
        yield from _login(auth, "auth", (*at, "auth"), whose)
    if section == "modems":
        yield from _modem(link, (*at, "modem"), whose)


def _modem(link: dict[str, Any], at: tuple[str, ...], whose: str) -> Settings:
    link.pop("renderer", None)
    yield Setting((*at, "apn"), link.pop("apn", None))
    if link.pop("pin", None) is not None:
        yield from secret((*at, "pin"), f"{whose}sim", "modem.pin", "the PIN")
    if link.keys() & {"username", "password"}:
        for key in ("username", "password"):
            link.pop(key, None)
        what = "modem.username, modem.password"
        yield from secret((*at, "credentials"), f"{whose}apn", what, "<user>:<password>")


def _login(auth: dict[str, Any], what: str, at: tuple[str, ...], whose: str) -> Settings:
    """A login by 802.1X; what its files hold is not in the file that names them."""
    auth.pop("key-management", None)
    inner = auth.pop("phase2-auth", None)
    yield Setting((*at, "inner"), inner and str(inner).lower())
    for key, name in LOGIN.items():
        yield Setting((*at, name), auth.pop(key, None))
    for key, (name, of_stack, form) in SECRETS.items():
        if auth.pop(key, None) is not None:
            yield from secret((*at, name), f"{whose}{of_stack}", f"{what}.{key}", form)
    for key, name in FILES.items():
        if auth.pop(key, None) is not None:
            yield Left(f"{what}.{key}", f"copy the file into the project, and add {name}: file:PATH")


def _bond_ports(ports: Sequence[tuple[str, dict[str, Any]]], at: tuple[str, ...]) -> Setting:
    """By hardware addresses where each port has one, by names otherwise."""
    found = [within(link, "match") for _, link in ports]
    macs = [match.get("macaddress") for match in found]
    names = [match.pop("name", name) for match, (name, _) in zip(found, ports, strict=True)]
    if None in macs:
        return Setting((*at, "interfaces"), names)
    for match, (_, link) in zip(found, ports, strict=True):
        match.pop("macaddress")
        link.pop("set-name", None)
    return Setting((*at, "macs"), [str(mac).lower() for mac in macs])


def _wifi(link: dict[str, Any], at: tuple[str, ...], whose: str) -> Settings:
    """The wireless networks; the first one stands at the link itself, the others in a list."""
    networks: list[dict[str, Any]] = []
    for number, (ssid, point) in enumerate(within(link, "access-points").items(), 1):
        network: dict[str, Any] = {"ssid": ssid}
        name = f"{whose}wifi" if number == 1 else f"{whose}wifi-{number}"
        for item in _access_point(point if isinstance(point, dict) else {}, f"access-points.{ssid}", name):
            if isinstance(item, Left):
                yield item
            elif item.value is not None:
                item.put(network)
        networks.append(network)
    for key, value in networks[0].items() if networks else ():
        yield Setting((*at, "wifi", key), value)
    yield Setting((*at, "wifi", "others"), networks[1:] or None)
    yield Setting((*at, "wifi", "country"), link.pop("regulatory-domain", None))


def _access_point(point: dict[str, Any], what: str, name: str) -> Settings:
    """What one network has, with paths below it; `name` is that of its secret."""
    yield Setting(("hidden",), point.pop("hidden", None))
    auth = within(point, "auth")
    if auth.get("key-management") == "eap":
        yield from _login(auth, f"{what}.auth", ("auth",), f"{name}-")
        return
    auth.pop("key-management", None)
    keys = [holder.pop("password", None) for holder in (point, auth)]
    if keys == [None, None]:
        yield Setting(("open",), True)
    else:
        yield from secret(("passphrase",), name, f"{what}.password", "the passphrase")


def _addresses(link: dict[str, Any], at: tuple[str, ...], *, is_main: bool) -> Iterator[Setting]:
    addresses = [
        next(iter(item), "") if isinstance(item, dict) else item
        for item in listed(link.pop("addresses", None))
    ]
    yield Setting((*at, "address"), next(iter(addresses), None))
    yield Setting((*at, "extraAddresses"), addresses[1:] or None)
    asks = [bool(link.pop(family, False)) for family in FAMILIES]
    if not (is_main or addresses or True in asks):
        yield Setting((*at, "dhcp"), False)
    yield from _gateways(link, at)
    link.pop("optional", None)
    for (*parents, last), path in VALUES.items():
        yield Setting((*at, *path), within(link, *parents).pop(last, None))


def _gateways(link: dict[str, Any], at: tuple[str, ...]) -> Iterator[Setting]:
    routes = _routes(link)
    gateways = [link.pop(f"gateway{family}", None) for family in (4, 6)]
    gateways += [route.pop("via", None) for route in routes if _is_default(route)]
    known = sorted((str(gateway) for gateway in gateways if gateway), key=lambda gateway: ":" in gateway)
    yield from (
        Setting((*at, key), gateway) for key, gateway in zip(("gateway", "gateway6"), known, strict=False)
    )
    further = []
    for route in routes:
        to = route.pop("to", None)
        if str(to) not in DEFAULTS:
            further.append({"to": to, "via": route.pop("via", None), "metric": route.pop("metric", None)})
    yield Setting((*at, "routes"), further or None)


def of_nmstate(document: dict[str, Any]) -> dict[str, Any]:
    """Netplan's form of a state file of nmstate (nmstate.io, YAML API), as Edge Image Builder takes them."""
    written: dict[str, dict[str, dict[str, Any]]] = {section: {} for section in SECTIONS}
    for interface in records(document.get("interfaces")):
        section = {"vlan": "vlans", "bond": "bonds"}.get(interface.pop("type", ""), "ethernets")
        written[section][str(interface.pop("name", ""))] = _link_of_nmstate(interface)
    links = {name: link for section in SECTIONS for name, link in written[section].items()}
    for route in records(within(document, "routes").get("config")):
        link = links.get(str(route.pop("next-hop-interface", "")), {})
        hop = {"to": route.pop("destination", None), "via": route.pop("next-hop-address", None)}
        link.setdefault("routes", []).append(hop)
    resolver = within(document, "dns-resolver", "config")
    for link in [*links.values()][:1]:
        names = {"addresses": resolver.pop("server", None), "search": resolver.pop("search", None)}
        link["nameservers"] = {key: value for key, value in names.items() if value}
    return written


def _link_of_nmstate(interface: dict[str, Any]) -> dict[str, Any]:
    interface.pop("state", None)
    link: dict[str, Any] = {"addresses": []}
    if mac := interface.pop("mac-address", None):
        link["match"] = {"macaddress": mac}
    vlan, bond = within(interface, "vlan"), within(interface, "link-aggregation")
    found = {
        "mtu": interface.pop("mtu", None),
        "id": vlan.pop("id", None),
        "link": vlan.pop("base-iface", None),
        "interfaces": bond.pop("port", None),
        "parameters": {"mode": bond.pop("mode")} if "mode" in bond else None,
    }
    for family, dhcp in zip(("ipv4", "ipv6"), FAMILIES, strict=True):
        of_family = within(interface, family)
        of_family.pop("enabled", None)
        found[dhcp] = of_family.pop("dhcp", None)
        for entry in records(of_family.get("address")):
            link["addresses"].append(f"{entry.pop('ip', '')}/{entry.pop('prefix-length', '')}")
    return link | {key: value for key, value in found.items() if value is not None}


def _fits(document: Any) -> bool:
    written = within(document, "network")
    return "version" in written or bool({*SECTIONS} & written.keys())


KIND = FileKind(name="netplan", fits=_fits, settings=settings)
