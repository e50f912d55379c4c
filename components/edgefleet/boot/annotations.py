"""Step: Kubernetes annotations of the node, and its labels that may change after it has registered.

For annotations neither kubelet nor k3s has a flag, and labels of k3s's node-label are set at the registration
alone (k3s docs, advanced). The labels here are those of its runtimes for WebAssembly.

Each node sets its own with the rights of its kubelet, which may change no other node (Kubernetes docs, Node
authorization, and the admission plugin NodeRestriction, which leaves annotations and such labels alone). It
does so after each start of k3s, because a new node has none until it is registered.
"""

from collections.abc import Mapping

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes import runtime_of
from edgefleet.workloads.base.modules import LABEL
from edgefleet.workloads.composing import handlers

SCRIPT = "/usr/local/lib/edgefleet/annotate"
UNIT = "edgefleet-annotations.service"
FILE = f"/etc/systemd/system/{UNIT}"


def plan(target: Target) -> Step:
    """The script and its unit; where there are none, those that were set before are removed at once."""
    annotations = dict(sorted(target.node.annotations.items()))
    labels = labels_of(target.site, target.name)
    if not runtime_of(target.node).is_k3s or (not annotations and not labels):
        undo = (f"{SCRIPT} undo || true", f"systemctl disable {UNIT}", f"rm -f {SCRIPT} {FILE}")
        return Step.removal(SCRIPT, *undo)
    script = render(
        "k3s/annotate.sh.j2",
        node=target.node.hostname,
        annotations=_pairs(annotations),
        labels=_pairs(labels),
    )
    return Step(
        files=(File.program(SCRIPT, script),),
        units=(unit(f"k3s/{UNIT}.j2", unit=runtime_of(target.node).unit),),
        commands=(("systemctl", "restart", "--no-block", UNIT),),
    )


def labels_of(site: SiteSpec, node: str) -> dict[str, str]:
    """The labels that a node of `site` sets after it has registered."""
    return {f"{LABEL}{handler}": "true" for handler in handlers(site, node)}


def _pairs(values: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in values.items()]
