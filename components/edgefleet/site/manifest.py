"""The manifests beside a site's built images, for verification without a network.

``manifest.json`` lists the images of a site; ``n1.raw.manifest.json`` describes one: its digest, every file
added to it, and every file that these write on the node. Files with a secret have a salted digest.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgefleet.errors import InvalidInput, Problem
from edgefleet.images import FORMATS
from edgefleet.io import disk
from edgefleet.keys.derivation import derive
from edgefleet.model.listing import Entry, Piece, entry_from, plain_entry
from edgefleet.model.site import SiteSpec
from edgefleet.site.built import BuiltImage
from edgefleet.site.render import SiteImage

MANIFEST = "manifest.json"
ONE = f".{MANIFEST}"
"""Ending of the manifest of one image."""
PAYLOAD = ".payload.raw"
"""Ending of a medium with only the payload, beside a seed without room for it."""
CARRIED = "payload/"
"""Prefix of a payload's files in a manifest, whatever their place on the medium."""
VERSION = "edgefleet.dev/image-manifest/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The description of one image."""

    image: str
    """Name of its file."""
    fleet: str
    region: str
    site: str
    node: str
    recipe: int
    format: str
    arch: str
    digest: str
    """``sha256:<hex>`` of its bytes; including those of a base that it refers to."""
    size: int
    """Bytes of these."""
    identity: str | None = None
    """``sha256:<hex>`` of its parts, as a preview shows it, if it is composed."""
    share: str = "copy"
    """How it shares its base."""
    base: Mapping[str, str] | None = None
    """``source`` and ``sha256`` of the base."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """dict[outside tool -> its version]."""
    signature: Mapping[str, str] | None = None
    """``algorithm`` and ``key``, the digest of the public key; `None` if unsigned."""
    pieces: tuple[Piece, ...] = ()
    """Runs of bytes of a composed image."""
    files: tuple[Entry, ...] = ()
    """Every file added to the medium."""
    on_node: tuple[Entry, ...] = ()
    """Every file that these write to the node's disk."""

    @property
    def of_seed(self) -> tuple[Entry, ...]:
        """The files outside the payload."""
        return tuple(each for each in self.files if not each.path.startswith(CARRIED))

    @property
    def of_payload(self) -> tuple[Entry, ...]:
        """The payload's files."""
        return tuple(each for each in self.files if each.path.startswith(CARRIED))

    @property
    def carried(self) -> dict[str, Entry]:
        """dict[path in the payload, ``bin/k3s`` -> entry]."""
        return {each.path.removeprefix(CARRIED): each for each in self.of_payload}


def manifests(
    spec: SiteSpec, key: str, seeds: Mapping[str, SiteImage], built: Mapping[str, BuiltImage]
) -> Iterator[Manifest]:
    """A manifest for each image of a site; a node that failed is not in `built` and has none."""
    salt = derive(key, "published-digests")
    for node, image in built.items():
        seed, of = seeds[node], spec.nodes[node]
        common = Manifest(
            image=seed.name,
            fleet=spec.fleet,
            region=spec.region,
            site=spec.name,
            node=node,
            recipe=spec.recipe,
            format=of.image.format,
            arch=of.arch,
            digest=seed.digest,
            size=len(seed.data),
        )
        on_node = tuple(_on_node(salt, seed))
        if image.identity is None or image.name.endswith(PAYLOAD):
            yield replace(common, files=_of_seed(seed, FORMATS[of.image.format].mode), on_node=on_node)
        if image.identity is not None:
            yield replace(
                common,
                image=image.name,
                digest=image.digest,
                size=image.size,
                identity=image.identity,
                share=image.share,
                base=_base(of.image.base) if FORMATS[of.image.format].is_composed else None,
                tools=dict(image.tools),
                pieces=image.pieces,
                files=image.files,
                on_node=() if image.name.endswith(PAYLOAD) else on_node,
            )


def _base(base: Any) -> dict[str, str] | None:
    return None if base is None else {"source": base.source, "sha256": base.sha256}


def _of_seed(seed: SiteImage, mode: str) -> tuple[Entry, ...]:
    owner = "root:root" if mode else ""
    return tuple(
        Entry(path=path, size=len(data), digest=seed.files[path], mode=mode, owner=owner)
        for path, data in sorted(seed.contents.items())
    )


