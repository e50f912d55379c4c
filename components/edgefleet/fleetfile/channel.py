"""The key ``channel``: what is wrong with its root keys, and between it and the hub. Pure."""

from collections.abc import Iterator

from edgefleet.errors import Problem
from edgefleet.model.channel import Channel
from edgefleet.model.hub import Hub
from edgefleet.model.paths import format_path


def check_channel(channel: Channel, hub: Hub, store: str) -> Iterator[Problem]:
    """Problems of ``channel``; paths are those of the fleet file.

    Args:
        channel: as it is written.
        hub: the region's hub.
        store: where images and releases are kept; empty for a folder of the project.
    """
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
