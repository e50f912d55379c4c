"""Step: SSH by keys only."""

from edgefleet.io.templates import render
from edgefleet.model.firstboot import BootStep, File, Step, Target


def plan(target: Target) -> Step:
    """A drop-in for sshd: no passwords, no root, only the node's users, only local port forwarding."""
    text = render("safety/sshd.conf.j2", users=[user.name for user in target.settings.users])
    return Step(files=(File.text("/etc/ssh/sshd_config.d/10-edgefleet.conf", text, mode=0o600),))


STEP = BootStep(name="ssh", plan=plan)
