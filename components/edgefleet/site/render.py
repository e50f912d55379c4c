"""A site's images from its spec and key: pure, so that preview and up give the same bytes.

The digest of a composed image's parts is known before it is built: base and payload have gigabytes, so it is
a digest of their digests. The versions of outside tools are not part of it, as
a preview must be the same on every machine; they are recorded with the digest of the bytes, which must repeat
for the same tools. The published digest of a file with a guessable secret is an HMAC under a key that is
derived from the site's own key.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgefleet.images import FORMATS
from edgefleet.keys.derivation import derive
from edgefleet.model.firstboot import File, FirstBoot, Target
from edgefleet.model.image import Image
from edgefleet.model.listing import sha256
from edgefleet.model.site import Node, SiteSpec
from edgefleet.model.site_resource import PARTS, SEED, SiteInputs
from edgefleet.model.stack_secrets import disguised, references, revealed
from edgefleet.site.first_boot import first_boot

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

    @property
    def desired(self) -> str:
        """The digest that previews and sheets show: of all that the image is made of."""
        return self.parts or self.seed

    @property
    def kind(self) -> str:
        """What `desired` is the digest of."""
        return PARTS if self.parts else SEED


def render(inputs: SiteInputs) -> dict[str, SiteImage]:
    """dict[node name -> image] of a site from the inputs of its resource; see `render_site`."""
    return render_site(inputs.spec, inputs.key, inputs.passphrases)


def render_site(spec: SiteSpec, key: str, passphrases: Mapping[str, str]) -> dict[str, SiteImage]:
    """dict[node name -> image] of a site; `passphrases` is dict[name -> secret of the stack].

    Raises:
        InvalidInput: the recipe is unknown, or a secret is missing.
    """
    return {node: _rendered(spec, boot, key) for node, boot in _boots(spec, key, passphrases).items()}


def _boots(spec: SiteSpec, key: str, passphrases: Mapping[str, str]) -> dict[str, FirstBoot]:
    """dict[node -> its first boot]; a file that another secret would change is secret."""
    by_name = replace(spec, nodes=dict(sorted(spec.nodes.items())))  # an engine passes maps in any order
    places = references(by_name)
    boots = _planned(revealed(by_name, passphrases), key)
    in_network = {place.path[1] for place in places if place.path[::2][:2] == ("nodes", "network")}
    for node in in_network:
        boots[str(node)] = replace(boots[str(node)], is_network_secret=True)
    if not any(place.grammar.refers != "must" for place in places):
        return boots  # each step declares the files of the secrets that it knows of
    others = {name: disguised(secret) for name, secret in passphrases.items()}
    twins = _planned(revealed(by_name, others), key)
    return {node: replace(boot, files=_marked(boot, twins[node])) for node, boot in boots.items()}


def _planned(site: SiteSpec, key: str) -> dict[str, FirstBoot]:
    return {node: first_boot(Target(site=site, name=node, key=key)) for node in site.nodes}


def _marked(boot: FirstBoot, twin: FirstBoot) -> tuple[File, ...]:
    return tuple(
        file if file.content == other.content else replace(file, is_secret=True, mode=file.mode & 0o700)
        for file, other in zip(boot.files, twin.files, strict=True)
    )


def _rendered(spec: SiteSpec, boot: FirstBoot, key: str) -> SiteImage:
    name = f"{boot.node}{FORMATS[spec.nodes[boot.node].image.format].suffix}"
    image = _digested(name, _image(spec, boot), key)
    return replace(image, parts=parts_digest(spec, boot.node, image.seed))


def render_tree(
    spec: SiteSpec, key: str, passphrases: Mapping[str, str], *, shows_secrets: bool = False
) -> dict[str, dict[str, bytes]]:
    """dict[node -> dict[path -> content]]: the medium's files as ``cidata/...`` and the node's own files.

    Secret files are shown as `MASKED`; ``user-data``, which holds all of them, is left out.
    """
    boots = _boots(spec, key, passphrases).items()
    return {node: _tree(boot, _image(spec, boot), shows_secrets=shows_secrets) for node, boot in boots}


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
    salt = derive(key, "published-digests") if image.secret_files else b""
    files = {
        path: f"hmac-sha256:{hmac.digest(salt, data, 'sha256').hex()}"
        if path in image.secret_files
        else sha256(data)
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
