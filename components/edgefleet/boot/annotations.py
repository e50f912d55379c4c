"""Step: Kubernetes annotations of the node, for which neither kubelet nor k3s has a flag.

Each node sets its own with the rights of its kubelet, which may change no other node (Kubernetes docs, Node
authorization, and the admission plugin NodeRestriction, which leaves annotations alone). It does so after
each start of k3s, because a new node has none until it is registered.
"""

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.runtimes import runtime_of

SCRIPT = "/usr/local/lib/edgefleet/annotate"
UNIT = "edgefleet-annotations.service"
FILE = f"/etc/systemd/system/{UNIT}"


def plan(target: Target) -> Step:
    """The script and its unit; where there are none, those that were set before are removed at once."""
    wanted = dict(sorted(target.node.annotations.items()))
    if not wanted:
        undo = (f"{SCRIPT} undo || true", f"systemctl disable {UNIT}", f"rm -f {SCRIPT} {FILE}")
        return Step.removal(SCRIPT, *undo)
    script = render(
        "k3s/annotate.sh.j2",
        node=target.node.hostname,
        keys=wanted,
        pairs=[f"{key}={value}" for key, value in wanted.items()],
    )
    return Step(
        files=(File.program(SCRIPT, script),),
        units=(unit(f"k3s/{UNIT}.j2", unit=runtime_of(target.node).unit),),
        commands=(("systemctl", "restart", "--no-block", UNIT),),
    )
