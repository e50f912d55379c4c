"""Step: few writes to a boot medium that wears out: the journal in memory, no access times."""

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.site import WEARING, Node

PATH = "/etc/systemd/journald.conf.d/50-edgefleet.conf"
UNIT = "edgefleet-noatime.service"


def spares_writes(node: Node) -> bool:
    """Whether writes to the node's boot medium are to be avoided."""
    setting = node.hardware.spare_writes
    return node.storage in WEARING if setting is None else setting


def plan(target: Target) -> Step:
    """The drop-in and the unit; on a node that had them and has them no longer, their removal."""
    journald = ("systemctl", "restart", "--no-block", "systemd-journald.service")
    if not spares_writes(target.node):
        return Step.removal(PATH, f"systemctl disable --now {UNIT}", f"rm -f {PATH}", " ".join(journald))
    return Step(
        files=(File.text(PATH, render("hardware/journald.conf")),),
        units=(unit(f"hardware/{UNIT}"),),
        commands=(journald, ("systemctl", "restart", "--no-block", UNIT)),
    )
