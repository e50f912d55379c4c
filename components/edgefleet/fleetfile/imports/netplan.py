"""A netplan file (netplan.readthedocs.io, netplan-yaml), and the same model as nmstate writes it."""

from collections.abc import Iterator, Mapping
from typing import Any

from edgefleet.fleetfile.imports.file_kind import FileKind, Left, Place, Setting, Settings, listed, mapping

Links = Mapping[str, tuple[str, dict[str, Any]]]
"""dict[name of a link -> (its section, its definition)]."""
SECTIONS = ("ethernets", "wifis", "bonds", "vlans")
DEFAULTS = {"default", "0.0.0.0/0", "::/0"}
PLAIN = {"mtu": "mtu", "dhcp-identifier": "dhcpIdentifier", "gateway4": "gateway"}
"""dict[netplan's key -> that of the fleet file]: the value is the same."""
OF_ADDRESSES = {"addresses", "dhcp4", "dhcp6"}
READ = {
    *PLAIN,
    "gateway6",
    "addresses",
    "routes",
    "nameservers",
    "match",
    "dhcp4",
    "dhcp6",
    "dhcp4-overrides",
} | {
    *("dhcp6-overrides", "set-name", "renderer", "optional", "link", "id", "interfaces", "parameters"),
    *("access-points", "regulatory-domain", "accept-ra"),
}


def settings(document: Any, place: Place) -> Settings:
    """The network of one site."""
    yield from network(mapping(document["network"]), (*place.of_site, "network"))


def network(written: Mapping[str, Any], at: tuple[str, ...]) -> Settings:
    """The settings at `at` of a netplan `network`: its interface with a default route is the node's own."""
    links = {
        name: (section, mapping(link))
        for section in SECTIONS
        for name, link in mapping(written.get(section)).items()
    }
    for section in written.keys() - {*SECTIONS, "version", "renderer"}:
        yield Left(f"network.{section}", "there is no such kind of link in a fleet file")
    lower = {
        str(name)
        for _, link in links.values()
        for name in [*listed(link.get("interfaces")), link.get("link")]
    }
    ends = [name for name, (_, link) in links.items() if name not in lower or link.keys() & OF_ADDRESSES]
    if not ends:
        return
    own = next((name for name in ends if _has_default(links[name][1])), ends[0])
    yield from _link(own, links, at)
    for name in ends:
        if name != own:
            yield from _link(name, links, (*at, "links", name.replace(".", "-")), port=_port(own, links))


def _has_default(link: Mapping[str, Any]) -> bool:
    routes = (mapping(route).get("to") for route in listed(link.get("routes")))
    return "gateway4" in link or "gateway6" in link or bool(DEFAULTS & {str(to) for to in routes})


def _port(name: str, links: Links) -> str:
    """The link that carries a VLAN; of another kind, the link itself."""
    section, link = links[name]
    return str(link.get("link")) if section == "vlans" else name


def _link(name: str, links: Links, at: tuple[str, ...], *, port: str | None = None) -> Settings:
    """The settings of one link; `port` is the main link's, where it is a further one."""
    section, link = links[name]
    below = _port(name, links)
    if section == "vlans":
        yield Setting((*at, "vlan"), link.get("id"))
    if section != "vlans" or port is None:
        yield from _physical(below, links, at)
    elif below != port:
        yield Setting((*at, "over"), below.replace(".", "-"))
    addresses = [
        next(iter(entry), "") if isinstance(entry, dict) else entry for entry in listed(link.get("addresses"))
    ]
    if addresses:
        yield Setting((*at, "address"), addresses[0])
    if addresses[1:]:
        yield Setting((*at, "extraAddresses"), addresses[1:])
    yield from _routes(link, at)
    yield from _names_and_dhcp(link, at)
    yield from (Setting((*at, ours), link[theirs]) for theirs, ours in PLAIN.items() if theirs in link)
    for key in link.keys() - READ:
        yield Left(f"network.{name}.{key}", "a fleet file has no such setting")


def _physical(name: str, links: Links, at: tuple[str, ...]) -> Settings:
    section, link = links.get(name, ("ethernets", {}))
    yield from _bond(link, at) if section == "bonds" else _hardware(name, link, at)
    if section == "wifis":
        yield from _wifi(link, at)


