"""Step: the clock, by systemd-timesyncd, which keeps the last known time over a boot without a link."""

from edgefleet.io.templates import render
from edgefleet.model.firstboot import Box, File, Step


def plan(box: Box) -> Step:
    """A drop-in with the site's time servers and a tolerance for slow links."""
    return plan_asking(box, box.site.ntp)


def plan_asking(box: Box, servers: tuple[str, ...]) -> Step:  # noqa: ARG001 - every step takes the box
    """The same, asking these servers."""
    text = render("boot/timesyncd.conf.j2", servers=servers)
    return Step(
        files=(File(path="/etc/systemd/timesyncd.conf.d/50-edgefleet.conf", content=text.encode()),),
        commands=(("systemctl", "try-restart", "--no-block", "systemd-timesyncd.service"),),
    )
