"""What edgefleet renders for a node with runtimes for modules, and the objects of workloads on it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.site.conftest import GOLDEN, KEY, spec_of

from edgefleet.model.firstboot import Target
from edgefleet.model.spec import from_plain
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base.k3s_containerd import FOLDER
from edgefleet.workloads import KINDS
from edgefleet.workloads.base.kind import Object
from edgefleet.workloads.composing import entry, objects_of

SITE = spec_of(GOLDEN / "recipe-1/server-static")


def template_for(version: str) -> str:
    """The template of containerd's configuration on a node with crun, for a release of k3s."""
    nodes = {name: replace(node, wasm=("crun-wasm",)) for name, node in SITE.nodes.items()}
    site = replace(SITE, nodes=nodes, k3s=replace(SITE.k3s, version=version))
    target = Target(site=site, name=next(iter(nodes)), key=KEY)
    files = runtime_of(target.node).configure(target).files
    (template,) = [file for file in files if file.path.startswith(FOLDER)]
    return template.content.decode()


def objects(name: str, **fields: Any) -> Iterator[Object]:
    """The objects of a workload at the site, and those of all."""
    spec = from_plain(KINDS[fields["kind"]].spec, fields)
    for of_one in objects_of(replace(SITE, workloads={name: entry(spec)})).values():
        yield from of_one
