"""What workloads claim of a cluster of k3s, checked against its nodes and against each other.

Traefik serves an Ingress; ``servicelb`` opens the port of a Service of type LoadBalancer at each node, as it
does for Traefik's own (k3s docs, networking/networking-services). Such a port leads to the workload before
the node's own program sees a packet. A site that disables one of the two may have another controller in
``k3s.manifests``.
"""

from collections.abc import Iterator, Mapping, Sequence

from edgefleet.errors import Problem
from edgefleet.model.hub import Hub
from edgefleet.model.paths import format_path
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import few, shown
from edgefleet.runtimes.base.k3s_cluster import OWN_PORTS, api_port
from edgefleet.workloads.base.spinkube import is_app
from edgefleet.workloads.claims import HOST, Claims, NodePort, Toleration
from edgefleet.workloads.composing import NODES, handlers
from edgefleet.workloads.composing import taints as taints_of

TRAEFIK, BALANCER = "traefik", "servicelb"
INGRESS_PORTS = (80, 443)
"""Traefik's, while ``servicelb`` is there (k3s, manifests/traefik.yaml)."""
SITE_HINT = "remove {} from k3s.disable, or add a controller of your own to k3s.manifests"
HUB_HINT = "write controlPlane.k3s.disable without {}, or remove expose (of a stream: to)"
_DEFAULT_RANGE = "30000-32767"
_ENDING = {"NoSchedule", "NoExecute"}


def check_claims(site: SiteSpec, claims: Mapping[str, Claims]) -> Iterator[Problem]:
    """Contradictions of the workloads of `site`, by name, with each other and with their nodes."""
    claims = {name: of for name, of in claims.items() if of.has_objects}
    if site.k3s.server is not None:
        for name in claims:
            problem = f"{site.name} joins the cluster {site.k3s.server}, to which its nodes apply nothing"
            hint = "let where leave it out, and declare the workload with that cluster"
            yield Problem.of_value(format_path(("workloads", name)), "no-own-cluster", problem, hint)
        return
    yield from _hosts(site, claims)
    yield from _ports(site, claims)
    yield from check_taints(site, claims)
    yield from check_handlers(site, claims)


def check_hub_claims(hub: Hub, claims: Mapping[str, Claims]) -> Iterator[Problem]:
    """Workloads of a hub of k3s, by name, that are exposed by what it leaves out."""
    for name, of in claims.items():
        path = format_path(("workloads", name))
        if of.hosts and TRAEFIK in hub.k3s.disable:
            yield _without(TRAEFIK, "serves host names", path, "the hub", HUB_HINT.format(TRAEFIK))
        if any(port.is_balanced for port in of.ports) and BALANCER in hub.k3s.disable:
            yield _without(BALANCER, "opens ports of nodes", path, "the hub", HUB_HINT.format(BALANCER))


def _hosts(site: SiteSpec, claims: Mapping[str, Claims]) -> Iterator[Problem]:
    owners: dict[tuple[str, str], str] = {}
    for name, of in claims.items():
        path = path_of(site, name, "expose", "host")
        for host, below in of.hosts:
            if host and not HOST.fullmatch(host):
                problem = f"{shown(host)}, at {site.name}, is not a host name"
                yield Problem.of_value(path, "bad-host", problem, "write one such as till.local")
            elif (owner := owners.setdefault((host, below), name)) != name:
                problem = f"{host or 'every host name'} is already {owner}'s at {site.name}"
                yield Problem.of_value(
                    path, "duplicate-host", problem, "give each workload its own host name"
                )
        if of.hosts and _is_missing(TRAEFIK, site):
            yield _without(TRAEFIK, "serves host names", path, site.name, SITE_HINT.format(TRAEFIK))


def _is_missing(component: str, site: SiteSpec) -> bool:
    return component in site.k3s.disable and not site.k3s.manifests


def _without(component: str, does: str, path: str, where: str, hint: str) -> Problem:
    problem = f"{where} disables {component}, which {does}"
    return Problem.of_value(path, "disabled-component", problem, hint)


