"""What the workloads of a site of nodes with KubeEdge cannot have. Pure.

Their objects are in the hub's cluster (`edgefleet.workloads.base.edge`). Pods reach those of the same node
alone, by ports of the node; a volume is a folder of one node.
"""

from collections.abc import Iterator, Mapping

from edgefleet.errors import Problem
from edgefleet.model.paths import format_path
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import few
from edgefleet.runtimes.base.container_checks import check_origin
from edgefleet.runtimes.base.containers import Unkept
from edgefleet.runtimes.base.k3s_claims import check_handlers, check_taints, path_of
from edgefleet.workloads.base.edge import WITHOUT_MEANING, services
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.base.spinkube import is_app
from edgefleet.workloads.claims import Claims
from edgefleet.workloads.composing import KIND, NODES, SITE, at_site, handlers, place_of

KINDS = ("cache", "function", "gateway", "job", "payload", "session", "stream", "web")
"""Kinds of workloads that such nodes run."""
_ELSEWHERE = "let where choose nodes with k3s"
_BROKER = {"internal": 1884, "external": 1883}
"""dict[broker of edgecore's event bus -> its port at 127.0.0.1], which a port of a Pod would take over."""
_KUBELET = 10350
"""Of edgecore (KubeEdge, common/constants/default.go)."""


def check_claims(site: SiteSpec, claims: Mapping[str, Claims]) -> Iterator[Problem]:
    """Workloads that nodes of the hub's cluster cannot run as they are, and ports that two of them have."""
    kept = {}
    for name, of in claims.items():
        if (kind := site.workloads[name][KIND]) in KINDS:
            kept[name] = of
            yield from _of_workload(site, name, of)
        else:
            problem = f"a {kind} needs a cluster of the site, and nodes with KubeEdge get Pods from the hub's"
            yield Problem.of_value(format_path(("workloads", name)), "needs-own-cluster", problem, _ELSEWHERE)
    yield from _ports(site, kept)
    yield from check_taints(site, kept)
    yield from check_handlers(site, kept)
    yield from _runtimes(site)


def _of_workload(site: SiteSpec, name: str, of: Claims) -> Iterator[Problem]:
    entry, objects = site.workloads[name], at_site(site, name)
    yield from (_not_kept(site, name, flaw) for flaw in _flaws(site, name, of))
    yield from check_origin(site, name, objects)
    nodes = _nodes(site, name)
    for index, need in enumerate(entry.get("needs", ())):
        if need in site.workloads and not (len(nodes) == 1 and nodes == _nodes(site, need)):
            problem = (
                f"at {site.name}: Pods reach those of the same node alone, and {need} may be on another one"
            )
            hint = "let where of both choose the same node"
            path = format_path(("workloads", name, "needs", index))
            yield Problem.of_value(path, "needs-same-node", problem, hint)
    for index, patch in enumerate(entry.get("patches", ())):
        if patch["kind"] in WITHOUT_MEANING:
            problem = f"at {site.name}: a {patch['kind']} has no meaning for nodes of the hub's cluster"
            path = format_path(("workloads", name, "patches", index))
            yield Problem.of_value(path, "not-kept", problem, f"remove it, or {_ELSEWHERE}")


