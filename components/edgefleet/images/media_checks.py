"""Checks of a node's image against its format and its base."""

from collections.abc import Iterator
from typing import get_args

from edgefleet.errors import Problem
from edgefleet.images import FORMATS
from edgefleet.images.base.format import Format
from edgefleet.model.paths import format_path
from edgefleet.model.site import Node, SiteSpec
from edgefleet.model.syntax import FILE
from edgefleet.model.updates import OsUpdates, Packages, Weekday
from edgefleet.runtimes import runtime_of

Finding = tuple[str, str, str, str]
"""(key of ``image`` or of the node, code, problem, hint)."""


def check_media(site: SiteSpec) -> Iterator[Problem]:
    """The problems of the images of `site`."""
    for name, node in site.nodes.items():
        for key, code, problem, hint in _findings(FORMATS[node.image.format], node):
            path = format_path(("nodes", name, "image", key))
            yield Problem(path=path, code=code, problem=problem, hint=hint)
        for key, code, problem, hint in _additions(node, is_airgapped=site.airgap):
            yield Problem(path=f"{format_path(('nodes', name))}.{key}", code=code, problem=problem, hint=hint)


def _additions(node: Node, *, is_airgapped: bool) -> Iterator[Finding]:
    """Packages, extensions and updates that the node's base system does not have, or not without a link."""
    kind = FORMATS[node.image.format]
    if node.packages != Packages():
        if not kind.takes_packages:
            hint = "use extensions, or a format for Debian and Ubuntu"
            yield "packages", "no-packages", f"the base systems of {kind.name} install no packages", hint
        elif is_airgapped:
            hint = "install them in its base, and remove this"
            yield "packages", "packages-without-link", "an air-gapped node downloads no packages", hint
    for name, extension in node.extensions.items():
        path = format_path(("extensions", name))
        if not kind.takes_extensions:
            hint = "use packages, or a format for Flatcar and Fedora CoreOS"
            yield path, "no-extensions", f"the base systems of {kind.name} take packages, no extensions", hint
        elif extension.source.startswith(FILE) and not is_airgapped:
            hint = "use an address, or airgap for the site"
            yield f"{path}.source", "extension-is-file", "a node downloads it, and this is a file", hint
    if (updates := node.os_updates) is not None and updates.enabled:
        yield from _updates(kind, updates, is_airgapped=is_airgapped)


def _updates(kind: Format, updates: OsUpdates, *, is_airgapped: bool) -> Iterator[Finding]:
    if is_airgapped:
        problem, hint = "an air-gapped node downloads no updates", "set osUpdates.enabled: false"
        yield "osUpdates", "updates-without-link", problem, hint
    elif updates.window is None:
        hint = "add window: {start: 02:30}, or set enabled: false"
        yield "osUpdates", "no-window", "it does not state when nodes may update and restart", hint
    elif kind.takes_extensions and 1 < len(set(updates.window.days)) < len(get_args(Weekday)):
        problem, hint = "Flatcar's window is on one day, or on each", "write one day, or none for each"
        yield "osUpdates.window.days", "several-days", problem, hint


def _findings(kind: Format, node: Node) -> Iterator[Finding]:
    yield from _base(kind, node)
    yield from _installer(kind, node)
    yield from _disk(kind, node)
    yield from _renderer(kind, node)
    yield from _runtime(kind, node)
    for problem, hint in kind.flaws(node):
        yield "format", "format-unsuited", problem, hint
    if "netboot" not in kind.needs and node.image.netboot is not None:
        hint = f"remove image.netboot, or set image.format: {_named('netboot')}"
        yield "format", "format-unsuited", f"{kind.name} has no netboot", hint


def _runtime(kind: Format, node: Node) -> Iterator[Finding]:
    if runtime_of(node).packages and not kind.takes_packages:
        problem = f"{node.runtime} is installed by packages, and the base systems of {kind.name} have none"
        hint = "use a format for Debian and Ubuntu, or a runtime of k3s"
        yield "format", "runtime-packages", problem, hint


def _base(kind: Format, node: Node) -> Iterator[Finding]:
    if "base" in kind.needs and node.image.base is None:
        hint = "add image.base: {source: https://..., sha256: ...}"
        yield "format", "no-base", f"{kind.name} needs a base image, and none is given", hint
    if "base" not in kind.needs and node.image.base is not None:
        hint = f"remove base, or use the format {_named('base')}"
        yield "base", "needless-base", f"{kind.name} takes no base image{kind.purpose}", hint


def _installer(kind: Format, node: Node) -> Iterator[Finding]:
    if "installer" in kind.needs and node.image.installer is None:
        problem = f"image.installer is not set, and an {kind.name} is an installer"
        yield "format", "installer", problem, "add image.installer: debian or ubuntu"
    if "installer" not in kind.needs and node.image.installer is not None:
        yield "installer", "installer", f"{kind.name} has no installer", "remove installer"


def _disk(kind: Format, node: Node) -> Iterator[Finding]:
    """Whether it installs onto a disk, and onto one that may be erased."""
    disk, data_disk = node.image.install_on, node.hardware.data_disk
    if disk is not None and not kind.erases:
        others = " or ".join(sorted(other.name for other in FORMATS.values() if other.erases))
        hint = f"remove installOn, or use the format {others}"
        yield "installOn", "needless-disk", f"{kind.name} installs onto no disk", hint
    elif disk is not None and data_disk is not None and data_disk.device == disk:
        hint = "name the disk that is erased, or leave installOn out for the only other one"
        yield "installOn", "data-disk", f"{disk} is the disk that hardware.dataDisk keeps", hint


def _renderer(kind: Format, node: Node) -> Iterator[Finding]:
    """Whether a program can do what the network asks for, and which one where each has its own spelling."""
    image, network = node.image, node.network
    if not kind.has_netplan:
        if image.renderer is not None:
            yield "renderer", "needless-renderer", f"{kind.name} takes no renderer", "remove renderer"
        return
    if "modems" in network.beyond_wires and image.renderer != "NetworkManager":
        problem = "networkd, which most cloud images have, supports no modem"
        hint = "use a base with NetworkManager and ModemManager, and set image.renderer: NetworkManager"
        yield "renderer", "no-modem", problem, hint
    elif image.renderer is None and any(login.password for login in network.every_login.values()):
        problem = "networkd and NetworkManager read a password for 802.1X in different forms"
        hint = "set image.renderer to networkd, or to NetworkManager, which Raspberry Pi OS has"
        yield "renderer", "no-renderer", problem, hint


def _named(ingredient: str) -> str:
    """The formats that need `ingredient`."""
    return " or ".join(sorted(kind.name for kind in FORMATS.values() if ingredient in kind.needs))
