"""The configuration of containerd for edgecore, with the node's runtime for WebAssembly. Pure.

No RuntimeClass reaches a node of KubeEdge, so Pods cannot name a handler. One handler needs no name,
`edgefleet.workloads.base.edge.MODULES`: it is that of the node's runtime.

Debian 12 and 13 and Ubuntu's releases until 24.04 have containerd 1, which reads version 2 of it; later ones
have containerd 2. A node has both, and each start of containerd takes that of the installed one. Shims are
found on the PATH of containerd's unit by their names, as with k3s (k3s, pkg/agent/containerd/runtimes.go).
"""

from edgefleet.io.templates import render
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.programs import CRUN
from edgefleet.runtimes.base import edge_registries
from edgefleet.runtimes.base.edgecore import PAUSE
from edgefleet.runtimes.base.k3s_containerd import ANNOTATIONS, BINARY
from edgefleet.workloads.base.edge import MODULES
from edgefleet.workloads.composing import handlers

FOLDER = "/etc/edgefleet/kubeedge"
PROGRAM = "/usr/local/lib/edgefleet/containerd-configuration"
DROP_IN = "/etc/systemd/system/containerd.service.d/edgefleet.conf"
PLUGINS = {2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.runtime"}
"""dict[version of the configuration -> plugin that runs containers]."""
IMAGES = {2: PLUGINS[2], 3: "io.containerd.cri.v1.images"}
"""dict[version of the configuration -> plugin that pulls images]."""
_TYPES: dict[str, str] = {CRUN: "io.containerd.runc.v2", "spin": "io.containerd.spin.v2"}


def containerd(target: Target) -> Step:
    """Both configurations (0600), the program that takes one, and the registries."""
    has_login = bool(edge_registries.logins(target.settings.registries))
    texts = {f"{FOLDER}/containerd-{each}.toml": configuration(target, each) for each in PLUGINS}
    files = (
        *(File.text(path, text, mode=0o600, is_secret=has_login) for path, text in texts.items()),
        File.program(PROGRAM, render("edgecore/containerd-configuration.sh")),
        File.text(DROP_IN, render("edgecore/containerd.conf")),
    )
    return Step.joined(Step(files=files), edge_registries.hosts(target.settings.registries))


def configuration(target: Target, version: int) -> str:
    """The configuration in one version."""
    known = handlers(target.site, target.name)
    return render(
        "edgecore/containerd.toml.j2",
        version=version,
        plugin=PLUGINS[version],
        images=IMAGES[version],
        registries=edge_registries.FOLDER,
        logins=edge_registries.logins(target.settings.registries),
        pause=PAUSE,
        handler=MODULES,
        runtime_type=_TYPES.get(known[0], f"io.containerd.{known[0]}.v1") if known else "",
        is_crun=CRUN in known,
        annotations=ANNOTATIONS,
        binary=BINARY,
    )
