"""A site's release: all that its nodes are to be after their first boot. Pure.

The manifest lists, for each node, its files (those of `k3s_manifests` are the objects of its workloads), its
enabled units, and k3s, other programs and container images by digest. Its digest is that of the release.
Names, network, users and commands are what a first boot sets up besides: only an image has them.

A node records the digest of its own part of the manifest: a change of one node alters the image of no other.
Whatever applies a release writes that record (`edgefleet.boot.facts.RELEASE`). The parts are made before it
exists, so that no digest is of a file that holds it.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from edgefleet.images.base.cloud_init_fallback import placed
from edgefleet.io import rendered_texts
from edgefleet.keys.derivation import derive
from edgefleet.model.firstboot import File, FirstBoot
from edgefleet.model.listing import Entry, Sha256, entry, hmac_sha256, sha256
from edgefleet.model.names import Name
from edgefleet.model.requirement import pinned
from edgefleet.model.site import Node, SiteSpec
from edgefleet.model.spec import spec, to_plain
from edgefleet.runtimes import runtime_of
from edgefleet.site.bundle import Bundle
from edgefleet.workloads.base.foreign import RENDERED, rendered_in

VERSION: Literal["edgefleet.dev/release/v1"] = "edgefleet.dev/release/v1"


@spec
class Program:
    """A program, or an archive of a container image."""

    path: str
    """In a payload: ``bin/k3s``, ``images/till.tar``."""
    version: str
    """Release of a program; for a container image, ``sha256:<hex>`` of its platform's manifest."""
    digest: Sha256 | None = None
    """Of its bytes; `None` where no artifacts lock pins them."""


@spec
class NodePart:
    """What one node is to be."""

    arch: str
    files: tuple[Entry, ...]
    """All that it writes, sorted by path, its units among them."""
    units: tuple[str, ...]
    """Names of the units that start with the node."""
    programs: tuple[Program, ...]
    """Sorted by path."""


@spec
class Manifest:
    """The canonical description of a release."""

    version: Literal["edgefleet.dev/release/v1"]
    fleet: Name
    region: Name
    site: Name
    key_generation: int
    recipe: int
    nodes: dict[Name, NodePart]
    parts: dict[Name, Sha256]
    """dict[node -> digest of its part, as the node records it]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One site's release."""

    digest: str
    """``sha256:<hex>`` of the manifest."""
    parts: Mapping[str, str]
    """dict[node -> ``sha256:<hex>`` of its part of the manifest]."""
    data: bytes = field(repr=False)
    """The document that is stored, canonical JSON: manifest, content of each file by its digest, and by
    theirs the texts that workloads were rendered to (`edgefleet.io.rendered_texts`)."""
    bundles: Mapping[str, Bundle] = field(default_factory=dict, repr=False)
    """dict[node -> what it fetches]; empty without a channel."""


def release_of(site: SiteSpec, boots: Mapping[str, FirstBoot], key: str) -> Release:
    """The release of `site`, from the first boots of its nodes without the record of a release."""
    salt = published_salt(key)
    contents: dict[str, Any] = {}
    nodes: dict[str, NodePart] = {}
    for name, boot in sorted(boots.items()):
        files = {file.path: file for file in placed(boot)}
        entries = tuple(listed(files.values(), salt))
        contents |= {each.digest: _content(files[each.path].content) for each in entries}
        nodes[name] = _part(site, site.nodes[name], boot, entries)
    parts = {name: sha256(canonical(part)) for name, part in nodes.items()}
    manifest = canonical(
        Manifest(
            version=VERSION,
            fleet=site.fleet,
            region=site.region,
            site=site.name,
            key_generation=site.key_generation,
            recipe=site.recipe,
            nodes=nodes,
            parts=parts,
        )
    )
    texts = {digest: rendered_texts.read(digest) for digest in sorted(rendered_in(site.workloads))}
    rendered = b',"%b":%b' % (RENDERED.encode(), canonical(texts)) if texts else b""
    return Release(
        digest=sha256(manifest),
        parts=parts,
        data=b'{"contents":%b,"manifest":%b%b}\n' % (canonical(contents), manifest, rendered),
    )


def canonical(value: object) -> bytes:
    """A spec, or plain data, as JSON in one form: sorted, without blanks."""
    plain = value if isinstance(value, dict) else to_plain(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()


def _part(site: SiteSpec, node: Node, boot: FirstBoot, entries: tuple[Entry, ...]) -> NodePart:
    return NodePart(
        arch=node.arch,
        files=entries,
        units=tuple(sorted(unit.name for unit in boot.units if unit.is_enabled)),
        programs=tuple(_programs(site, node)),
    )


def _programs(site: SiteSpec, node: Node) -> Iterator[Program]:
    """What the node downloads or carries."""
    of_k3s = site.k3s.sha256.get(node.arch)
    programs = {
        need.path: Program(path=need.path, version=need.version, digest=of_k3s and f"sha256:{of_k3s}")
        for need in runtime_of(node).downloads(site, node)
    }
    programs |= {
        need.path: Program(path=need.path, version=need.version, digest=f"sha256:{digest}")
        for need, digest in pinned(site, node).items()
    }
    programs |= {
        file.path: Program(path=file.path, version=file.version, digest=file.digest) for file in node.payload
    }
    for _, program in sorted(programs.items()):
        yield program


def _content(data: bytes) -> str | dict[str, str]:
    """A text, or base64 where it is none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def published_salt(key: str) -> bytes:
    """The key of the published digests of a site's guessable secrets, from the site's own."""
    return derive(key, "published-digests")


def listed(files: Iterable[File], salt: bytes) -> Iterator[Entry]:
    """The entry of each of `files`, sorted by path; the digest of a secret one is salted."""
    for path, file in sorted({file.path: file for file in files}.items()):
        plain = entry(path, file.content, mode=f"{file.mode:04o}", owner=file.owner)
        yield replace(plain, digest=hmac_sha256(salt, file.content)) if file.is_secret else plain
