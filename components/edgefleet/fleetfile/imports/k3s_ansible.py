"""An inventory of k3s-ansible (github.com/k3s-io/k3s-ansible, inventory-sample.yml)."""

import shlex
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import pairwise
from typing import Any

from edgefleet.fleetfile.imports import k3s, registries
from edgefleet.fleetfile.imports.documents import listed, parsed, within
from edgefleet.fleetfile.imports.file_kind import FileKind, Left, Place, Setting, Settings, rest

WORDS = {"server": "server", "agent": "agent", "master": "server", "node": "agent"}
"""dict[group of hosts -> word of k3s's command line]."""
USUAL = {32: 24, 128: 64}
"""dict[bits of an address -> prefix length of most LANs]."""
UNREAD = "it concerns Ansible, not the nodes"


def settings(document: Any, place: Place) -> Settings:
    """One site with the inventory's hosts as nodes, and settings of every site from its variables."""
    cluster = within(document, "k3s_cluster")
    groups = within(cluster, "children")
    nodes: dict[tuple[str, ...], str] = {}
    for group in filter(WORDS.__contains__, groups):
        word = WORDS[group]
        for number, host in enumerate(within(groups, group, "hosts"), start=1):
            name, bits = _named(host, f"{word}-{number}")
            at = (*place.of_site, "nodes", name)
            nodes[at] = f"k3s-{word}"
            yield Setting((*at, "runtime"), nodes[at])
            if bits:
                yield Setting((*at, "network", "address"), f"{host}/{USUAL[bits]}")
                yield Left(
                    host,
                    f"its prefix length {USUAL[bits]} is a guess, and its gateway is not in an inventory",
                )
    for variables in (within(cluster, "vars"), *(within(groups, group, "vars") for group in groups)):
        yield from _variables(variables, place, nodes)


def _named(host: str, otherwise: str) -> tuple[str, int]:
    """(name of the node, bits of its address if `host` is one)."""
    try:
        return otherwise, ip_address(host).max_prefixlen
    except ValueError:
        return host.partition(".")[0].lower(), 0


def _variables(variables: dict[str, Any], place: Place, nodes: dict[tuple[str, ...], str]) -> Settings:
    yield Setting(("defaults", "k3s", "version"), variables.pop("k3s_version", None))
    token = {"token": variables.pop("token", None)} if "token" in variables else {}
    yield from k3s.settings(token, place)
    for word in ("server", "agent"):
        flags = str(variables.pop(f"extra_{word}_args", ""))
        config = str(variables.pop(f"{word}_config_yaml", ""))
        for at in k3s.places(f"k3s-{word}", nodes):
            yield from k3s.settings({**_flags(flags), **_config(config)}, place, at)
    mirrors = _config(str(variables.pop("registries_config_yaml", "")))
    yield from registries.settings(mirrors, place)
    yield from rest(mirrors, ("registries_config_yaml",))


def _config(text: str) -> dict[str, Any]:
    return within(parsed(text, "a variable of the inventory")) if text.strip() else {}


def _flags(text: str) -> dict[str, Any]:
    """dict[key of config.yaml -> value] of a command line of k3s; a flag that is repeated is a list."""
    flags: dict[str, Any] = {}
    for key, value in _pairs(shlex.split(text)):
        flags[key] = value if key not in flags else [*listed(flags[key]), value]
    return flags


def _pairs(words: list[str]) -> Iterator[tuple[str, Any]]:
    for word, following in pairwise([*words, "--"]):
        key, equals, value = word.partition("=")
        if key.startswith("--"):
            yield key.lstrip("-"), value if equals else True if following.startswith("-") else following


def _fits(document: Any) -> bool:
    return isinstance(document, dict) and "k3s_cluster" in document


KIND = FileKind(name="k3s-ansible inventory", fits=_fits, settings=settings, unread=UNREAD)
