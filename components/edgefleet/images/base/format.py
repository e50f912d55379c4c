"""`Format`: one object for each image format, with all its properties."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import yaml

from edgefleet.model.composing import Composer
from edgefleet.model.firstboot import FirstBoot
from edgefleet.model.image import Image
from edgefleet.model.listing import Entry
from edgefleet.model.medium import Format as FormatName
from edgefleet.model.site import Node

Ingredient = Literal["base", "installer", "netboot"]
"""Keys of ``image`` that a format either needs or refuses."""
Flaw = tuple[str, str]
"""(problem, hint)."""
OTHERS = "use nocloud, raw or iso for Debian and Ubuntu, or script where Linux runs already"
"""Hint if a format does not suit a node."""
Contents = Mapping[str, tuple[Entry, bytes]]
"""dict[path on the medium -> (entry, content)]."""


class NodeFile(NamedTuple):
    """A file as it will be on the node."""

    mode: str
    """``0600``."""
    owner: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumReader:
    """Reads a composed image whose files lie among those of its base.

    Both raise ValueError if the image cannot be read.
    """

    seed: Callable[[Path, frozenset[str]], Contents]
    """The files beside the payload; takes the image and the paths that its manifest lists."""
    payload: Callable[[Path], dict[str, Entry]]
    """dict[path in the payload -> entry]."""


def _no_flaws(_: Node) -> Iterator[Flaw]:
    yield from ()


def _nothing_shown(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a first boot."""

    name: FormatName
    seed: Callable[[FirstBoot], Image]
    """Renders the small part, pure: a preview shows its digest."""
    suffix: str
    """Of the seed's file: ``.iso``, and of one that is not the whole image ``.seed.iso``."""
    mode: str = "0600"
    """Mode of each file of a seed that is a medium, owned by root; empty for a seed of one file."""
    only: str = ""
    """Name of the file in a seed of one file, if it differs from the seed's own."""
    compose: Composer | None = None
    """Builds the whole image of seed, base and payload; `None` if the seed is the whole image."""
    whole: str = ""
    """Suffix of the composed image's file: ``.raw``."""
    refers: bool = False
    """Whether it can refer to its base instead of copying it."""
    needs: frozenset[Ingredient] = frozenset()
    """The keys that ``image`` must have; the format refuses the others."""
    erases: bool = False
    """Whether it installs onto a disk of the node, which ``installOn`` names."""
    purpose: str = ""
    """Its purpose, for the message about a needless base."""
    flaws: Callable[[Node], Iterator[Flaw]] = _no_flaws
    """Why a node cannot have this format."""
    node_files: Callable[[Mapping[str, bytes]], dict[str, NodeFile] | None]
    """Reads the node's files back from a seed; `None` if the seed does not list them."""
    reader: MediumReader | None = None
    """How a composed image is read; `None` if its seed and payload are partitions of their own."""
    shows: Callable[[str], bool] = _nothing_shown
    """Whether a file on the medium, by its path, holds no secret, so that a diff may show its content."""
    is_for_disks: bool = False
    """Whether its image is written to a stick, a card or a disk."""
    starts_node: bool = False
    """Whether the node starts from the medium that the image is written to."""
    medium: str | None = None
    """Name of the image's medium on a printed sheet, ``USB stick``; `None` for the node's disk."""
    takes_packages: bool = True
    """Whether its base systems install packages of Debian."""
    takes_extensions: bool = False
    """Whether its base systems are replaced as a whole, and take extensions."""
    keeps_network: bool = False
    """Whether the node's network stays as it is."""
    has_netplan: bool = True
    """Whether netplan may configure the network of its nodes."""

    @property
    def is_composed(self) -> bool:
        """Whether the image is made of a base besides the seed."""
        return self.compose is not None

    def medium_size(self, node: Node) -> int | None:
        """Bytes of the medium that the node's image is written to; `None` if not known."""
        return node.image.size or (node.disk if self.starts_node else None)

    def read_back(self, files: Mapping[str, bytes]) -> dict[str, NodeFile] | None:
        """dict[path on the node -> file] of a seed; `None` if the seed does not list them.

        Args:
            files: dict[path on the medium -> content] of the seed.

        Raises:
            ValueError: the seed is malformed.
        """
        try:
            return self.node_files(files)
        except (yaml.YAMLError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(str(error) or type(error).__name__) from error
