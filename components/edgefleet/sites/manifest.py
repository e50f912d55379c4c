"""The manifest beside a site's built images: what they must be, for a check without a network."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgefleet.io import disk
from edgefleet.sites.built import BuiltImage
from edgefleet.sites.render import SiteImage

MANIFEST = "manifest.json"
PAYLOAD = ".payload.raw"
"""Ending of a medium with the payload alone, beside a seed that has no room for it."""


def document(site: str, seeds: Mapping[str, SiteImage], built: Mapping[str, BuiltImage]) -> bytes:
    """The manifest of the images of `site`.

    Args:
        site: its name.
        seeds: dict[node -> seed].
        built: dict[node -> image]; a node that failed is not in it, nor in the manifest.
    """
    images: dict[str, Any] = {}
    for node, image in built.items():
        seed = seeds[node]
        images[image.name] = {"digest": image.digest, "size": image.size, "files": seed.files}
        if image.identity is not None:
            images[image.name]["identity"] = image.identity
        if image.name.endswith(PAYLOAD):  # the seed is a medium of its own
            images[image.name]["files"] = {}
            images[seed.name] = {"digest": seed.digest, "size": len(seed.data), "files": seed.files}
    return json.dumps({"site": site, "images": images}, indent=2, sort_keys=True).encode() + b"\n"


def names(folder: Path) -> set[str]:
    """The images that the manifest in `folder` tells of; none without a readable one."""
    try:
        return set(json.loads(disk.read(folder / MANIFEST) or b"{}").get("images", {}))
    except (ValueError, AttributeError):
        return set()
