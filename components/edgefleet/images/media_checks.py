"""Checks of a node's image against its format and its base."""

from collections.abc import Iterator

from edgefleet.errors import Problem
from edgefleet.images import FORMATS
from edgefleet.images.base.format import Format
from edgefleet.model.paths import Part, format_path
from edgefleet.model.site import Node, SiteSpec


def check_media(site: SiteSpec) -> Iterator[Problem]:
    """The problems of the images of `site`."""
    for name, node in site.nodes.items():
        kind, path = FORMATS[node.image.format], ("nodes", name, "image")
        yield from _base(kind, node, path)
        yield from _installer(kind, node, path)
        yield from _disk(kind, node, path)
        yield from _suited(kind, node, (*path, "format"))


def _suited(kind: Format, node: Node, path: tuple[Part, ...]) -> Iterator[Problem]:
    """Whether the node can have its format, and the format a netboot."""
    for problem, hint in kind.flaws(node):
        yield Problem(path=format_path(path), code="format-unsuited", problem=problem, hint=hint)
    if "netboot" not in kind.needs and node.image.netboot is not None:
        others = _named(other for other in FORMATS.values() if "netboot" in other.needs)
        problem, hint = f"{kind.name} has no netboot", f"remove image.netboot, or set image.format: {others}"
        yield Problem(path=format_path(path), code="format-unsuited", problem=problem, hint=hint)


def _base(kind: Format, node: Node, path: tuple[Part, ...]) -> Iterator[Problem]:
    if "base" in kind.needs and node.image.base is None:
        yield Problem(
            path=format_path((*path, "format")),
            code="no-base",
            problem=f"{kind.name} needs a base image, and none is given",
            hint="add image.base: {source: https://..., sha256: ...}",
        )
    if "base" not in kind.needs and node.image.base is not None:
        others = _named(other for other in FORMATS.values() if "base" in other.needs)
        yield Problem(
            path=format_path((*path, "base")),
            code="needless-base",
            problem=f"{kind.name} takes no base image{kind.purpose}",
            hint=f"remove base, or use the format {others}",
        )


def _installer(kind: Format, node: Node, path: tuple[Part, ...]) -> Iterator[Problem]:
    is_missing = node.image.installer is None
    if ("installer" in kind.needs) is is_missing:
        yield Problem(
            path=format_path((*path, "format" if is_missing else "installer")),
            code="installer",
            problem=f"image.installer is not set, and an {kind.name} is an installer"
            if is_missing
            else f"{kind.name} has no installer",
            hint="add image.installer: debian or ubuntu" if is_missing else "remove installer",
        )


def _disk(kind: Format, node: Node, path: tuple[Part, ...]) -> Iterator[Problem]:
    """Whether it installs onto a disk, and onto one that may be erased."""
    disk, data_disk = node.image.install_on, node.hardware.data_disk
    if disk is None:
        return
    where = format_path((*path, "installOn"))
    if not kind.erases:
        others = _named(other for other in FORMATS.values() if other.erases)
        yield Problem(
            path=where,
            code="needless-disk",
            problem=f"{kind.name} installs onto no disk",
            hint=f"remove installOn, or use the format {others}",
        )
    elif data_disk is not None and data_disk.device == disk:
        yield Problem(
            path=where,
            code="data-disk",
            problem=f"{disk} is the disk that hardware.dataDisk keeps",
            hint="name the disk that is erased, or leave installOn out for the only other one",
        )


def _named(formats: Iterator[Format]) -> str:
    return " or ".join(sorted(format_.name for format_ in formats))
