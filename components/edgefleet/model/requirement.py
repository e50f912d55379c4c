"""`Requirement`: one thing that a node needs to start without a link."""

from dataclasses import dataclass
from typing import Literal

from edgefleet.model.programs import PROGRAMS
from edgefleet.model.references import parse_reference
from edgefleet.model.site import Arch

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

    def __str__(self) -> str:
        """Its name in messages."""
        return f"{self.name} {self.version}".strip() + f" for {self.arch}"
