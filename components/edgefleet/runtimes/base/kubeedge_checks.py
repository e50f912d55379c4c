"""What a site of nodes with KubeEdge cannot have. Pure."""

from collections.abc import Iterator
from ipaddress import ip_network

from edgefleet.errors import Problem
from edgefleet.model.edge import NEWEST, is_safe
from edgefleet.model.paths import format_path
from edgefleet.model.programs import KUBEEDGE
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes.base.container_checks import set_for_k3s
from edgefleet.runtimes.base.edgecore import PODS
from edgefleet.runtimes.base.k3s_containerd import check_containerd
from edgefleet.runtimes.base.k3s_registries import check_registries
from edgefleet.runtimes.base.registry_hosts import check_rewrites

HOLES = "CVE-2026-62371, CVE-2026-62182 and CVE-2026-62370"


def check_release(version: str, path: str) -> Iterator[Problem]:
    """A release of KubeEdge that is missing, or that has known holes."""
    if not version:
        problem, hint = (
            "no release of KubeEdge is given",
            f"write {NEWEST}; in defaults it holds for all sites",
        )
        yield Problem.of_value(path, "no-version", problem, hint)
    elif not is_safe(version):
        problem = f"KubeEdge {version} has known holes, {HOLES}: its jobs run commands of others on nodes"
        hint = f"write {NEWEST}, or the newest v1.22 or v1.21 from v1.22.2 and v1.21.2 on"
        yield Problem.of_value(path, "known-holes", problem, hint)


def check(site: SiteSpec) -> Iterator[Problem]:
    """Settings of a site that such nodes do not have; paths are those of its spec."""
    others = [name for name, node in site.nodes.items() if node.runtime != KUBEEDGE]
    for name in others:
        runtime = site.nodes[name].runtime
        problem = f"{name} runs {runtime}, and other nodes of this site join the hub by KubeEdge"
        hint = "give all nodes of the site the runtime kubeedge, or make this one a site of its own"
        yield Problem.of_value(format_path(("nodes", name, "runtime")), "two-clusters", problem, hint)
    if others:
        return
    yield from check_release(site.kubeedge.version, "kubeedge.version")
    for path in set_for_k3s(site, ("annotations",)):
        problem = "nodes with KubeEdge do not have it"
        yield Problem.of_value(
            path, "not-with-kubeedge", problem, "remove it, or set it for sites with k3s alone"
        )
    yield from check_registries(site)
    yield from check_rewrites(site)
    yield from check_containerd(site)
    if site.time.serve:
        problem = "nodes with KubeEdge are servers of nothing, and so of no time"
        yield Problem.of_value("time.serve", "no-server", problem, "remove time.serve")
    if site.kubeedge.upgradable and site.airgap:
        problem = "air-gapped nodes pull no image, and a job of the hub brings edgecore in one"
        yield Problem.of_value("kubeedge.upgradable", "no-link", problem, "remove kubeedge.upgradable")
    yield from _overlaps(site)


def _overlaps(site: SiteSpec) -> Iterator[Problem]:
    pods = ip_network(PODS)
    for name, node in site.nodes.items():
        for place, link in node.network.every.items():
            for lan in (each.network for each in link.interfaces if each.version == pods.version):
                if lan.overlaps(pods):
                    path = format_path(("nodes", name, "network", *place))
                    problem = f"{lan} overlaps {PODS}, the addresses of Pods of each node with KubeEdge"
                    hint = "give the node an address in another subnet, such as 10.1.0.4/24"
                    yield Problem.of_value(path, "overlap", problem, hint)
