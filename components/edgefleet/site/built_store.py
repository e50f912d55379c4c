"""Finished images in a store: under their digest, with an entry for each node that names its image.

``sites/<site>/built/<hex>``, ``sites/<site>/built/<node>.json`` and the attestations
(`edgefleet.site.attestations`) in ``sites/<site>/built/<node>/`` are below the site's own prefix, so they are
removed with the site. Composed images only; ``up`` stores small seeds.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from edgefleet.io import disk
from edgefleet.io.store import ArtifactStore
from edgefleet.model import strict_json
from edgefleet.site.built import BuiltImage, Description


def find(store: ArtifactStore, site: str, node: str, parts: str) -> BuiltImage | None:
    """The image of the digest `parts` in the store; `None` without one."""
    entry = _entry(store, site, node)
    if entry is None or entry.parts != parts:
        return None
    key = _key(site, entry.digest)
    found = store.stat(key)
    if found is None or found.size != entry.size or found.sha256 not in {None, _hex(entry.digest)}:
        return None
    return entry.into(BuiltImage, is_new=False, uri=store.uri(key))


def put(store: ArtifactStore, site: str, image: BuiltImage, path: Path) -> BuiltImage:
    """Store `image`, the file `path`, and remove the node's earlier one.

    Raises:
        OutsideFailure: the store failed; the earlier image is still there.
    """
    before = _entry(store, site, image.node)
    key = _key(site, image.digest)
    store.put_file(key, path, sha256=_hex(image.digest))
    store.put(_entry_key(site, image.node), strict_json.write(image.into(Description)))
    if before is not None and before.digest != image.digest:
        store.delete(_key(site, before.digest))
    return replace(image, uri=store.uri(key))


def put_beside(store: ArtifactStore, site: str, node: str, files: Iterable[Path]) -> None:
    """Store the attestations of a node's image, if they changed, and remove others.

    Raises:
        OutsideFailure: the store failed.
    """
    prefix = f"sites/{site}/built/{node}/"
    files_by_key = {f"{prefix}{path.name}": data for path in files if (data := disk.read(path)) is not None}
    there = store.list(prefix)
    for key, data in files_by_key.items():
        stat = store.stat(key) if key in there else None
        if stat is None or stat.sha256 != hashlib.sha256(data).hexdigest():
            store.put(key, data)
    for key in there.keys() - files_by_key.keys():
        store.delete(key)


def fetch_beside(store: ArtifactStore, site: str, node: str, files: Iterable[Path]) -> None:
    """Fetch missing attestations of a finished image, so that a signed image stays signed.

    Raises:
        OutsideFailure: the store could not be read.
    """
    for path in files:
        data = None if path.exists() else store.get(f"sites/{site}/built/{node}/{path.name}")
        if data is not None:
            disk.write(path, data)


def _entry(store: ArtifactStore, site: str, node: str) -> Description | None:
    data = store.get(_entry_key(site, node))
    try:
        return None if data is None else strict_json.read(Description, data)
    except ValueError:
        return None  # foreign or incomplete: the image is stored again


def _entry_key(site: str, node: str) -> str:
    return f"sites/{site}/built/{node}.json"


def _key(site: str, digest: str) -> str:
    return f"sites/{site}/built/{_hex(digest)}"


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")
