"""The identity of a composed image: the digest of its parts, known before it is built. Pure.

Base and payload have gigabytes, so a preview shows a digest of their digests. The versions of outside tools
are not part of it, as a preview must be the same on every machine; they are recorded with the digest of the
bytes, which must repeat for the same tools.
"""

import hashlib
import json

from edgefleet.images import FORMATS
from edgefleet.model.site import Node, SiteSpec

LAYOUT = 1
"""Generation of the layout of composed images; another one gives other bytes for the same parts."""


def payload_digest(node: Node) -> str | None:
    """``sha256:<hex>`` of the payload's list of files; `None` without one."""
    if not node.payload:
        return None
    lines = [f"{file.digest} {file.path}\n" for file in sorted(node.payload, key=lambda file: file.path)]
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def identity(spec: SiteSpec, node: str, seed: str) -> str | None:
    """The identity of a node's image; `None` if it is only a seed.

    Args:
        spec: the site.
        node: name of the node.
        seed: ``sha256:<hex>`` of the seed.
    """
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
    return "sha256:" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