def _flaws(site: SiteSpec, name: str, of: Claims) -> Iterator[Unkept]:
    objects, nodes = at_site(site, name), _nodes(site, name)
    specs = [each["spec"] for each in objects if "spec" in each]
    count = max((spec.get("replicas", 1) for spec in specs), default=1)
    kinds = {each["kind"] for each in objects}
    pods = [pod for each in objects if (pod := pod_of(each))]
    own = {each["metadata"]["name"] for each in objects if each["kind"] == "RuntimeClass"}
    if of.hosts:
        problem, hint = "nothing serves host names there", "remove host, and write port: 8080 or the like"
        yield Unkept(problem, hint, "expose.host")
    if is_app(site.workloads[name]):
        problem = "SpinKube's operator gives its Pods no port and no annotation of theirs"
        yield Unkept(problem, "remove spinkube of its runtime", "runtime")
    if SITE in site.workloads[name]:
        problem = "it links to the hub by a certificate that the site's nodes alone have"
        yield Unkept(problem, _ELSEWHERE, "")
    has_volume = "PersistentVolumeClaim" in kinds or any(spec.get("volumeClaimTemplates") for spec in specs)
    if has_volume and (len(nodes) > 1 or count > 1):
        problem = "its volume is a folder of one node, and its Pod may come to another one"
        yield Unkept(problem, "let where choose one node", "")
    if classes := {pod["runtimeClassName"] for pod in pods if "runtimeClassName" in pod} - own:
        problem = f"KubeEdge gives its nodes no RuntimeClass, {few(sorted(classes))}"
        yield Unkept(problem, _ELSEWHERE, "accelerator")
    yield from _flaws_of_ports(site, name, count)


def _flaws_of_ports(site: SiteSpec, name: str, count: int) -> Iterator[Unkept]:
    ports = [(is_exposed, port["port"]) for is_exposed, port, _ in services(at_site(site, name))]
    exposed, nodes = [port for is_exposed, port in ports if is_exposed], _nodes(site, name)
    if exposed and count > len(nodes):
        problem = f"{count} Pods with the port {exposed[0]} of their node need as many nodes"
        yield Unkept(problem, f"write {len(nodes)} at most, or remove expose", "replicas")
    if place_of(site, name).is_needed and (
        others := [port for port in exposed if (False, port) not in ports]
    ):
        problem = f"others on the node reach it at its own port, so it is not exposed at {others[0]} besides"
        yield Unkept(problem, "write its own port, or remove expose", "expose.port")


def _not_kept(site: SiteSpec, name: str, flaw: Unkept) -> Problem:
    path = path_of(site, name, *flaw.field.split("."))
    return Problem.of_value(path, "not-kept", f"at {site.name}: {flaw.problem}", flaw.hint)


def _runtimes(site: SiteSpec) -> Iterator[Problem]:
    """Nodes with several runtimes for WebAssembly, of which no Pod could name one."""
    for name in site.nodes:
        known = handlers(site, name)
        if len(known) > 1:
            problem = (
                f"a node with KubeEdge has one runtime for WebAssembly, and this one has {', '.join(known)}"
            )
            hint = "name one in wasm of its profile, and in runtime of its workloads"
            yield Problem.of_value(format_path(("nodes", name, "wasm")), "one-handler", problem, hint)


def _nodes(site: SiteSpec, name: str) -> tuple[str, ...]:
    return tuple(site.workloads[name].get(NODES, site.nodes))


def _ports(site: SiteSpec, names: Mapping[str, Claims]) -> Iterator[Problem]:
    """Ports of nodes that two workloads have, or a workload and the node itself."""
    own = {settings.ssh.port: "that of SSH" for _, settings in site.parts} | {_KUBELET: "edgecore's"}
    if site.kubeedge.mqtt in _BROKER:
        own[_BROKER[site.kubeedge.mqtt]] = "that of edgecore's broker"
    owners: dict[tuple[str, int], str] = {}
    for name in names:
        place = place_of(site, name)
        for is_exposed, port, _ in services(at_site(site, name)):
            if not (is_exposed or place.is_needed):
                continue
            path, number = (
                path_of(site, name, *(("expose", "port") if is_exposed else ("port",))),
                port["port"],
            )
            if number in own:
                problem = f"port {number} at {site.name} is {own[number]}"
                yield Problem.of_value(path, "port-taken", problem, "use another port, such as 8080")
            others = (owners.setdefault((node, number), name) for node in _nodes(site, name))
            if owner := next((other for other in others if other != name), None):
                problem = f"port {number} of the nodes is already {owner}'s at {site.name}"
                yield Problem.of_value(path, "duplicate-port", problem, "give each workload its own port")
