"""Step: SSH by keys only."""

from edgefleet.io.templates import render
from edgefleet.model.firstboot import Box, File, Step


def plan(box: Box) -> Step:  # noqa: ARG001 - every step takes the box
    """A drop-in for sshd: no passwords, no root."""
    text = render("boot/sshd.conf.j2")
    return Step(
        files=(File(path="/etc/ssh/sshd_config.d/50-edgefleet.conf", content=text.encode(), mode=0o600),)
    )


def plan_strict(box: Box) -> Step:
    """Recipe 2: besides, only the site's own users, and of what SSH can carry only a forwarded port."""
    text = render("safety/sshd.conf.j2", users=[user.name for user in box.site.users])
    return Step(
        files=(File(path="/etc/ssh/sshd_config.d/10-edgefleet.conf", content=text.encode(), mode=0o600),)
    )
