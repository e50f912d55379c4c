"""The identity of a composed image: what it is made of, known before it is made. Pure.

Base and payload have gigabytes, so a preview shows a digest of their digests. The versions of the outside
tools are no part of it: they belong to the machine that builds, and a preview must say the same on every
machine; they are recorded with the digest of the bytes, which is checked to repeat for the same tools.
"""

import hashlib
import json

from edgefleet.images import FORMATS
from edgefleet.model.site import Node, SiteSpec

LAYOUT = 1
"""Generation of the layout of composed images; another one makes other bytes of the same parts."""


def payload_digest(node: Node) -> str | None:
    """``sha256:<hex>`` of the list of what the payload holds; `None` without one."""
    if not node.payload:
        return None
    lines = [f"{file.digest} {file.path}\n" for file in sorted(node.payload, key=lambda file: file.path)]
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def identity(spec: SiteSpec, node: str, seed: str) -> str | None:
    """``sha256:<hex>`` of a node's image before it is composed; `None` where the seed is all of it.

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
