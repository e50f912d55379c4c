"""A definition of Edge Image Builder with its ``network`` and ``kubernetes`` folders.

Source: github.com/suse-edge/edge-image-builder, docs/building-images.md.
"""

from pathlib import Path
from typing import Any

from edgefleet.fleetfile.imports import k3s, netplan
from edgefleet.fleetfile.imports.documents import listed, read, records, within
from edgefleet.fleetfile.imports.file_kind import FileKind, Left, Place, Setting, Settings, rest, secret
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
    ("operatingSystem", "kernelArgs"): ("defaults", "kernel", "arguments"),
    ("operatingSystem", "keymap"): ("defaults", "keyboard", "layout"),
    ("kubernetes", "version"): ("defaults", "k3s", "version"),
}
"""dict[path in the definition -> path in a fleet file]: the value is the same."""


def settings(document: Any, place: Place) -> Settings:
    """The profile, the settings of every site, and one site with the definition's nodes."""
    arch = str(document.pop("image").get("arch"))
    yield Setting(("profiles", PROFILE, "arch"), ARCHITECTURES.get(arch, arch))
    yield Left("image", "write source and SHA-256 of a base image as image.base, and cpus, memory and disk")
    for (*parents, last), path in VALUES.items():
        yield Setting(path, within(document, *parents).pop(last, None))
    for user in records(within(document, "operatingSystem").get("users")):
        user.pop("createHomeDir", None)
        name = str(user.pop("username", ""))
        yield Setting(("defaults", "users", name, "sshKeys"), listed(user.pop("sshKeys", None)))
        if user.pop("encryptedPassword", None):
            what, form = f"encryptedPassword of {name}", "what openssl passwd -6 prints"
            yield from secret(("defaults", "users", name, "password"), f"{name}-password", what, form)
    for image in records(within(document, "embeddedArtifactRegistry").get("images")):
        yield Setting(("workloads", "embedded", "kind"), "payload")
        yield Setting(("workloads", "embedded", "images"), [image.pop("name", None)])
    yield from _nodes(records(within(document, "kubernetes").get("nodes")), place)
    document.pop("apiVersion")


def _nodes(nodes: list[dict[str, Any]], place: Place) -> Settings:
    runtimes: dict[tuple[str, ...], str] = {}
    for node in nodes:
        node.pop("initializer", None)
        name = str(node.pop("hostname", ""))
        at = (*place.of_site, "nodes", name.partition(".")[0])
        yield Setting((*at, "hostname"), name if "." in name else None)
        if "type" in node:
            runtimes[at] = f"k3s-{node.pop('type')}"
            yield Setting((*at, "runtime"), runtimes[at])
    for word in ("server", "agent"):
        file = place.folder / "kubernetes" / "config" / f"{word}.yaml"
        for at in k3s.places(f"k3s-{word}", runtimes):
            yield from k3s.settings(_document(file), place, at)
    for file in sorted((place.folder / "network").glob("*.yaml")):
        state = _document(file)
        at = (*place.of_site, "nodes", file.stem.partition(".")[0]) if nodes else place.of_site
        yield from netplan.network(netplan.of_nmstate(state), (*at, "network"))
        yield from rest(state, (file.name,))


def _document(file: Path) -> dict[str, Any]:
    return within(read(file, file.name)) if file.is_file() else {}


def _fits(document: Any) -> bool:
    return "apiVersion" in within(document) and "imageType" in within(document, "image")


KIND = FileKind(name="Edge Image Builder", fits=_fits, settings=settings)
