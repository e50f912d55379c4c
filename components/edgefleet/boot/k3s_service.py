"""Step: the unit that runs k3s, as k3s's own installer writes it, behind the verified binary."""

from edgefleet.boot.k3s_install import SERVICES, UNIT
from edgefleet.io.templates import render
from edgefleet.model.firstboot import Box, File, Step, Unit

WAITERS = ("systemd-networkd-wait-online.service", "NetworkManager-wait-online.service")


def plan(box: Box) -> Step:
    """``k3s.service`` on a server, ``k3s-agent.service`` on an agent; started without waiting."""
    role = box.node.role
    name = "k3s.service" if role == "server" else "k3s-agent.service"
    return Step(
        units=(Unit(name=name, text=render("k3s/k3s.service.j2", role=role, installer=UNIT)),),
        # Both: an installer that has run stays active, and a changed seed may ask for another k3s.
        commands=(("systemctl", "restart", "--no-block", UNIT, name),),
    )


def plan_unhindered(box: Box) -> Step:
    """Recipe 2: it waits for no link, and what brings another k3s starts it anew once it is here.

    With its medium in, cloud-init is a part of ``sysinit.target`` and waits for the network before it: two
    minutes where the cable is out, unless what it waits for gives up earlier.
    """
    role = box.node.role
    patience = render("heal/wait-online.conf").encode()
    return Step(
        files=tuple(
            File(path=f"/etc/systemd/system/{unit}.d/edgefleet.conf", content=patience) for unit in WAITERS
        ),
        units=(Unit(name=SERVICES[role], text=render("heal/k3s.service.j2", role=role)),),
        commands=(("systemctl", "restart", "--no-block", UNIT),),
    )