def _ports(site: SiteSpec, claims: Mapping[str, Claims]) -> Iterator[Problem]:
    if not any(of.ports for of in claims.values()):
        return
    taken = _of_nodes(site)
    owners: dict[tuple[str, int, str], str] = {}
    for name, of in claims.items():
        path = path_of(site, name, "expose", "port")
        for port in dict.fromkeys(of.ports):
            if (whose := taken.get((port.protocol, port.number))) or _is_in_range(port, site):
                problem = f"port {port.number} at {site.name} is {whose or 'in the range of NodePorts'}"
                yield Problem.of_value(path, "port-taken", problem, "use another port, such as 8080")
            nodes = site.nodes if port.is_balanced else site.workloads[name].get(NODES, site.nodes)
            others = (owners.setdefault((port.protocol, port.number, node), name) for node in nodes)
            if owner := next((other for other in others if other != name), None):
                problem = f"port {port.number} of the nodes is already {owner}'s at {site.name}"
                yield Problem.of_value(path, "duplicate-port", problem, "give each workload its own port")
        if any(port.is_balanced for port in of.ports) and _is_missing(BALANCER, site):
            hint = SITE_HINT.format(BALANCER)
            yield _without(BALANCER, "opens ports of nodes", path, site.name, hint)


def _of_nodes(site: SiteSpec) -> dict[tuple[str, int], str]:
    """dict[(protocol, port) that a node of the site uses itself -> whose it is]."""
    taken = dict.fromkeys((("TCP", port) for port in (*OWN_PORTS, api_port(site))), "one of k3s's")
    taken |= {("UDP", port): "one of k3s's" for port in (8472, 51820, 51821)}
    if site.time.serve:
        taken["UDP", 123] = "that of the site's time server"
    if not {TRAEFIK, BALANCER} & {*site.k3s.disable}:
        taken |= {("TCP", port): "Traefik's, the ingress controller" for port in INGRESS_PORTS}
    return taken | {("TCP", settings.ssh.port): "that of SSH" for _, settings in site.parts}


def _is_in_range(port: NodePort, site: SiteSpec) -> bool:
    written = str(site.k3s.config.get("service-node-port-range", _DEFAULT_RANGE))
    first, _, last = written.partition("-")
    return port.is_balanced and int(first) <= port.number <= int(last)


def check_taints(site: SiteSpec, claims: Mapping[str, Claims]) -> Iterator[Problem]:
    """Workloads whose Pods no node takes."""
    taints = {
        name: [taint for taint in taints_of(node) if taint.rpartition(":")[2] in _ENDING]
        for name, node in site.nodes.items()
    }
    for name, of in claims.items() if any(taints.values()) else ():
        nodes = site.workloads[name].get(NODES, site.nodes)
        for tolerations in dict.fromkeys(of.tolerations):
            refusing = {node: taint for node in nodes for taint in _not_tolerated(taints[node], tolerations)}
            if len(refusing) == len(nodes):
                refused = [f"{site.nodes[node].hostname} has {taint}" for node, taint in refusing.items()]
                problem = f"no node of {site.name} takes its Pods: {few(refused)}"
                hint = "add the key of the taint to tolerates, or let where choose other nodes"
                yield Problem.of_value(path_of(site, name, "tolerates"), "not-tolerated", problem, hint)


def check_handlers(site: SiteSpec, claims: Mapping[str, Claims]) -> Iterator[Problem]:
    """Modules of WebAssembly whose nodes have no runtime for them."""
    for name, of in claims.items():
        nodes = site.workloads[name].get(NODES, site.nodes) if of.handlers else ()
        if len(nodes) > 1 and NODES in site.workloads[name] and is_app(site.workloads[name]):
            problem = f"SpinKube's Pods run on all nodes of {site.name} or on one, not on {few(nodes)}"
            hint = "change where, or remove spinkube"
            yield Problem.of_value(path_of(site, name, "runtime", "spinkube"), "some-nodes", problem, hint)
        known = [handlers(site, node) for node in nodes]
        for handler in of.handlers:
            if not any(handler in has for has in known):
                there = ", ".join(sorted({each for has in known for each in has}))
                others = f"; they have {there}" if there else ""
                problem = f"no node of {site.name} that it may run on has {handler}{others}"
                hint = f"add {handler} to wasm of profiles whose base system has it, or change where"
                yield Problem.of_value(path_of(site, name, "runtime"), "no-runtime", problem, hint)


def _not_tolerated(taints: Sequence[str], tolerations: Sequence[Toleration]) -> Iterator[str]:
    return (taint for taint in taints if not any(each.covers(taint) for each in tolerations))


def path_of(site: SiteSpec, name: str, *below: str) -> str:
    """Path of a field of a workload, or of the workload where the field is not written."""
    is_written = below[0] in site.workloads[name]
    return format_path(("workloads", name, *(below if is_written else ())))
