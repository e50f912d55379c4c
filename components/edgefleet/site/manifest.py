"""The manifests beside a site's built images, for verification without a network.

``manifest.json`` lists the images of a site; ``n1.raw.manifest.json`` describes one: its digest, every file
added to it, and every file that these write on the node. Files with a secret have a salted digest.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Literal

from edgefleet.errors import InvalidInput
from edgefleet.images import FORMATS
from edgefleet.io import disk
from edgefleet.model import strict_json
from edgefleet.model.listing import Bytes, Entry, Sha256
from edgefleet.model.medium import Base
from edgefleet.model.medium import Format as FormatName
from edgefleet.model.names import Name
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import spec
from edgefleet.site.built import BuiltImage, Description, FileName
from edgefleet.site.release import listed, published_salt
from edgefleet.site.render import SiteImage

MANIFEST = "manifest.json"
ONE = f".{MANIFEST}"
"""Ending of the manifest of one image."""
PAYLOAD = ".payload.raw"
"""Ending of a medium with only the payload, beside a seed without room for it."""
CARRIED = "payload/"
"""Prefix of a payload's files in a manifest, whatever their place on the medium."""
VERSION = "edgefleet.dev/image-manifest/v1"
HINT = "build the image again, and do not use this one"


@spec
class Signer:
    """The key that an image is signed with."""

    algorithm: str
    key: Sha256
    """Digest of the public key."""


@spec
class Manifest(Description):
    """The description of one image."""

    version: Literal["edgefleet.dev/image-manifest/v1"]
    fleet: str
    region: str
    site: Name
    site_nodes: tuple[Name, ...]
    """All nodes of the site, each of which has an image."""
    key_generation: int
    """Generation of the site's keys."""
    recipe: int
    format: FormatName
    arch: str
    base: Base | None = None
    """The base, if it is composed of one."""
    signature: Signer | None = None
    """`None` if unsigned."""
    node_files: tuple[Entry, ...] = ()
    """Every file that the added ones write to the node's disk."""

    @property
    def of_seed(self) -> tuple[Entry, ...]:
        """The files outside the payload."""
        return tuple(file for file in self.files if not file.path.startswith(CARRIED))

    @property
    def of_payload(self) -> tuple[Entry, ...]:
        """The payload's files."""
        return tuple(file for file in self.files if file.path.startswith(CARRIED))

    @property
    def carried(self) -> dict[str, Entry]:
        """dict[path in the payload, ``bin/k3s`` -> entry]."""
        return {file.path.removeprefix(CARRIED): file for file in self.of_payload}


def manifests(
    site: SiteSpec, key: str, seeds: Mapping[str, SiteImage], built: Mapping[str, BuiltImage]
) -> Iterator[Manifest]:
    """A manifest for each image of a site; a node that failed is not in `built` and has none."""
    salt = published_salt(key)
    for name, image in built.items():
        seed, node, files = seeds[name], site.nodes[name], tuple(listed(seeds[name].placed, salt))
        kind, is_apart = FORMATS[node.image.format], image.image.endswith(PAYLOAD)
        described = [image.into(Description)] if image.parts is not None else []
        if image.parts is None or is_apart:
            described.append(_of_seed(name, seed, kind.mode))
        for one in described:
            yield one.into(
                Manifest,
                version=VERSION,
                fleet=site.fleet,
                region=site.region,
                site=site.name,
                site_nodes=tuple(sorted(site.nodes)),
                key_generation=site.key_generation,
                recipe=site.recipe,
                format=node.image.format,
                arch=node.arch,
                base=node.image.base if kind.is_composed and one.parts is not None else None,
                node_files=() if one.image.endswith(PAYLOAD) else files,
            )


def _of_seed(node: str, seed: SiteImage, mode: str) -> Description:
    owner = "root:root" if mode else ""
    files = (
        Entry(path=path, size=len(data), digest=seed.files[path], mode=mode, owner=owner)
        for path, data in sorted(seed.contents.items())
    )
    return Description(image=seed.name, node=node, digest=seed.seed, size=len(seed.data), files=tuple(files))


def read_manifest(data: bytes, where: str) -> Manifest:
    """The manifest of one image.

    Raises:
        InvalidInput: it is not a manifest, or of another version.
    """
    try:
        return strict_json.read(Manifest, data)
    except ValueError as error:
        raise _bad(where, f"is not a manifest of an image ({error})") from error


@spec
class Listed:
    """One image in the index of its site."""

    node: Name
    digest: Sha256
    size: Bytes
    parts: Sha256 | None = None


@spec
class Index:
    """The contents of a site's ``manifest.json``."""

    site: Name
    images: dict[FileName, Listed] = field(default_factory=dict)
    """dict[name of an image -> its entry]."""
    missing: tuple[Name, ...] = ()
    """Nodes whose build failed."""

    def without(self, node: str) -> "Index":
        """The index of the other nodes."""
        images = {name: image for name, image in self.images.items() if image.node != node}
        return replace(self, images=images, missing=tuple(name for name in self.missing if name != node))

    def joined(self, built: Iterable[Description], failed: Iterable[str]) -> "Index":
        """The index with the images of a build, and the nodes whose images failed."""
        images = {
            image.image: Listed(node=image.node, digest=image.digest, size=image.size, parts=image.parts)
            for image in built
        }
        return replace(self, images=self.images | images, missing=tuple(sorted({*self.missing, *failed})))


def read_index(folder: Path) -> Index:
    """The index of the site in `folder`.

    Raises:
        InvalidInput: there is none, or it is not an index.
    """
    data = disk.read(folder / MANIFEST, limit=strict_json.LARGEST) or b""
    try:
        index = strict_json.read(Index, data)
    except ValueError as error:
        raise _bad(folder / MANIFEST, f"is not a manifest of images ({error})") from error
    if strict_json.write(index) != data:
        raise _bad(folder / MANIFEST, "is not as a build writes it")
    return index


def earlier_index(folder: Path, site: str) -> Index:
    """The index that an earlier build wrote; empty if it is not readable."""
    try:
        return read_index(folder)
    except InvalidInput:
        return Index(site=site)


def _bad(where: object, problem: str) -> InvalidInput:
    return InvalidInput.at(where, "bad-manifest", problem, HINT)


def seed_beside(image: BuiltImage, folder: Path, suffix: str) -> BuiltImage:
    """The seed, ending in `suffix`, that was built in `folder` beside the payload `image`; else the image."""
    if not image.image.endswith(PAYLOAD):
        return image
    file = folder / f"{image.node}{suffix}"
    digest = f"sha256:{disk.sha256(file)}"
    return replace(image, image=file.name, size=file.stat().st_size, digest=digest, parts=None)
