"""KubeEdge at both ends: what the hub declares of CloudCore, and what sites need of it. Pure."""

from collections.abc import Collection, Iterator

from edgefleet.errors import Problem
from edgefleet.model.edge import NEWEST, numbers
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
    if hub.kind == "k3s" and BALANCER in hub.k3s.disable and hub.render_objects is None:
        problem = f"CloudCore is reached by a Service of type LoadBalancer, which {BALANCER} serves in k3s"
        hint = f"write controlPlane.k3s.disable without {BALANCER}"
        yield Problem.of_value("k3s.disable", "no-balancer", problem, hint)


def check_site(site: SiteSpec, hub: Hub) -> Iterator[Problem]:
    """Problems of a site with its hub; paths are those of its spec."""
    joining = [name for name, node in site.nodes.items() if node.runtime == KUBEEDGE]
    if not joining:
        if site.kubeedge.version or site.kubeedge.mqtt != "none":
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
    elif site.kubeedge.version and hub.kubeedge.version and _is_newer(site.kubeedge.version, hub):
        problem = (
            f"edgecore {site.kubeedge.version} is newer than the hub's CloudCore, {hub.kubeedge.version}"
        )
        hint = f"write {hub.kubeedge.version}, or raise controlPlane.kubeedge.version first"
        yield Problem.of_value("kubeedge.version", "newer-than-hub", problem, hint)


def _is_newer(version: str, hub: Hub) -> bool:
    return hub.kubeedge is not None and numbers(version) > numbers(hub.kubeedge.version)


def check_workloads(names: Collection[str], hub: Hub) -> Iterator[Problem]:
    """Workloads that CloudCore's namespace leaves no room for."""
    if hub.kubeedge is not None and KUBEEDGE in names:
        problem = f"{KUBEEDGE} is the namespace of CloudCore"
        path = format_path(("workloads", KUBEEDGE))
        yield Problem.of_value(path, "taken-name", problem, "give the workload another name")
