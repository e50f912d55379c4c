"""A definition of Edge Image Builder with its ``network`` and ``kubernetes`` folders.

Source: github.com/suse-edge/edge-image-builder, docs/building-images.md.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from edgefleet.fleetfile.imports import k3s, netplan
from edgefleet.fleetfile.imports.file_kind import (
    FileKind,
    Left,
    Place,
    Setting,
    Settings,
    listed,
    mapping,
    read,
)
from edgefleet.fleetfile.imports.pruning import PROFILE

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
VALUES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("operatingSystem", "time", "timezone"): ("defaults", "timezone"),
    ("operatingSystem", "time", "ntp", "servers"): ("defaults", "ntp"),
    ("operatingSystem", "time", "ntp", "pools"): ("defaults", "ntp"),
    ("operatingSystem", "proxy", "httpProxy"): ("defaults", "proxy", "http"),
    ("operatingSystem", "proxy", "httpsProxy"): ("defaults", "proxy", "https"),
    ("operatingSystem", "proxy", "noProxy"): ("defaults", "proxy", "noProxy"),
    ("operatingSystem", "isoConfiguration", "installDevice"): ("defaults", "image", "installOn"),
    ("operatingSystem", "rawConfiguration", "diskSize"): ("defaults", "image", "size"),
    ("kubernetes", "version"): ("defaults", "k3s", "version"),
}
"""dict[path in the definition -> path in a fleet file]: the value is the same."""


HAND = {"encryptedPassword": "a secret; write password: {secret: NAME} and set it as a secret of the stack"}
READ = {"apiVersion", "image"}
READ_BELOW = {
    ("operatingSystem", "users"),
    ("kubernetes", "nodes"),
    ("embeddedArtifactRegistry", "images"),
}


def settings(document: Any, place: Place) -> Settings:
    """The profile, the settings of every site, and one site with the definition's nodes."""
    arch = str(mapping(document["image"]).get("arch"))
    yield Setting(("profiles", PROFILE, "arch"), ARCHITECTURES.get(arch, arch))
    yield Left("image", "write source and SHA-256 of a base image as image.base, and cpus, memory and disk")
    for path, value in _leaves(document):
        if path in VALUES:
            yield Setting(VALUES[path], value)
        elif path[0] not in READ and path[:2] not in READ_BELOW:
            yield Left(".".join(path), "a fleet file has no such setting")
    for user in map(mapping, listed(mapping(document.get("operatingSystem")).get("users"))):
        yield from _user(user)
    for image in map(mapping, listed(mapping(document.get("embeddedArtifactRegistry")).get("images"))):
        yield Setting(("workloads", "embedded", "images"), [image.get("name")])
    yield from _nodes(mapping(document.get("kubernetes")), place)


def _user(user: dict[str, Any]) -> Settings:
    name = str(user.get("username"))
    yield Setting(("defaults", "users", name, "sshKeys"), listed(user.get("sshKeys")))
    for key in sorted(user.keys() - {"username", "sshKeys", "createHomeDir"}):
        yield Left(f"operatingSystem.users.{name}.{key}", HAND.get(key, "a fleet file has no such setting"))


def _nodes(kubernetes: dict[str, Any], place: Place) -> Settings:
    nodes = [mapping(node) for node in listed(kubernetes.get("nodes"))]
    for node in nodes:
        at = (*place.of_site, "nodes", str(node.get("hostname")).partition(".")[0])
        yield Setting((*at, "role"), node.get("type"))
    for name in ("server", "agent"):
        file = place.folder / "kubernetes" / "config" / f"{name}.yaml"
        if file.is_file():
            yield from k3s.settings(mapping(read(file, file.name)), place)
    for file in sorted((place.folder / "network").glob("*.yaml")):
        at = (*place.of_site, "nodes", file.stem.partition(".")[0]) if nodes else place.of_site
        yield from netplan.network(netplan.of_nmstate(mapping(read(file, file.name))), (*at, "network"))


def _leaves(value: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(path, value) of each value that is no map."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, (*path, key))
        else:
            yield (*path, key), inner


def _fits(document: Any) -> bool:
    return {"apiVersion", "image"} <= mapping(document).keys() and "imageType" in mapping(document["image"])


KIND = FileKind(name="Edge Image Builder", fits=_fits, settings=settings)