def _hardware(name: str, link: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[Setting]:
    match = mapping(link.get("match"))
    if "macaddress" in match:
        yield Setting((*at, "mac"), str(match["macaddress"]).lower())
    else:
        yield Setting((*at, "interface"), match.get("name", name))


def _bond(link: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[Setting]:
    yield Setting((*at, "bond", "interfaces"), listed(link.get("interfaces")))
    if mode := mapping(link.get("parameters")).get("mode"):
        yield Setting((*at, "bond", "mode"), mode)


def _wifi(link: Mapping[str, Any], at: tuple[str, ...]) -> Settings:
    points = mapping(link.get("access-points"))
    for position, (ssid, point) in enumerate(points.items()):
        if position:
            yield Left(f"access-points.{ssid}", "add the further network by hand")
            continue
        yield Setting((*at, "wifi", "ssid"), ssid)
        if "password" in mapping(point):
            yield Setting((*at, "wifi", "passphrase"), {"secret": "wifi"})
            yield Left(f"access-points.{ssid}.password", "a secret; set it as the stack's secret wifi")
        if country := link.get("regulatory-domain"):
            yield Setting((*at, "wifi", "country"), country)


def _routes(link: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[Setting]:
    further = []
    for route in map(mapping, listed(link.get("routes"))):
        via = str(route.get("via", ""))
        if str(route.get("to")) in DEFAULTS:
            yield Setting((*at, "gateway6" if ":" in via and "gateway4" in link else "gateway"), via)
        else:
            further.append({key: route[key] for key in ("to", "via", "metric") if key in route})
    if "gateway6" in link:
        yield Setting((*at, "gateway6" if "gateway4" in link else "gateway"), link["gateway6"])
    if further:
        yield Setting((*at, "routes"), further)


def _names_and_dhcp(link: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[Setting]:
    servers = mapping(link.get("nameservers"))
    if servers.get("addresses"):
        yield Setting((*at, "dns"), listed(servers["addresses"]))
    if servers.get("search"):
        yield Setting((*at, "search"), listed(servers["search"]))
    overrides = {**mapping(link.get("dhcp6-overrides")), **mapping(link.get("dhcp4-overrides"))}
    if "use-dns" in overrides:
        yield Setting((*at, "useDns"), overrides["use-dns"])
    if "route-metric" in overrides:
        yield Setting((*at, "metric"), overrides["route-metric"])


def of_nmstate(document: Mapping[str, Any]) -> dict[str, Any]:
    """Netplan's form of a state file of nmstate (nmstate.io, YAML API), as Edge Image Builder takes them."""
    written: dict[str, dict[str, dict[str, Any]]] = {section: {} for section in SECTIONS}
    for interface in map(mapping, listed(document.get("interfaces"))):
        name = str(interface.get("name"))
        link = written[{"vlan": "vlans", "bond": "bonds"}.get(str(interface.get("type")), "ethernets")][
            name
        ] = {}
        if "mac-address" in interface:
            link["match"] = {"macaddress": interface["mac-address"]}
        if "mtu" in interface:
            link["mtu"] = interface["mtu"]
        vlan, bond = mapping(interface.get("vlan")), mapping(interface.get("link-aggregation"))
        link |= {"id": vlan.get("id"), "link": vlan.get("base-iface")} if vlan else {}
        link |= (
            {"interfaces": listed(bond.get("port")), "parameters": {"mode": bond.get("mode")}} if bond else {}
        )
        families = [mapping(interface.get(family)) for family in ("ipv4", "ipv6")]
        entries = [mapping(entry) for family in families for entry in listed(family.get("address"))]
        if entries:
            link["addresses"] = [f"{entry.get('ip')}/{entry.get('prefix-length')}" for entry in entries]
    links = {name: link for section in SECTIONS for name, link in written[section].items()}
    for route in map(mapping, listed(mapping(document.get("routes")).get("config"))):
        link = links.get(str(route.get("next-hop-interface")), {})
        link.setdefault("routes", []).append(
            {"to": route.get("destination"), "via": route.get("next-hop-address")}
        )
    resolver = mapping(mapping(document.get("dns-resolver")).get("config"))
    for link in list(links.values())[:1] if resolver else ():
        link["nameservers"] = {
            "addresses": listed(resolver.get("server")),
            "search": listed(resolver.get("search")),
        }
    return written


def _fits(document: Any) -> bool:
    written = mapping(mapping(document).get("network"))
    return "version" in written or bool(set(SECTIONS) & written.keys())


KIND = FileKind(name="netplan", fits=_fits, settings=settings)
