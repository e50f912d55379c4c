"""The hub in a fleet file: what it means, and what is wrong with it, all at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.load import load_fleet

HUB: dict[str, Any] = {
    "kind": "k3s",
    "cloud": {"region": "eu-central-1"},
    "bucket": "retail-edgefleet-dev",
    "dns": {"name": "hub.retail.example", "zoneId": "Z0123456789AB"},
    "image": "ami-0123456789abcdef0",
}
FLEET: dict[str, Any] = {
    "apiVersion": "edgefleet.dev/v1",
    "fleet": "retail",
    "region": "dev",
    "recipe": 1,
    "profiles": {"pos": {"arch": "amd64", "cpus": 4, "memory": "8Gi", "disk": "64Gi"}},
    "defaults": {"k3s": {"version": "v1.36.4+k3s1"}},
    "sites": {
        "store-0001": {"profile": "pos", "network": {"address": "10.20.1.10/24", "gateway": "10.20.1.1"}}
    },
}


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Any]:
    def load(hub: dict[str, Any], **more: Any) -> Any:
        path = tmp_path / "dev.fleet.yaml"
        path.write_text(yaml.safe_dump({**FLEET, "controlPlane": hub, **more}, sort_keys=False))
        return load_fleet(path, tmp_path)

    return load


def problems(load: Callable[..., Any], hub: dict[str, Any]) -> list[tuple[str, str]]:
    """(path below controlPlane, code) of each problem."""
    with pytest.raises(InvalidInput) as caught:
        load(hub)
    return [(each.path.removeprefix("controlPlane").lstrip("."), each.code) for each in caught.value.problems]


def test_a_hub_of_k3s_has_sane_defaults(load: Callable[..., Any]) -> None:
    """Three servers over three zones, protected, with certificates for sites."""
    hub = load(HUB).control_plane
    assert (3, ("a", "b", "c"), "single", "v1.36.4+k3s1") == (
        hub.servers,
        hub.network.zones,
        hub.network.nat,
        hub.k3s.version,
    )
    assert (True, True, (1,)) == (hub.protect, hub.identity.sites, hub.identity.key_generations)


def test_a_hub_of_no_kind_is_as_before(load: Callable[..., Any]) -> None:
    """Sites stand alone, nothing is protected."""
    hub = load({"kind": "none"}).control_plane
    assert ("none", False, False, None) == (hub.kind, hub.identity.sites, hub.protect, hub.bucket)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"servers": 2}, ("servers", "server-count")),
        ({"servers": 4}, ("servers", "server-count")),
        ({"servers": 7}, ("servers", "server-count")),
        ({"network": {"zones": ["a", "b"]}}, ("network.zones", "too-few-zones")),
        ({"network": {"zones": ["a", "a", "a"]}}, ("network.zones", "too-few-zones")),
        (
            {"network": {"zones": ["a", "b", "c", "eu-central-1a"]}},
            ("network.zones[3]", "zone-twice"),
        ),
        ({"network": {"zones": ["a", "b", "z"]}}, ("network.zones[2]", "bad-zone")),
        ({"network": {"vpcId": "vpc-01234567"}}, ("network", "no-subnets")),
        ({"network": {"subnets": ["subnet-01234567"]}}, ("network", "no-vpc")),
        ({"network": {"cidr": "10.42.0.0/16"}}, ("network.cidr", "overlap")),
        ({"network": {"cidr": "10.0.0.0/8"}}, ("network.cidr", "cidr")),
        ({"network": {"cidr": "10.250.0.1/16"}}, ("network.cidr", "bad-cidr")),
        ({"identity": {"keyGenerations": [1, 3]}}, ("identity.keyGenerations", "key-generations")),
        ({"image": "debian-12"}, ("image", "bad-image")),
        ({"logDays": 31}, ("logDays", "unknown-value")),
        ({"bucket": None}, ("bucket", "bad-bucket")),
    ],
    ids=str,
)
def test_what_cannot_be(load: Callable[..., Any], change: dict[str, Any], wanted: tuple[str, str]) -> None:
    """Each is reported with its place."""
    found = problems(load, {**HUB, **change})
    assert wanted[0] in {path for path, _ in found}
    if change != {"bucket": None}:
        assert wanted in found


def test_all_that_is_missing_is_reported_at_once(load: Callable[..., Any]) -> None:
    """Not one after the other."""
    codes = {code for _, code in problems(load, {"kind": "k3s"})}
    assert {"no-cloud", "no-bucket", "no-dns", "no-image"} == codes


def test_an_existing_cluster_needs_its_kubeconfig(load: Callable[..., Any]) -> None:
    """Nothing of it is made."""
    assert [("", "no-kubeconfig")] == problems(load, {"kind": "existing"})
    assert (
        "hub.kubeconfig"
        == load({"kind": "existing", "kubeconfig": "hub.kubeconfig"}).control_plane.kubeconfig
    )


def test_a_site_is_revoked_by_one_line(load: Callable[..., Any]) -> None:
    """With the last key generation that is meant."""
    assert {"store-0007": 1} == load(HUB, revoked={"store-0007": 1}).revoked
