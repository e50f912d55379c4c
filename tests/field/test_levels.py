"""Kind: a setting at a level of the fleet file that is silently dropped.

Source: k3s-io/k3s-ansible, whose inventories have variables of a host beside those of its group: time zone,
sysctls, and configuration of the server or agent.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "Gtr" * 14 + "G"
OWN = f"""\
profiles:
  pos: {{arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi, ntp: [pos.example], hardening: true}}
  board:
    arch: arm64
    cpus: 4
    memory: 4Gi
    disk: 32Gi
    timezone: Europe/Paris
    ntp: [board.example]
    users: {{ops: {{sshKeys: [{PUBLIC}]}}}}
    sysctls: {{net.core.somaxconn: 1024}}
    registries: {{docker.io: {{endpoints: [https://mirror.example]}}}}
    firewall: {{enabled: false}}
    proxy: {{https: http://proxy.example:3128}}
    k3s: {{config: {{kubelet-arg: [max-pods=20]}}}}
"""
NODES = """\
      x: {network: {address: 10.1.0.4/24}}
      y: {profile: board, network: {address: 10.1.0.5/24}}
"""
SITE = f"sites:\n  s:\n    network: {{gateway: 10.1.0.1}}\n    nodes:\n{NODES}"


def test_a_node_takes_what_its_own_profile_says(load: Callable[..., Fleet]) -> None:
    """Inside a site of another profile; the other node, and the site, are as they were."""
    site = load(SITE, profiles=OWN).sites["s"]
    assert site.nodes["x"].settings is None
    own = site.settings_of("y")
    assert ("Europe/Paris", ("board.example",)) == (own.timezone, own.ntp)
    assert ["ops"] == [user.name for user in own.users]
    assert ({"net.core.somaxconn": "1024"}, ["docker.io"]) == (own.sysctls, [*own.registries])
    assert not own.firewall.enabled
    assert own.proxy is not None
    assert {"kubelet-arg": ["max-pods=20"]} == site.nodes["y"].k3s.config
    assert ("Etc/UTC", ("pos.example",), {}) == (site.timezone, site.ntp, site.k3s.config)


def test_node_beats_site_beats_group_beats_its_profile_beats_the_site_s(
    load: Callable[..., Fleet], tmp_path: Path
) -> None:
    """For each setting by itself, and each is located where it was declared."""
    groups = "groups: {g: {sysctls: {net.core.somaxconn: 2048}, ntp: [group.example]}}\n"
    text = SITE.replace("  s:\n", "  s:\n    group: g\n    timezone: Europe/Berlin\n").replace(
        "y: {", "y: {ntp: [node.example], "
    )
    fleet = load(text, profiles=OWN, groups=groups)
    own = fleet.sites["s"].settings_of("y")
    assert ("Europe/Berlin", ("node.example",)) == (own.timezone, own.ntp)
    assert {"net.core.somaxconn": "2048"} == own.sysctls
    assert ("group.example",) == fleet.sites["s"].ntp
    for path, line in {
        "nodes.y.settings.proxy.https": "proxy:",
        "nodes.y.settings.users[0].sshKeys": "users:",
        "nodes.y.settings.ntp": "y: {ntp:",
        "nodes.y.settings.sysctls": "groups:",
        'nodes.y.k3s.config["kubelet-arg"]': "k3s:",
    }.items():
        place = fleet.locate("s", path).split(":")
        assert place[0] == "test.fleet.yaml"
        declared = (tmp_path / place[0]).read_text().splitlines()[int(place[1]) - 1]
        assert line == declared.strip()[: len(line)]


def test_a_node_without_settings_of_its_own_records_none(load: Callable[..., Fleet]) -> None:
    """A value that equals its site's is no other value."""
    same = SITE.replace("y: {profile: board,", "y: {timezone: Etc/UTC,")
    assert load(same, profiles=OWN).sites["s"].nodes["y"].settings is None


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("hardening: false", "profiles.board.hardening"),
        ("airgap: true", "profiles.board.airgap"),
        ("breakGlass: {console: true}", "profiles.board.breakGlass.console"),
        ("link: {class: dark}", "profiles.board.link.class"),
        ("k3s: {version: v1.35.8+k3s1}", "profiles.board.k3s.version"),
        ("k3s: {disable: [traefik]}", "profiles.board.k3s.disable"),
    ],
)
def test_what_holds_for_a_site_is_refused_at_a_node_s_profile(
    problems: Callable[..., list[Problem]], setting: str, path: str
) -> None:
    """It would be dropped; where the site has the same value, nothing is."""
    profiles = OWN.partition("    timezone")[0] + f"    {setting}\n"
    (problem,) = problems(SITE, profiles=profiles)
    assert (path, "site-only") == (problem.path, problem.code)
    same = SITE.replace("  s:\n", f"  s:\n    {setting}\n")
    assert "site-only" not in [problem.code for problem in problems(same, profiles=profiles)]


def test_what_a_site_has_by_default_may_stand_at_a_node_s_profile(load: Callable[..., Fleet]) -> None:
    """Nothing of it is dropped."""
    board = OWN.partition("    timezone")[0]
    written = "    breakGlass: {console: false}\n    k3s: {disable: []}\n    airgap: false\n"
    assert load(SITE, profiles=board + written) == load(SITE, profiles=board)


def test_a_site_s_profile_that_does_not_exist_is_an_error(problems: Callable[..., list[Problem]]) -> None:
    """Also where each node names another."""
    (problem,) = problems("sites: {s: {profile: poss, nodes: {x: {profile: pos}}}}\n")
    assert ("sites.s.profile", "did you mean pos?") == (problem.path, problem.hint)
