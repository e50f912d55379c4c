"""What a site with Krustlet needs, and what its nodes cannot have. Pure."""

from collections.abc import Iterator

from edgefleet.errors import InvalidInput, Problem
from edgefleet.model.firstboot import Target
from edgefleet.model.krustlet import ARCHS, KUBERNETES, RELEASE, Krustlet
from edgefleet.model.paths import format_path
from edgefleet.model.programs import KRUSTLET
from edgefleet.model.site import Node, SiteSpec
from edgefleet.runtimes.base import k3s_cluster

_WAY_OUT = "write runtime: k3s-agent, and a shim such as wasmtime for its functions"


def archive_of(target: Target) -> Krustlet:
    """The archive that a node installs.

    Raises:
        InvalidInput: its spec, of another program, has none.
    """
    if target.node.krustlet is None:
        raise InvalidInput(_no_archive(target.name))
    return target.node.krustlet


def check(site: SiteSpec) -> Iterator[Problem]:
    """Problems of the nodes with Krustlet; paths are those of the site's spec."""
    nodes = {name: node for name, node in site.nodes.items() if node.runtime == KRUSTLET}
    servers = k3s_cluster.servers_of(site)
    for name, node in nodes.items():
        if not servers or site.k3s.server is not None or site.k3s.token is not None:
            problem = f"{name} joins a server of its own site, whose authorities sign its certificates"
            hint = "let another node run k3s-server, without k3s.server and k3s.token"
            path = format_path(("nodes", name, "runtime"))
            yield Problem.of_value(path, "no-own-server", problem, hint)
        yield from _of_node(name, node)
    if nodes and site.airgap:
        problem = f"{', '.join(nodes)} would download Krustlet and its modules, and images carry neither"
        yield Problem.of_value("airgap", "not-carried", problem, _WAY_OUT)


def _of_node(name: str, node: Node) -> Iterator[Problem]:
    if node.krustlet is None:
        yield _no_archive(name)
    elif not node.krustlet.accept_untested:
        problem = (
            f"Krustlet {RELEASE} was made for Kubernetes {KUBERNETES}, and is archived: "
            "nobody has seen it work with the releases of k3s that edgefleet knows"
        )
        hint = f"{_WAY_OUT}; or accept it by krustlet.acceptUntested: true"
        yield Problem.of_value(_path(name, "krustlet"), "untested-kubernetes", problem, hint)
    if node.arch not in ARCHS:
        problem = f"Krustlet has no release for {node.arch}, but for {' and '.join(ARCHS)}"
        yield Problem.of_value(_path(name, "arch"), "no-release", problem, _WAY_OUT)
    for key, value in (("taints", node.taints), ("annotations", node.annotations), ("wasm", node.wasm)):
        if value:
            problem = "Krustlet sets its own taints and labels, and runs modules by itself"
            hint = "remove it, or set it for nodes with k3s alone"
            yield Problem.of_value(_path(name, key), "not-with-krustlet", problem, hint)


def _no_archive(name: str) -> Problem:
    problem = f"{name} runs Krustlet, and nothing tells where its archive is"
    hint = "add krustlet: {source: https://..., sha256: ...} to its profile"
    return Problem.of_value(_path(name, "krustlet"), "no-archive", problem, hint)


def _path(name: str, key: str) -> str:
    return format_path(("nodes", name, key))
