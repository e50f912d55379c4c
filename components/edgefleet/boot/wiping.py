"""Step: remove cloud-init's own copies of the seed, which contain its secrets, once used.

It needs none of them again: with the medium in it reads the medium (NoCloud's ``check_instance_id`` knows a
seed directory alone), without one it stays off (step `cloud_init`). Its record of an instance is under
``sem`` and ``data``, so nothing is done twice. It writes the copies again at each boot with a medium, so they
are removed at each. After a first boot with errors they stay, to find the cause.
"""

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target

SCRIPT = "/usr/local/lib/edgefleet/wipe-seed"
UNIT = "edgefleet-wipe-seed.service"


def plan(target: Target) -> Step:  # noqa: ARG001 - every step takes the node
    """The script, and its unit, which runs after all stages of cloud-init."""
    return Step(
        files=(File.program(SCRIPT, render("safety/wipe-seed.sh")),),
        units=(unit(f"safety/{UNIT}"),),
        commands=(("systemctl", "start", "--no-block", UNIT),),
    )
