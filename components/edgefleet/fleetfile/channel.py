"""The keys ``channel`` and ``controlPlane.channel``: what they, the hub and nodes need of another. Pure.

curl signs all that a bucket asks for from 7.87 on (curl, lib/http_aws_sigv4.c): Ubuntu 22.04 has 7.81, Debian
11 has 7.74. A node whose base is not named here finds out itself.
"""

import re
from collections.abc import Iterator

from edgefleet.errors import Problem
from edgefleet.fleetfile.hub_kubeedge import lacks_balancer
from edgefleet.model.channel import Channel
from edgefleet.model.hub import Hub
from edgefleet.model.paths import format_path
from edgefleet.model.programs import HELPER, PROGRAMS, ROLES_ANYWHERE
from edgefleet.model.site import Node, SiteSpec
from edgefleet.runtimes.base.k3s_claims import BALANCER

OF_HUB = "controlPlane.channel"
_OLD = re.compile(r"(?i)focal|jammy|bullseye|ubuntu-2[0-2]\.04|debian-11")
"""Names of base systems whose curl is too old."""
_GATEWAY = "or use a gateway: channel.access.gateway"


def check_channel(channel: Channel | None, hub: Hub, store: str) -> Iterator[Problem]:
    """Problems of ``channel`` and of what the hub runs for it; paths are those of the fleet file.

    Args:
        channel: as it is written; `None` without one.
        hub: the region's hub.
        store: where images and releases are kept; empty for a folder of the project.
    """
    if channel is not None:
        yield from _of_sites(channel, hub, store)
    if hub.channel is not None:
        yield from _of_hub(channel, hub, store)


def _of_sites(channel: Channel, hub: Hub, store: str) -> Iterator[Problem]:
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


def _of_hub(channel: Channel | None, hub: Hub, store: str) -> Iterator[Problem]:
    """What steps, metrics and the gateway in the hub's cluster need."""
    if channel is None:
        hint = "add channel: {roots: [...], access: {gateway: https://...}}, or remove it"
        yield Problem.of_value(OF_HUB, "no-channel", "the fleet has no channel that the hub could run", hint)
    if hub.kind == "none":
        problem = "steps and metrics run in the hub's cluster, and this region has none"
        yield Problem.of_value(OF_HUB, "no-cluster", problem, "add controlPlane.kind, or remove it")
    if not store.startswith("s3://"):
        problem = "what runs in the hub's cluster reaches releases in a bucket alone"
        hint = "set images.store, such as s3://shops-edgefleet-eu/images"
        yield Problem.of_value(OF_HUB, "hub-store", problem, hint)
    if hub.channel is None or hub.channel.gateway is None:
        return
    if channel is not None and channel.access.gateway is None:
        problem = "nodes reach no gateway: channel.access has none"
        hint = "set channel.access: {gateway: https://updates.shops.example}, or remove it"
        yield Problem.of_value(f"{OF_HUB}.gateway", "no-gateway", problem, hint)
    if lacks_balancer(hub):
        problem = f"nodes reach it by a Service of type LoadBalancer, which {BALANCER} serves in k3s"
        hint = f"write controlPlane.k3s.disable without {BALANCER}"
        yield Problem.of_value(f"{OF_HUB}.gateway", "no-balancer", problem, hint)


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
