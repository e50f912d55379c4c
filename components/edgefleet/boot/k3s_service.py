"""Step: the unit that runs k3s, as k3s's own installer writes it, behind the verified binary."""

from edgefleet.boot.k3s_install import SERVICES, UNIT
from edgefleet.io.templates import render
from edgefleet.model.firstboot import Box, Step, Unit


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
    """Recipe 2: it waits for no link, and what brings another k3s starts it anew once it is here."""
    role = box.node.role
    return Step(
        units=(Unit(name=SERVICES[role], text=render("heal/k3s.service.j2", role=role)),),
        commands=(("systemctl", "restart", "--no-block", UNIT),),
    )
