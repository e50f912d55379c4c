"""The keys ``channel`` and ``controlPlane.channel``: root keys, and what the two and the hub need. Pure."""

from collections.abc import Iterator

from edgefleet.errors import Problem
from edgefleet.fleetfile.hub_kubeedge import lacks_balancer
from edgefleet.model.channel import Channel
from edgefleet.model.hub import Hub
from edgefleet.model.paths import format_path
from edgefleet.runtimes.base.k3s_claims import BALANCER

OF_HUB = "controlPlane.channel"


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
    if (access.gateway is None) is not access.roles_anywhere:
        problem = "nodes reach the channel by a gateway or by rolesAnywhere, by exactly one of them"
        hint = "write {gateway: https://updates.shops.example}, or {rolesAnywhere: true}"
        yield Problem.of_value("channel.access", "channel-access", problem, hint)
    if not hub.identity.sites:
        problem = "nodes reach the channel with certificates of their sites, and sites have none"
        hint = "add identity: {sites: true} to controlPlane"
        yield Problem.of_value("channel.access", "no-certificates", problem, hint)
    if access.roles_anywhere and not store.startswith("s3://"):
        problem = "nodes would read the bucket itself, and releases are not kept in one"
        hint = "set images.store, such as s3://shops-edgefleet-eu/images, or use a gateway"
        yield Problem.of_value("channel.access.rolesAnywhere", "no-bucket", problem, hint)


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
