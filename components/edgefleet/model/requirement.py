"""`Requirement`: one thing that a node needs to start without a link."""

from dataclasses import dataclass
from typing import Literal

from edgefleet.model.programs import HELPER, PROGRAMS, ROLES_ANYWHERE
from edgefleet.model.references import parse_reference
from edgefleet.model.site import Arch, Node, SiteSpec

Kind = Literal["k3s", "program", "image", "base"]
"""Sections of the artifacts lock."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Requirement:
    """One file of a payload, before the artifacts lock states its digest."""

    path: str
    """Path in a payload."""
    kind: Kind
    name: str
    """An asset of k3s, a key of `PROGRAMS`, an image's whole name, or the source of an extension."""
    version: str = ""
    """Release; empty for an image, whose name states it. Of an extension, its hex SHA-256."""
    arch: Arch

    @classmethod
    def image(cls, name: str, arch: Arch) -> "Requirement":
        """The archive of the container image with the whole name `name`."""
        path = f"images/{parse_reference(name).file_name}.tar"
        return cls(path=path, kind="image", name=name, arch=arch)

    @classmethod
    def program(cls, name: str, version: str, arch: Arch) -> "Requirement":
        """The program `name`, a key of `PROGRAMS`."""
        return cls(path=f"bin/{PROGRAMS[name].name}", kind="program", name=name, version=version, arch=arch)

    @property
    def url(self) -> str:
        """Address of a program's release."""
        return PROGRAMS[self.name].address(self.version, self.arch)

    def __str__(self) -> str:
        """Its name in messages."""
        return f"{self.name} {self.version}".strip() + f" for {self.arch}"


def of_channel(site: SiteSpec, node: Node) -> tuple[Requirement, ...]:
    """What the program of the channel needs: AWS's credential helper, for Roles Anywhere."""
    if site.channel is None or site.channel.access.roles_anywhere is None:
        return ()
    return (Requirement.program(ROLES_ANYWHERE, HELPER, node.arch),)


def pinned(site: SiteSpec, node: Node) -> dict[Requirement, str]:
    """dict[one of `of_channel` -> hex SHA-256 of the artifacts lock], of those that it pins."""
    roles = None if site.channel is None else site.channel.access.roles_anywhere
    digest = None if roles is None else roles.sha256.get(node.arch)
    return dict.fromkeys(of_channel(site, node), digest) if digest else {}
