"""A site's images and release from its spec and key: pure, so that preview and up give the same bytes.

The digest of a composed image's parts is known before it is built: base and payload have gigabytes, so it is
a digest of their digests. The versions of outside tools are not part of it, as
a preview must be the same on every machine; they are recorded with the digest of the bytes, which must repeat
for the same tools. The published digest of a file with a guessable secret is an HMAC under a key that is
derived from the site's own key.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgefleet.boot import facts
from edgefleet.images import FORMATS
from edgefleet.model.firstboot import File, FirstBoot
from edgefleet.model.image import Image
from edgefleet.model.listing import hmac_sha256, sha256
from edgefleet.model.site import Node, SiteSpec
from edgefleet.model.site_resource import PARTS, SEED, SiteInputs
from edgefleet.site.bundle import bundles, with_fixed, with_plan
from edgefleet.site.first_boot import first_boots
from edgefleet.site.release import Release, published_salt, release_of

MASKED = b"[secret]\n"
LAYOUT = 1
"""Generation of the layout of composed images; another one gives other bytes for the same parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteImage:
    """One node's image and its digests."""

    name: str
    """Name of the seed's file in the store, ``n1.iso``."""
    data: bytes = field(repr=False)
    seed: str
    """``sha256:<hex>`` of `data`."""
    files: dict[str, str]
    """dict[path on the medium -> ``sha256:<hex>``, or ``hmac-sha256:<hex>`` for a guessable secret]."""
    parts: str | None = None
    """``sha256:<hex>`` of the parts of the whole image, if it is more than the seed."""
    contents: dict[str, bytes] = field(default_factory=dict, repr=False)
    """dict[path on the medium -> content] of the seed."""
    placed: tuple[File, ...] = field(default=(), repr=False)
    """The files that it writes to the node's disk."""
    release: str | None = None
    """``sha256:<hex>`` of the node's part of the release that it carries."""

    @property
    def desired(self) -> str:
        """The digest that previews and sheets show: of all that the image is made of."""
        return self.parts or self.seed

    @property
    def kind(self) -> str:
        """What `desired` is the digest of."""
        return PARTS if self.parts else SEED


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedSite:
    """All that a site's inputs give."""

    images: Mapping[str, SiteImage]
    """dict[node name -> image]."""
    release: Release


def render(inputs: SiteInputs) -> Mapping[str, SiteImage]:
    """dict[node name -> image] of a site from the inputs of its resource; see `rendered`."""
    return render_site(inputs.spec, inputs.key, inputs.passphrases)


def render_site(spec: SiteSpec, key: str, passphrases: Mapping[str, str]) -> Mapping[str, SiteImage]:
    """dict[node name -> image] of a site; see `rendered`."""
    return rendered(spec, key, passphrases).images


def rendered(spec: SiteSpec, key: str, passphrases: Mapping[str, str]) -> RenderedSite:
    """A site's images and release; `passphrases` is dict[name -> secret of the stack].

    Raises:
        InvalidInput: the recipe is unknown, or a secret is missing.
    """
    boots, release = released(spec, key, passphrases)
    images = {node: _seeded(spec, boot, key, release) for node, boot in boots.items()}
    return RenderedSite(images=images, release=replace(release, bundles=bundles(boots, key)))


def released(
    spec: SiteSpec, key: str, passphrases: Mapping[str, str]
) -> tuple[dict[str, FirstBoot], Release]:
    """dict[node -> its first boot, with the record of its release], and the release."""
    first = first_boots(spec, key, passphrases)
    boots = {node: with_plan(spec, boot) for node, boot in first.items()}
    release = release_of(spec, boots, key)
    recorded = {node: facts.release(digest) for node, digest in release.parts.items()}
    whole = {node: replace(boot, files=(recorded[node], *boot.files)) for node, boot in boots.items()}
    return {node: with_fixed(boot, key) for node, boot in whole.items()}, release


def _seeded(spec: SiteSpec, boot: FirstBoot, key: str, release: Release) -> SiteImage:
    name = f"{boot.node}{FORMATS[spec.nodes[boot.node].image.format].suffix}"
    image = _digested(name, _image(spec, boot), key)
    parts = parts_digest(spec, boot.node, image.seed)
    return replace(image, parts=parts, release=release.parts[boot.node])


def render_tree(
    spec: SiteSpec, key: str, passphrases: Mapping[str, str], *, shows_secrets: bool = False
) -> dict[str, dict[str, bytes]]:
    """dict[node -> dict[path -> content]]: the medium's files as ``cidata/...`` and the node's own files.

    Secret files are shown as `MASKED`; ``user-data``, which holds all of them, is left out.
    """
    boots, _ = released(spec, key, passphrases)
    return {
        node: _tree(boot, _image(spec, boot), shows_secrets=shows_secrets) for node, boot in boots.items()
    }


def _tree(boot: FirstBoot, image: Image, *, shows_secrets: bool) -> dict[str, bytes]:
    hidden = image.private_files | image.secret_files
    tree = {
        f"cidata/{path}": data for path, data in image.files.items() if shows_secrets or path not in hidden
    }
    tree |= {f"cidata/{path}": MASKED for path in image.secret_files if not shows_secrets}
    for file in boot.files:
        tree[file.path] = MASKED if file.is_secret and not shows_secrets else file.content
    for unit in boot.units:
        tree[f"/etc/systemd/system/{unit.name}"] = unit.text.encode()
    return dict(sorted(tree.items()))


def _image(spec: SiteSpec, boot: FirstBoot) -> Image:
    return FORMATS[spec.nodes[boot.node].image.format].seed(boot)


def _digested(name: str, image: Image, key: str) -> SiteImage:
    salt = published_salt(key) if image.secret_files else b""
    files = {
        path: hmac_sha256(salt, data) if path in image.secret_files else sha256(data)
        for path, data in sorted(image.files.items())
    }
    return SiteImage(
        name=name,
        data=image.data,
        seed=sha256(image.data),
        files=files,
        contents=image.files,
        placed=image.placed,
    )


def payload_digest(node: Node) -> str | None:
    """``sha256:<hex>`` of the payload's list of files; `None` without one."""
    if not node.payload:
        return None
    lines = [f"{file.digest} {file.path}\n" for file in sorted(node.payload, key=lambda file: file.path)]
    return sha256("".join(lines).encode())


def parts_digest(spec: SiteSpec, node: str, seed: str) -> str | None:
    """The digest of the parts of a node's image, with the digest of its seed; `None` if it is only a seed."""
    of = spec.nodes[node]
    payload = payload_digest(of)
    if not FORMATS[of.image.format].is_composed and payload is None:
        return None
    parts = {
        "layout": LAYOUT,
        "format": of.image.format,
        "arch": of.arch,
        "installer": of.image.installer,
        "base": of.image.base.sha256 if of.image.base else None,
        "payload": payload,
        "seed": seed,
    }
    return sha256(json.dumps(parts, sort_keys=True).encode())
