"""Step: the clock, by systemd-timesyncd, which keeps the last known time over a boot without a link."""

from edgefleet.io.templates import render
from edgefleet.model.firstboot import Box, File, Step


def plan(box: Box) -> Step:
    """A drop-in with the site's time servers and a tolerance for slow links."""
    text = render("boot/timesyncd.conf.j2", servers=box.site.ntp)
    return Step(
        files=(File(path="/etc/systemd/timesyncd.conf.d/50-edgefleet.conf", content=text.encode()),),
        commands=(("systemctl", "try-restart", "--no-block", "systemd-timesyncd.service"),),
    )
