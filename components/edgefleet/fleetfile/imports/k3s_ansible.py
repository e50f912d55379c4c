"""An inventory of k3s-ansible (github.com/k3s-io/k3s-ansible, inventory-sample.yml)."""

import shlex
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from edgefleet.fleetfile.imports import k3s, registries
from edgefleet.fleetfile.imports.file_kind import (
    FileKind,
    Left,
    Place,
    Setting,
    Settings,
    listed,
    mapping,
    parsed,
)

GROUPS = {"server": "server", "agent": "agent", "master": "server", "node": "agent"}
USUAL = {32: 24, 128: 64}
"""dict[bits of an address -> prefix length of most LANs]."""
SECRETS = ("token", "ansible_password", "ansible_become_password", "ansible_ssh_pass")


def settings(document: Any, place: Place) -> Settings:
    """One site with the inventory's hosts as nodes, and settings of every site from its variables."""
    cluster = mapping(document["k3s_cluster"])
    variables = mapping(cluster.get("vars"))
    for group, contents in mapping(cluster.get("children")).items():
        if group not in GROUPS:
            yield Left(f"children.{group}", "a node is a server or an agent")
            continue
        variables |= mapping(mapping(contents).get("vars"))
        for number, host in enumerate(mapping(mapping(contents).get("hosts")), start=1):
            yield from _node(str(host), f"{GROUPS[group]}-{number}", GROUPS[group], place)
    for key, value in variables.items():
        yield from _variable(key, value, place)


def _node(host: str, name: str, role: str, place: Place) -> Settings:
    at = (*place.of_site, "nodes")
    try:
        bits = ip_address(host).max_prefixlen
    except ValueError:
        name = host.partition(".")[0].lower()
    else:
        length = USUAL[bits]
        yield Setting((*at, name, "network", "address"), f"{host}/{length}")
        yield Left(
            host,
            f"the prefix length {length} of node {name} and its gateway are not in an inventory; write them",
        )
    yield Setting((*at, name, "role"), role)


def _variable(key: str, value: Any, place: Place) -> Settings:
    if key in SECRETS:
        yield Left(key, "a secret; edgefleet derives one for each site")
    elif key == "k3s_version":
        yield Setting(("defaults", "k3s", "version"), value)
    elif key in {"extra_server_args", "extra_agent_args"}:
        yield from k3s.settings(_flags(str(value)), place)
    elif key in {"server_config_yaml", "agent_config_yaml"}:
        yield from k3s.settings(mapping(parsed(str(value), key)), place)
    elif key == "registries_config_yaml":
        yield from registries.settings(mapping(parsed(str(value), key)), place)
    else:
        yield Left(key, "it concerns Ansible, not the nodes")


def _flags(text: str) -> dict[str, Any]:
    """dict[key of config.yaml -> value] of a command line of k3s; a flag that is repeated is a list."""
    flags: dict[str, Any] = {}
    for key, value in _pairs(shlex.split(text)):
        flags[key] = value if key not in flags else [*listed(flags[key]), value]
    return flags


def _pairs(words: list[str]) -> Iterator[tuple[str, Any]]:
    for word, following in zip(words, [*words[1:], "--"], strict=True):
        key, equals, value = word.partition("=")
        if key.startswith("--"):
            yield key.lstrip("-"), value if equals else True if following.startswith("-") else following


def _fits(document: Any) -> bool:
    return "k3s_cluster" in mapping(document)


KIND = FileKind(name="k3s-ansible inventory", fits=_fits, settings=settings)
