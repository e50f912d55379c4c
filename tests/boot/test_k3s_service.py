"""The unit that runs k3s."""

from collections.abc import Callable

import pytest

from edgefleet.boot import k3s_service
from edgefleet.boot.k3s_install import UNIT
from edgefleet.model.firstboot import Box


@pytest.mark.parametrize(
    ("node", "name", "command"),
    [("srv", "k3s.service", "server"), ("cam", "k3s-agent.service", "agent")],
)
def test_each_role_has_the_unit_of_k3ss_own_installer(
    box: Callable[..., Box], node: str, name: str, command: str
) -> None:
    """The same names, so that k3s's documentation and people's habits hold."""
    (unit,) = k3s_service.plan(box("server-and-agent", node)).units
    assert name == unit.name
    assert f"ExecStart=/usr/local/bin/k3s {command}\n" in unit.text
    assert "Type=notify\n" in unit.text
    assert "Restart=always\n" in unit.text


def test_k3s_waits_for_the_verified_binary(box: Callable[..., Box]) -> None:
    """It is started after the installer and never without it."""
    (unit,) = k3s_service.plan(box()).units
    assert f"Requires={UNIT}\n" in unit.text
    assert f"After=network-online.target {UNIT}\n" in unit.text


def test_first_boot_does_not_wait_for_k3s(box: Callable[..., Box]) -> None:
    """cloud-init would hold the rest of its work for as long as the link is away."""
    (command,) = k3s_service.plan(box()).commands
    assert ("systemctl", "restart", "--no-block", UNIT, "k3s.service") == command
