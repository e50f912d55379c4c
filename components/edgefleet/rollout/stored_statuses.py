"""What nodes wrote into a store: one listing, and only the objects that changed since this user's last look.

A status is untrusted: one that is too large, or of a node that nobody asked for, is never read. Its place
tells whose it is, and the store when it was written.
"""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from edgefleet.errors import OutsideFailure
from edgefleet.io import disk
from edgefleet.io.store import ArtifactStore
from edgefleet.model import strict_json
from edgefleet.rollout import node_status
from edgefleet.rollout.node_status import NodeStatus
from edgefleet.rollout.statuses import LARGEST, Status, read
from edgefleet.rollout.stored import STATUSES

AT_ONCE = 16
"""Objects that are read at the same time."""
LARGEST_CACHE = 256 * 1024**2
SUFFIX = ".json"
Nodes = Mapping[str, Collection[str]]
"""dict[site -> names of its nodes]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a node wrote last."""

    data: bytes | None = field(repr=False)
    """`None` where it is too large to be a status."""
    at: datetime
    """When the store got it."""


def written(store: ArtifactStore, nodes: Nodes, cache: Path | None = None) -> dict[tuple[str, str], Written]:
    """dict[(site, node) -> what it wrote], of those of `nodes` that wrote anything.

    Args:
        store: where.
        nodes: whose.
        cache: a file of this user that has what was read before; `None` for none.

    Raises:
        OutsideFailure: the store does not answer.
    """
    listed = store.list(STATUSES)
    there = {key: stored for key, stored in listed.items() if any(_node(key, nodes))}
    known = _remembered(cache)
    data = {
        key: known[key][1]
        for key, stored in there.items()
        if stored.tag and known.get(key, ("",))[0] == stored.tag
    }
    changed = [key for key, stored in there.items() if key not in data and stored.size <= LARGEST]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        fetched = pool.map(partial(_fetched, store), changed)
        data |= {key: text for key, text in zip(changed, fetched, strict=True) if text is not None}
    if cache is not None and (changed or known.keys() - listed.keys()):
        others = {key: of for key, of in known.items() if key in listed and key not in there}
        kept = others | {key: (there[key].tag, text) for key, text in data.items()}
        disk.write(cache, strict_json.write(kept), is_flushed=False)
    return {
        _node(key, nodes): Written(
            data=data[key].encode("latin-1") if key in data else None, at=stored.modified
        )
        for key, stored in there.items()
        if key in data or stored.size > LARGEST
    }


def statuses(store: ArtifactStore, nodes: Nodes, cache: Path | None = None) -> dict[str, dict[str, Status]]:
    """dict[site -> dict[node -> status]], of those of `nodes` that wrote one; see `written`.

    Raises:
        OutsideFailure: the store does not answer.
    """
    found: dict[str, dict[str, Status]] = {}
    for (site, node), of in written(store, nodes, cache).items():
        status = None if of.data is None else read(of.data)
        if status is not None:
            found.setdefault(site, {})[node] = status
    return found


def node_statuses(
    store: ArtifactStore, nodes: Nodes, cache: Path | None = None
) -> dict[tuple[str, str], NodeStatus]:
    """dict[(site, node) -> all that it reports], of those of `nodes` that wrote a status; see `written`.

    Raises:
        OutsideFailure: the store does not answer.
    """
    read_ = {key: node_status.read(of.data or b"") for key, of in written(store, nodes, cache).items()}
    return {key: status for key, status in read_.items() if status is not None}


def _node(key: str, nodes: Nodes) -> tuple[str, str]:
    """Whose a status is, by its place; empty for none of `nodes`."""
    _, _, place = key.partition(STATUSES)
    site, _, name = place.partition("/")
    node = name.removesuffix(SUFFIX)
    return (site, node) if name != node and node in nodes.get(site, ()) else ("", "")


def _fetched(store: ArtifactStore, key: str) -> str | None:
    """A status; `None` where it is gone, or has grown too large since the listing."""
    try:
        data = store.get(key, limit=LARGEST)
    except OutsideFailure as error:
        if error.problem.code == "too-large":
            return None
        raise
    return None if data is None else data.decode("latin-1")


def _remembered(cache: Path | None) -> dict[str, tuple[str, str]]:
    """dict[key -> (tag, text)] of what was read before; whatever is wrong with it, it is read again."""
    try:
        data = None if cache is None else disk.read(cache, limit=LARGEST_CACHE)
        return {} if data is None else strict_json.read(dict[str, tuple[str, str]], data, limit=LARGEST_CACHE)
    except (OutsideFailure, ValueError):
        return {}
