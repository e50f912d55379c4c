"""Runtime `k3s-server`: k3s's configuration file."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml

from edgefleet.errors import InvalidInput
from edgefleet.model.firstboot import Target
from edgefleet.model.hardware import DataDisk, Hardware
from edgefleet.model.paths import format_path
from edgefleet.model.site import K3s
from edgefleet.runtimes import k3s_server, runtime_of
from edgefleet.runtimes.base import k3s

Targets = Callable[..., Target]


def config_of(target: Target) -> dict[str, Any]:
    (file,) = [file for file in runtime_of(target.node).configure(target).files if file.path == k3s.CONFIG]
    assert (0o600, "root:root") == (file.mode, file.owner)
    assert file.is_secret
    found: dict[str, Any] = yaml.safe_load(file.content)
    return found


def with_config(target: Targets, **config: str | int | bool | list[str]) -> Target:
    return target(k3s=K3s(version="v1.36.4+k3s1", config={k.replace("_", "-"): v for k, v in config.items()}))


def test_a_server_is_on_its_own(target: Targets) -> None:
    """It joins nobody: its API answers to its own name and address, with the cloud away too."""
    found = config_of(target("server-and-agent", "srv"))
    assert "server" not in found
    assert ["us-nyc-003-srv", "10.3.0.10"] == found["tls-san"]
    assert ("us-nyc-003-srv", "10.3.0.10") == (found["node-name"], found["node-ip"])


def test_a_node_says_where_it_stands(target: Targets) -> None:
    """Zone and region by the labels that schedulers know, then the fleet file's own, in order of names."""
    config = config_of(target())
    assert "de-ber-001" == config["node-name"]
    assert "10.1.1.10" == config["node-ip"]
    assert sorted(config["node-label"]) == config["node-label"]
    assert {"topology.kubernetes.io/zone=de-ber-001", "tier=store"} <= {*config["node-label"]}
    assert ["dedicated=till:NoSchedule"] == config["node-taint"]


def test_a_node_with_dhcp_leaves_its_address_to_k3s(target: Targets) -> None:
    """What is not known is not written."""
    config = config_of(target("arm64-dhcp"))
    assert "node-ip" not in config
    assert ["de-ham-012"] == config["tls-san"]


def test_people_add_to_the_names_in_the_certificate(target: Targets) -> None:
    """Theirs stand behind the node's own, as a list or as one text."""
    own = ["de-ber-001", "10.1.1.10", "2001:db8:1::10"]
    assert [*own, "a.example"] == config_of(with_config(target, tls_san="a.example"))["tls-san"]
    assert "shop.example" in config_of(target())["tls-san"]


def test_what_people_set_wins_over_what_edgefleet_would(target: Targets) -> None:
    """A declared value that is silently dropped would make the preview lie."""
    unhardened = target("server-static", hardening=False)
    assert ["max-pods=64"] == config_of(unhardened)["kubelet-arg"]
    mine = replace(unhardened.site.k3s, config={"secrets-encryption": False})
    assert config_of(target(hardening=False, k3s=mine))["secrets-encryption"] is False


@pytest.mark.parametrize("name", ["token", "server", "node-label", "node-label+"])
def test_what_edgefleet_writes_is_refused_rather_than_overwritten(target: Targets, name: str) -> None:
    """A spec may come from another program than the fleet file's loader."""
    with pytest.raises(InvalidInput) as caught:
        k3s_server.RUNTIME.configure(with_config(target, **{name: "x"}))
    assert "reserved-k3s-config" == caught.value.problem.code
    assert format_path(("sites", "de-ber-001", "k3s", "config", name)) == caught.value.problem.path


def test_the_order_of_disabled_components_and_settings_is_nobodys(target: Targets) -> None:
    """Two fleet files that say the same give the same bytes."""
    one = K3s(version="v1.36.4+k3s1", disable=("traefik", "servicelb"), config={"v": 1, "debug": True})
    other = K3s(version="v1.36.4+k3s1", disable=("servicelb", "traefik"), config={"debug": True, "v": 1})
    assert k3s_server.RUNTIME.configure(target(k3s=one)) == k3s_server.RUNTIME.configure(target(k3s=other))


@pytest.mark.parametrize(
    ("disk", "expected"),
    [
        (None, ["etcd-on-flash"]),
        (DataDisk(device="/dev/disk/by-id/one", path="/var/lib/data"), ["etcd-on-flash"]),
        (DataDisk(device="/dev/disk/by-id/one"), []),
    ],
)
def test_etcd_is_refused_on_flash_unless_its_data_is_elsewhere(
    target: Targets, disk: DataDisk | None, expected: list[str]
) -> None:
    """Cards wear out under its writes."""
    site = target().site
    node = replace(site.nodes["n1"], storage="sd", hardware=Hardware(data_disk=disk))
    etcd = replace(site.k3s, config={"cluster-init": True})
    found = k3s_server.RUNTIME.check(replace(site, k3s=etcd, nodes={"n1": node}))
    assert expected == [problem.code for problem in found]
