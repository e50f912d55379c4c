"""Finished images in a store: under their digest, and an entry for each node that says which one it has.

``sites/<site>/built/<hex>``, ``sites/<site>/built/<node>.json`` and, in ``sites/<site>/built/<node>/``, what
stands beside the image (`edgefleet.site.attestations`) are below the site's own prefix, so that
they go when the site goes. A small seed is kept by ``up`` itself; here are images that are composed.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from edgefleet.io import disk
from edgefleet.io.store import ArtifactStore
from edgefleet.model.listing import Entry, Piece
from edgefleet.site.built import BuiltImage


def find(store: ArtifactStore, site: str, node: str, identity: str) -> BuiltImage | None:
    """The image in the store that is made of the parts `identity`; `None` without one."""
    entry = _entry(store, site, node)
    if entry is None or entry.identity != identity:
        return None
    key = _key(site, entry.digest)
    found = store.stat(key)
    if found is None or found.size != entry.size or found.sha256 not in {None, _hex(entry.digest)}:
        return None
    return replace(entry, is_new=False, uri=store.uri(key))


def put(store: ArtifactStore, site: str, image: BuiltImage, path: Path) -> BuiltImage:
    """Store `image`, the file `path`, and remove the one that the node had before.

    Raises:
        OutsideFailure: the store did not take it; what was there before is there still.
    """
    before = _entry(store, site, image.node)
    key = _key(site, image.digest)
    store.put_file(key, path, sha256=_hex(image.digest))
    store.put(_entry_key(site, image.node), json.dumps(asdict(image), sort_keys=True).encode())
    if before is not None and before.digest != image.digest:
        store.delete(_key(site, before.digest))
    return replace(image, uri=store.uri(key))


def put_beside(store: ArtifactStore, site: str, node: str, files: Iterable[Path]) -> None:
    """Store what stands beside a node's image, as far as it is not there, and remove what stood there else.

    Raises:
        OutsideFailure: the store did not take it.
    """
    prefix = f"sites/{site}/built/{node}/"
    wanted = {f"{prefix}{path.name}": data for path in files if (data := disk.read(path)) is not None}
    there = store.list(prefix)
    for key, data in wanted.items():
        known = store.stat(key) if key in there else None
        if known is None or known.sha256 != hashlib.sha256(data).hexdigest():
            store.put(key, data)
    for key in there.keys() - wanted.keys():
        store.delete(key)


def bring_beside(store: ArtifactStore, site: str, node: str, files: Iterable[Path]) -> None:
    """Bring what stands beside a finished image, where it is not here: what was signed stays signed.

    Raises:
        OutsideFailure: the store could not be read.
    """
    for path in files:
        data = None if path.exists() else store.get(f"sites/{site}/built/{node}/{path.name}")
        if data is not None:
            disk.write(path, data)


def _entry(store: ArtifactStore, site: str, node: str) -> BuiltImage | None:
    data = store.get(_entry_key(site, node))
    if data is None:
        return None
    try:
        plain: dict[str, Any] = json.loads(data)
        found = BuiltImage(**{each.name: plain[each.name] for each in fields(BuiltImage)})
        pieces: Any = found.pieces
        files: Any = found.files
        return replace(
            found,
            pieces=tuple(Piece(**each) for each in pieces),
            files=tuple(Entry(**each) for each in files),
        )
    except (ValueError, KeyError, TypeError):
        return None  # not ours, or not whole: the image is stored again


def _entry_key(site: str, node: str) -> str:
    return f"sites/{site}/built/{node}.json"


def _key(site: str, digest: str) -> str:
    return f"sites/{site}/built/{_hex(digest)}"


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")
