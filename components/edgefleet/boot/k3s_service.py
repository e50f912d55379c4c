"""Step: the unit that runs k3s, as k3s's own installer writes it, behind the verified binary."""

from edgefleet.boot.k3s_install import SERVICES, UNIT
from edgefleet.io.templates import render
from edgefleet.model.firstboot import Box, File, Step, Unit

WAITERS = ("systemd-networkd-wait-online.service", "NetworkManager-wait-online.service")


def plan(box: Box) -> Step:
    """``k3s.service`` on a server, ``k3s-agent.service`` on an agent; neither waits for the link.

    The installer starts k3s once its binary is in place. With its medium in, cloud-init is a part of
    ``sysinit.target`` and waits for the network before it: two minutes where the cable is out, unless what it
    waits for gives up earlier.
    """
    role = box.node.role
    patience = render("k3s/wait-online.conf").encode()
    return Step(
        files=tuple(
            File(path=f"/etc/systemd/system/{unit}.d/edgefleet.conf", content=patience) for unit in WAITERS
        ),
        units=(Unit(name=SERVICES[role], text=render("k3s/k3s.service.j2", role=role)),),
        commands=(("systemctl", "restart", "--no-block", UNIT),),
    )