def _on_node(salt: bytes, seed: SiteImage) -> Iterator[Entry]:
    for path, file in sorted({file.path: file for file in seed.placed}.items()):
        digest = (
            f"hmac-sha256:{hmac.digest(salt, file.content, 'sha256').hex()}"
            if file.is_secret
            else f"sha256:{hashlib.sha256(file.content).hexdigest()}"
        )
        yield Entry(
            path=path, size=len(file.content), digest=digest, mode=f"{file.mode:04o}", owner=file.owner
        )


def to_bytes(manifest: Manifest) -> bytes:
    """The manifest of one image as JSON, the same bytes for the same image."""
    plain = {name: getattr(manifest, name) for name in _PLAIN} | {
        "version": VERSION,
        "signature": None if manifest.signature is None else dict(manifest.signature),
        "pieces": [
            {"part": item.part, "offset": item.offset, "size": item.size, "digest": item.digest or None}
            for item in manifest.pieces
        ],
        "files": [plain_entry(item) for item in manifest.files],
        "nodeFiles": [plain_entry(item) for item in manifest.on_node],
    }
    return json.dumps(plain, indent=1, sort_keys=True).encode() + b"\n"


_PLAIN = (
    *("image", "fleet", "region", "site", "node", "recipe", "format", "arch"),
    *("digest", "size", "identity", "share", "base", "tools"),
)


def from_bytes(data: bytes, where: str) -> Manifest:
    """The manifest that `to_bytes` wrote.

    Args:
        data: JSON.
        where: its source, for an error.

    Raises:
        InvalidInput: it is not a manifest, or a later version's.
    """
    try:
        plain = json.loads(data)
        if plain["version"] == VERSION and plain["format"] in FORMATS:
            return _checked(plain)
        problem = f"is a manifest of version {plain['version']!r} and format {plain['format']!r}"
    except (ValueError, KeyError, TypeError, AttributeError):
        problem = "is not a manifest of an image"
    raise InvalidInput(Problem(code="bad-manifest", where=where, problem=problem, hint=HINT))


HINT = "build the image again, and do not use this one"


def _checked(plain: Mapping[str, Any]) -> Manifest:
    manifest = Manifest(
        **{name: plain[name] for name in _PLAIN},
        signature=plain["signature"],
        pieces=tuple(Piece(**{**each, "digest": each["digest"] or ""}) for each in plain["pieces"]),
        files=tuple(entry_from(each) for each in plain["files"]),
        on_node=tuple(entry_from(each) for each in plain["nodeFiles"]),
    )
    words = (manifest.image, manifest.digest, manifest.format, manifest.share)
    if not all(isinstance(word, str) for word in words) or not isinstance(manifest.size, int):
        raise TypeError(words)
    return manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The contents of a site's ``manifest.json``."""

    images: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """dict[name of an image -> its entry]."""
    missing: frozenset[str] = frozenset()
    """Nodes whose build failed."""


def index(site: str, built: Sequence[Manifest], failed: Iterable[str], others: Index) -> bytes:
    """``manifest.json`` of a site.

    Args:
        site: its name.
        built: manifests of the images of this build.
        failed: nodes whose images failed.
        others: the earlier index of nodes outside this build.
    """
    images = {
        each.image: {name: getattr(each, name) for name in ("digest", "size", "identity", "node")}
        for each in built
    }
    missing = sorted(others.missing.union(failed))
    plain = {"site": site, "images": {**others.images, **images}, **({"missing": missing} if missing else {})}
    return json.dumps(plain, indent=2, sort_keys=True).encode() + b"\n"


def indexed(folder: Path, *, without: str | None = None) -> Index:
    """The index in `folder` but for the node `without`; empty if it is not readable."""
    try:
        plain = json.loads(disk.read(folder / MANIFEST) or b"{}")
        images = {name: each for name, each in plain.get("images", {}).items() if each.get("node") != without}
        return Index(images=images, missing=frozenset(map(str, plain.get("missing", ()))) - {without or ""})
    except (ValueError, AttributeError, TypeError):
        return Index()


def seed_beside(image: BuiltImage, folder: Path, suffix: str) -> BuiltImage:
    """The seed that was built beside the payload `image`; of a node without a payload, its image.

    Args:
        image: the built image.
        folder: its directory.
        suffix: of a seed's file in the node's format.
    """
    if not image.name.endswith(PAYLOAD):
        return image
    file = folder / f"{image.node}{suffix}"
    digest = f"sha256:{disk.sha256(file)}"
    return replace(image, name=file.name, size=file.stat().st_size, digest=digest, identity=None)
