"""What must hold between a node's image and its base."""

from collections.abc import Iterator
from dataclasses import replace

from edgefleet.errors import Problem
from edgefleet.model.medium import COMPOSED
from edgefleet.model.paths import Part, format_path
from edgefleet.model.site import Node, SiteSpec

FOR = {"ignition": ": it is read by Flatcar and Fedora CoreOS as they are, and by no Debian or Ubuntu"}
"""dict[format -> what it is for, where a base shows that it was taken for something else]."""


OTHERS = "use nocloud, raw or iso for Debian and Ubuntu, or script where Linux runs already"


def check_media(site: SiteSpec) -> Iterator[Problem]:
    """What of `site` does not fit together in its images."""
    for name, node in site.nodes.items():
        yield from _base(node, ("nodes", name, "image"))
        yield from _installed(node, ("nodes", name, "image"))
        yield from _suited(node, ("nodes", name, "image", "format"))


def _suited(node: Node, path: tuple[Part, ...]) -> Iterator[Problem]:
    """What a format cannot be for, or what it lacks."""
    limits = {"ignition": _ignition, "nocloud-dir": _nocloud_dir, "ipxe": _ipxe}.get(node.image.format)
    found = [] if limits is None else list(limits(node))
    if node.image.format != "ipxe" and node.image.netboot is not None:
        problem = f"{node.image.format} has no netboot"
        found.append(_unsuited(problem, "remove image.netboot, or set image.format: ipxe"))
    yield from (replace(each, path=format_path(path)) for each in found)


def _unsuited(problem: str, hint: str) -> Problem:
    return Problem(code="format-unsuited", problem=problem, hint=hint)


def _ignition(node: Node) -> Iterator[Problem]:
    if node.arch == "armhf":
        yield _unsuited("neither Flatcar nor Fedora CoreOS is made for armhf", OTHERS)
    if node.network.wifi is not None:
        yield _unsuited("Flatcar and Fedora CoreOS join no Wi-Fi: they come without what it takes", OTHERS)


def _nocloud_dir(node: Node) -> Iterator[Problem]:
    if node.arch == "amd64":
        problem = "nocloud-dir is for the boot partition of a Raspberry Pi, and the node is amd64"
        yield _unsuited(problem, OTHERS)


def _ipxe(node: Node) -> Iterator[Problem]:
    if node.network.wifi is not None:
        yield _unsuited("firmware starts nothing over Wi-Fi", OTHERS)
    elif node.network.mac is None:
        problem = "ipxe finds a node by its hardware address, and the node has no network.mac"
        hint = "add network.mac: the hardware address of the link that it starts from"
        yield _unsuited(problem, hint)
    if node.image.netboot is None:
        problem = "ipxe starts a kernel, and the node has no netboot"
        yield _unsuited(problem, "add image.netboot: {kernel, initrd, arguments}")


def _base(node: Node, path: tuple[Part, ...]) -> Iterator[Problem]:
    image = node.image
    if image.format in COMPOSED and image.base is None:
        yield Problem(
            path=format_path((*path, "format")),
            code="no-base",
            problem=f"{image.format} is made of a base image, and none is given",
            hint="add image.base: {source: https://..., sha256: ...}",
        )
    if image.format not in COMPOSED and image.base is not None:
        yield Problem(
            path=format_path((*path, "base")),
            code="needless-base",
            problem=f"{image.format} is made of no base image{FOR.get(image.format, '')}",
            hint=f"remove base, or use the format {' or '.join(sorted(COMPOSED))}",
        )
    if (image.format == "iso") is (image.installer is None):
        is_missing = image.installer is None
        yield Problem(
            path=format_path((*path, "format" if is_missing else "installer")),
            code="installer",
            problem="an iso is an installer, and which one is not said"
            if is_missing
            else f"{image.format} has no installer",
            hint="add image.installer: debian or ubuntu" if is_missing else "remove installer",
        )


def _installed(node: Node, path: tuple[Part, ...]) -> Iterator[Problem]:
    """Onto which disk."""
    disk, kept = node.image.install_on, node.hardware.data_disk
    if disk is None:
        return
    code, problem, hint = "", "", ""
    if node.image.format != "iso":
        code, problem = "needless-disk", f"{node.image.format} installs onto no disk"
        hint = "remove installOn, or use the format iso"
    elif kept is not None and kept.device == disk:
        code, problem = "data-disk", f"{disk} is the disk that hardware.dataDisk keeps"
        hint = "name the disk that is erased, or leave installOn out for the only other one"
    if problem:
        yield Problem(path=format_path((*path, "installOn")), code=code, problem=problem, hint=hint)
