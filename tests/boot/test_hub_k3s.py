"""k3s's configuration of a hub's server."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import yaml

from edgefleet.boot import hub_k3s
from edgefleet.hub.user_data import HubBoot, Start, _server
from edgefleet.model.firstboot import Step
from edgefleet.model.hub import Hub, HubDns, HubK3s, HubSnapshots
from edgefleet.runtimes.base import k3s

HUB = Hub(
    kind="k3s",
    bucket="hub-bucket",
    dns=HubDns(name="hub.retail.example"),
    k3s=HubK3s(version="v1.36.4+k3s1"),
    snapshots=HubSnapshots(restore="etcd-snapshot-1"),
)


def planned(start: Start, hub: Hub = HUB) -> Step:
    wanted = HubBoot(fleet="retail", region="dev", aws_region="eu-central-1", recipe=1, hub=hub)
    return hub_k3s.plan(_server(wanted, start))


@pytest.mark.parametrize(
    ("start", "config"),
    [("init", {"cluster-init": True}), ("join", {"server": "https://hub.retail.example:6443"})],
)
def test_how_etcd_begins_stands_apart(
    start: Start, config: dict[str, object], text_of: Callable[[Step, str], str]
) -> None:
    """Once etcd has data, k3s ignores it."""
    assert config == yaml.safe_load(text_of(planned(start), hub_k3s.START))


def test_the_rest_is_the_same_on_all_servers(text_of: Callable[[Step, str], str]) -> None:
    """A server with another configuration would not be let in."""
    texts = {text_of(planned(start), hub_k3s.PATH) for start in ("init", "join", "restore")}
    assert 1 == len(texts)
    config = yaml.safe_load(texts.pop())
    assert ["hub.retail.example"] == config["tls-san"]
    assert (True, "hub-bucket", "hub/snapshots", 28) == tuple(
        config[f"etcd-s3{name}"] for name in ("", "-bucket", "-folder", "-retention")
    )
    assert not {"token", "agent-token", "etcd-s3-secret-key", "etcd-s3-access-key"} & set(config)


def test_k3s_of_a_hub_waits_for_its_binary_and_renews_its_certificates(
    text_of: Callable[[Step, str], str],
) -> None:
    """A hub has a link, and no timer: certificates are renewed at a start in their last 90 of 365 days."""
    step = planned("init")
    waits = text_of(step, hub_k3s.WAITS).splitlines()
    assert f"Requires={k3s.INSTALLER}" in waits
    assert f"After=network-online.target {k3s.INSTALLER}" in waits
    assert "RuntimeMaxSec=60d" in waits
    assert (("systemctl", "restart", "--no-block", "k3s.service"),) == step.commands


def test_a_restart_keeps_the_k3s_that_a_plan_installed(text_of: Callable[[Step, str], str]) -> None:
    """User-data names the first version for good; installed again, it would downgrade an upgraded server."""
    for start in ("init", "join", "restore"):
        text = text_of(planned(start), f"/etc/systemd/system/{k3s.INSTALLER}.d/20-hub.conf")
        assert "ConditionFileIsExecutable=!/usr/local/bin/k3s" in text.splitlines()


def test_a_restore_happens_once_before_k3s() -> None:
    """The unit marks that it is done; a snapshot's name is one word of the command."""
    hub = replace(HUB, snapshots=HubSnapshots(restore="etcd 1; reboot"))
    (unit,) = planned("restore", hub).units
    assert "ConditionPathExists=!/var/lib/edgefleet/restored" in unit.text
    assert ' "--cluster-reset-restore-path=etcd 1; reboot"\n' in unit.text
    assert "RequiredBy=k3s.service" in unit.text
