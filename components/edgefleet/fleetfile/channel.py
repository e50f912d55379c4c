"""The key ``channel``: what is wrong with its root keys, and between it, the hub and nodes. Pure.

curl signs all that a bucket asks for from 7.87 on (curl, lib/http_aws_sigv4.c): Ubuntu 22.04 has 7.81, Debian
11 has 7.74. A node whose base is not named here finds out itself.
"""

import re
from collections.abc import Iterator

from edgefleet.errors import Problem
from edgefleet.model.channel import Channel
from edgefleet.model.hub import Hub
from edgefleet.model.paths import format_path
from edgefleet.model.programs import HELPER, PROGRAMS, ROLES_ANYWHERE
from edgefleet.model.site import Node, SiteSpec

_OLD = re.compile(r"(?i)focal|jammy|bullseye|ubuntu-2[0-2]\.04|debian-11")
"""Names of base systems whose curl is too old."""
_GATEWAY = "or use a gateway: channel.access.gateway"


def check_channel(channel: Channel, hub: Hub, store: str) -> Iterator[Problem]:
    """Problems of ``channel``; paths are those of the fleet file.

    Args:
        channel: as it is written.
        hub: the region's hub.
        store: where images and releases are kept; empty for a folder of the project.
    """
    yield from _of_roots(channel)
    access = channel.access
    if (access.gateway is None) is (access.roles_anywhere is None):
        problem = "nodes reach the channel by a gateway or by rolesAnywhere, by exactly one of them"
        hint = "write {gateway: https://updates.shops.example}, or {rolesAnywhere: ...}"
        yield Problem.of_value("channel.access", "channel-access", problem, hint)
    if not hub.identity.sites:
        problem = "nodes reach the channel with certificates of their sites, and sites have none"
        hint = "add identity: {sites: true} to controlPlane"
        yield Problem.of_value("channel.access", "no-certificates", problem, hint)
    if access.roles_anywhere and not store.startswith("s3://"):
        problem = "nodes would read the bucket itself, and releases are not kept in one"
        hint = "set images.store, such as s3://shops-edgefleet-eu/images, or use a gateway"
        yield Problem.of_value("channel.access.rolesAnywhere", "no-bucket", problem, hint)


def check_access(site: SiteSpec) -> Iterator[Problem]:
    """Nodes that do not reach a bucket by Roles Anywhere; paths are those of the site's spec."""
    roles = None if site.channel is None else site.channel.access.roles_anywhere
    if roles is None:
        return
    for name, node in site.nodes.items():
        if node.arch not in PROGRAMS[ROLES_ANYWHERE].archs:
            problem = f"{node.hostname} is {node.arch}, for which AWS's credential helper is not released"
            path = format_path(("nodes", name, "arch"))
            yield Problem.of_value(path, "no-release", problem, f"use nodes of 64 bits, {_GATEWAY}")
        elif node.arch not in roles.sha256:
            problem = f"{ROLES_ANYWHERE} {HELPER} for {node.arch} is not in the artifacts lock"
            hint = "run edgefleet artifacts lock -s STACK"
            yield Problem.of_value("channel.access.rolesAnywhere", "not-locked", problem, hint)
        yield from _of_base(name, node)


def _of_base(name: str, node: Node) -> Iterator[Problem]:
    base = node.image.base
    if base is not None and _OLD.search(base.source.rpartition("/")[2]):
        problem = "this base has a curl before 7.87, which cannot sign requests to a bucket"
        path = format_path(("nodes", name, "image", "base", "source"))
        yield Problem.of_value(path, "old-curl", problem, f"use Debian 12 or Ubuntu 24.04, {_GATEWAY}")


def _of_roots(channel: Channel) -> Iterator[Problem]:
    from edgefleet.keys.channel_key import ChannelKey  # noqa: PLC0415 - needs cryptography

    found: dict[str, int] = {}
    for position, root in enumerate(channel.roots):
        path = format_path(("channel", "roots", position))
        try:
            name = ChannelKey.of_pem(root).id
        except ValueError as error:
            hint = "create one with: edgefleet keys new root NAME"
            yield Problem.of_value(path, "root-key", f"this {error}", hint)
            continue
        if found.setdefault(name, position) != position:
            problem = f"this is the key of roots[{found[name]}] again"
            yield Problem.of_value(path, "duplicate-root", problem, "remove it, or name another key")
