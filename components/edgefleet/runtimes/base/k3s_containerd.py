"""The handler ``crun-wasm`` in k3s's containerd, by a template that k3s extends its own configuration with.

k3s adds shims of WebAssembly, and a handler ``crun``, by itself where it finds them on its PATH. For modules
crun needs annotations of the Pod, which containerd hands over where its configuration lists them. k3s's own
table ``crun`` does not, and a second table of that name would be a duplicate: the handler has another name.
containerd 2 reads ``config-v3.toml.tmpl``, containerd 1 ``config.toml.tmpl`` (k3s docs, advanced,
"Configuring containerd").

The template is a part of k3s's configuration, which is kept in sets and taken back if k3s does not become
healthy with it. k3s's own folder may be on a data disk, which is mounted after files are written: so each
start of k3s copies the template there.
"""

from collections.abc import Iterator

from edgefleet.errors import Problem
from edgefleet.io.templates import render
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.paths import format_path
from edgefleet.model.programs import CRUN
from edgefleet.model.site import SiteSpec
from edgefleet.model.version_skew import Release, release
from edgefleet.runtimes.base.k3s_registries import registries

FOLDER = "/etc/rancher/k3s/containerd"
COPIES = "/var/lib/rancher/k3s/agent/etc/containerd"
PROGRAM = "/usr/local/lib/edgefleet/k3s-containerd"
BINARY = "/usr/bin/crun"
ANNOTATIONS = ("module.wasm.image/*", "run.oci.handler")
"""Annotations of Pods that containerd hands over to crun (crun, docs/wasm-wasi-on-kubernetes.md)."""
_CONTAINERD_2 = {31: Release(31, 6), 32: Release(32, 2)}
"""dict[minor of k3s -> its first release with containerd 2]; later minors have it (k3s docs, advanced)."""
_V2 = ("config.toml.tmpl", "io.containerd.grpc.v1.cri")
_V3 = ("config-v3.toml.tmpl", "io.containerd.cri.v1.runtime")
"""(name of the template, plugin of containerd that runs containers), by the version of the configuration."""


def containerd(target: Target, service_unit: str) -> Step:
    """What containerd gets: registries, the template and the program that copies it.

    On a node without crun it is the template's removal. The program stays then: it removes the copy, and
    brings it back with an earlier configuration.
    """
    if CRUN not in target.node.wasm:
        return Step.joined(registries(target), Step.removal(PROGRAM, f"rm -rf {FOLDER}"))
    name, plugin = template_of(target.site.k3s.version)
    text = render(
        "k3s/containerd.toml.j2", plugin=plugin, handler=CRUN, annotations=ANNOTATIONS, binary=BINARY
    )
    drop_in = f"/etc/systemd/system/{service_unit}.d/15-containerd.conf"
    files = (
        File.text(f"{FOLDER}/{name}", text),
        File.program(PROGRAM, render("k3s/containerd.sh")),
        File.text(drop_in, render("k3s/containerd.conf")),
    )
    return Step.joined(Step(files=files), registries(target))


def template_of(version: str) -> tuple[str, str]:
    """(name of the template, plugin of containerd in it) of a release of k3s."""
    own = release(version)
    first = _CONTAINERD_2.get(own.minor, Release(max(_CONTAINERD_2) + 1))
    return _V3 if own >= first else _V2


def check_containerd(site: SiteSpec) -> Iterator[Problem]:
    """Runtimes for WebAssembly on nodes for which there are none."""
    for name, node in site.nodes.items():
        if node.arch == "armhf" and node.wasm:
            problem = f"{node.hostname} is armhf, for which {node.wasm[0]} is not released"
            path = format_path(("nodes", name, "wasm"))
            yield Problem.of_value(path, "no-wasm", problem, "remove wasm, or use nodes of 64 bits")
