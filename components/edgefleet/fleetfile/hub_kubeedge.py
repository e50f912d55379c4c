"""KubeEdge at both ends: what the hub declares of CloudCore, and what sites need of it. Pure."""

from collections.abc import Collection, Iterator

from edgefleet.errors import Problem
from edgefleet.fleetfile import hub_edge_objects
from edgefleet.model.edge import NEWEST, HubKubeEdge, KubeEdge, numbers
from edgefleet.model.hub import Hub
from edgefleet.model.paths import format_path
from edgefleet.model.programs import KUBEEDGE
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes.base.k3s_claims import BALANCER
from edgefleet.runtimes.base.kubeedge_checks import check_release


def check_hub(hub: Hub) -> Iterator[Problem]:
    """Problems of ``controlPlane.kubeedge``; paths are below ``controlPlane``."""
    if hub.kubeedge is None:
        return
    if hub.kind == "none":
        problem, hint = (
            "CloudCore runs in the hub's cluster, and this region has none",
            "add controlPlane.kind",
        )
        yield Problem.of_value(KUBEEDGE, "no-cluster", problem, hint)
    if not hub.identity.sites:
        problem = "sites without certificates have none for CloudCore either"
        yield Problem.of_value("identity.sites", "no-certificates", problem, "remove sites: false")
    yield from check_release(hub.kubeedge.version, "kubeedge.version")
    yield from hub_edge_objects.check(hub.kubeedge)
    for name, upgrade in hub.kubeedge.upgrades.items():
        path = format_path((KUBEEDGE, "upgrades", name, "version"))
        yield from _newer(upgrade.version, hub.kubeedge, path)
    if lacks_balancer(hub):
        problem = f"CloudCore is reached by a Service of type LoadBalancer, which {BALANCER} serves in k3s"
        hint = f"write controlPlane.k3s.disable without {BALANCER}"
        yield Problem.of_value("k3s.disable", "no-balancer", problem, hint)


def lacks_balancer(hub: Hub) -> bool:
    """Whether nothing serves a Service of type LoadBalancer in the hub's cluster."""
    return hub.kind == "k3s" and BALANCER in hub.k3s.disable and hub.render_objects is None


def check_site(site: SiteSpec, hub: Hub) -> Iterator[Problem]:
    """Problems of a site with its hub; paths are those of its spec."""
    joining = [name for name, node in site.nodes.items() if node.runtime == KUBEEDGE]
    if not joining:
        if site.kubeedge != KubeEdge():
            problem, hint = (
                "no node of this site has the runtime kubeedge",
                "remove it, or set it in defaults",
            )
            yield Problem.of_value(KUBEEDGE, "no-such-node", problem, hint)
        return
    if hub.kubeedge is None:
        problem = f"{joining[0]} joins CloudCore, and the hub of this region declares none"
        hint = f"add kubeedge: {{version: {NEWEST}, address: NAME}} to controlPlane"
        yield Problem.of_value(format_path(("nodes", joining[0], "runtime")), "no-cloudcore", problem, hint)
    else:
        yield from _newer(site.kubeedge.version, hub.kubeedge, "kubeedge.version")


def _newer(version: str, hub: HubKubeEdge, path: str) -> Iterator[Problem]:
    """A release of edgecore that is newer than the hub's CloudCore."""
    if version and hub.version and numbers(version) > numbers(hub.version):
        problem = f"edgecore {version} is newer than the hub's CloudCore, {hub.version}"
        hint = f"write {hub.version}, or raise controlPlane.kubeedge.version first"
        yield Problem.of_value(path, "newer-than-hub", problem, hint)


def check_workloads(names: Collection[str], hub: Hub) -> Iterator[Problem]:
    """Workloads that CloudCore's namespace, and those of its applications, leave no room for."""
    if hub.kubeedge is None:
        return
    owners = dict.fromkeys(hub.kubeedge.applications, "an application of controlPlane.kubeedge")
    for name, owner in (owners | {KUBEEDGE: "CloudCore"}).items():
        if name in names:
            path = format_path(("workloads", name))
            problem, hint = f"{name} is the namespace of {owner}", "give the workload another name"
            yield Problem.of_value(path, "taken-name", problem, hint)
