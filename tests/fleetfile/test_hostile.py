"""Values that would become a command, a section or a line of their own in a file that root reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.load import load_fleet

Problems = Callable[..., list[Problem]]
STATIC = {"address": "10.1.0.4/24", "gateway": "10.1.0.1"}
APT = 'http://x";APT::Update::Pre-Invoke{"touch${IFS}/tmp/x"};X::Y"z'
SITES: dict[str, tuple[dict[str, Any], str]] = {
    "a command for apt": ({"proxy": {"http": APT}}, "sites.a.proxy.http"),
    "a specifier of systemd": ({"proxy": {"https": "http://%n:3128"}}, "sites.a.proxy.https"),
    "a path of a proxy": ({"proxy": {"https": "http://proxy/a b"}}, "sites.a.proxy.https"),
    "a quote in noProxy": ({"proxy": {"noProxy": ['a"b']}}, "sites.a.proxy.noProxy[0]"),
    "a section in an address": (
        {"network": {**STATIC, "address": "fe80::1%a\n[Route]\n/64"}},
        "sites.a.network.address",
    ),
    "a zone of a gateway": ({"network": {**STATIC, "gateway": "fe80::1%eth0"}}, "sites.a.network.gateway"),
    "a line in a name server": (
        {"network": {**STATIC, "dns": ["fe80::1%\n[Match]"]}},
        "sites.a.network.dns[0]",
    ),
    "digits of another script": (
        {"network": {**STATIC, "dns": ["\u0661\u0660.1.0.1"]}},
        "sites.a.network.dns[0]",
    ),
    "a zone in the firewall": (
        {"firewall": {"allow": [{"port": 80, "from": ["fe80::1%eth0"]}]}},
        "sites.a.firewall.allow[0].from[0]",
    ),
    "a rule in the firewall": (
        {"firewall": {"sshFrom": ["::1%\n} accept"]}},
        "sites.a.firewall.sshFrom[0]",
    ),
    "a network that is none": (
        {"k3s": {"config": {"cluster-cidr": "garbage"}}},
        "sites.a.k3s.config.cluster-cidr",
    ),
    "a network that is true": (
        {"k3s": {"config": {"cluster-cidr": True}}},
        "sites.a.k3s.config.cluster-cidr",
    ),
    "a zone in a network of k3s": (
        {"k3s": {"config": {"service-cidr": ["fe80::1%\naccept/128"]}}},
        "sites.a.k3s.config.service-cidr",
    ),
    "a line in a value of k3s": (
        {"k3s": {"config": {"kubelet-arg": ["v=2\nx"]}}},
        "sites.a.k3s.config.kubelet-arg",
    ),
    "a key that k3s does not know": (
        {"k3s": {"config": {"kublet-arg": ["v=2"]}}},
        "sites.a.k3s.config.kublet-arg",
    ),
    "k3s over http without a digest": (
        {"k3s": {"releaseUrl": "http://mirror.example"}},
        "sites.a.k3s.releaseUrl",
    ),
    "a program of the kernel": (
        {"sysctls": {"kernel.core_pattern": "|/bin/x"}},
        'sites.a.sysctls["kernel.core_pattern"]',
    ),
    "a direction mark in a city": ({"location": {"city": "Koln\u202e"}}, "sites.a.location.city"),
    "an escape sequence in a city": ({"location": {"city": "Koln\x9b31m"}}, "sites.a.location.city"),
    "a line in a network's name": (
        {"network": {"wifi": {"ssid": "a\npsk=x", "passphraseSecret": "shop"}}},
        "sites.a.network.wifi.ssid",
    ),
    "a command in a key's comment": (
        {"users": {"ops": {"sshKeys": ["ssh-ed25519 AAAA `x`"]}}},
        "sites.a.users.ops.sshKeys[0]",
    ),
}
HEADS: dict[str, tuple[dict[str, Any], str]] = {
    "a unit in a snapshot's name": (
        {"controlPlane": {"snapshots": {"restore": "a\n[Service]\nExecStartPre=x"}}},
        "controlPlane.snapshots.restore",
    ),
    "a line in a schedule": (
        {"controlPlane": {"snapshots": {"schedule": "0 0 * * *;x"}}},
        "controlPlane.snapshots.schedule",
    ),
    "a thousand million certificates": ({"revoked": {"a": 1_000_000_000}}, "revoked.a"),
    "a chain outside of the project": (
        {"controlPlane": {"identity": {"chain": "../../secret.pem"}}},
        "controlPlane.identity.chain",
    ),
}


def document(site: dict[str, Any], **head: Any) -> dict[str, Any]:
    """A fleet file of one site."""
    return {
        "apiVersion": "edgefleet.dev/v1",
        "fleet": "retail",
        "region": "test",
        "recipe": 1,
        "profiles": {"till": {"arch": "amd64", "cpus": 4, "memory": "8Gi", "disk": "128Gi"}},
        "defaults": {"profile": "till", "k3s": {"version": "v1.36.4+k3s1"}},
        "sites": {"a": site},
        **head,
    }


def problems_of(folder: Path, plain: dict[str, Any]) -> list[Problem]:
    """The problems of a fleet file; none where it is right."""
    file = folder / "x.fleet.yaml"
    file.write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")
    try:
        load_fleet(file, folder)
    except InvalidInput as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize("name", SITES)
def test_no_value_of_a_site_is_more_than_a_value(tmp_path: Path, name: str) -> None:
    """It is refused with its place, before anything is rendered; each of these reached a file once."""
    site, path = SITES[name]
    (problem,) = problems_of(tmp_path, document(site))
    assert path == problem.path
    assert problem.where.startswith("x.fleet.yaml:")


@pytest.mark.parametrize("name", HEADS)
def test_no_value_of_the_hub_is_more_than_a_value(tmp_path: Path, name: str) -> None:
    """The hub's servers run these as root as well."""
    head, path = HEADS[name]
    (problem,) = problems_of(tmp_path, document({}, **head))
    assert path == problem.path


def test_a_cell_of_a_table_is_held_to_the_same_grammar(tmp_path: Path) -> None:
    """A table is often another team's."""
    quoted = APT.replace('"', '""')
    (tmp_path / "s.csv").write_text(f'name,proxy.http\na,"{quoted}"\n', encoding="utf-8")
    (problem,) = problems_of(tmp_path, document({}, sites={"from": "s.csv"}))
    assert ("s.csv:2:3", "bad-proxy") == (problem.where, problem.code)
