"""Statuses in a store: only what changed is read, and what is hostile is not."""

import json
from pathlib import Path
from typing import cast

import pytest

from edgefleet.io.store import ArtifactStore
from edgefleet.rollout.statuses import LARGEST, Status
from edgefleet.rollout.stored_statuses import statuses, written

NODES = {"berlin": ("n1", "n2"), "munich": ("n1",)}


class Counting:
    """A store that keeps what is read and listed."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self.read: list[str] = []
        self.listed: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def get(self, key: str, *, limit: int) -> bytes | None:
        """Read."""
        self.read.append(key)
        return self._store.get(key, limit=limit)

    def list(self, prefix: str) -> object:
        """List."""
        self.listed.append(prefix)
        return self._store.list(prefix)


def look(store: ArtifactStore, cache: Path | None) -> tuple[dict[str, dict[str, Status]], list[str]]:
    """What is found, and which objects were read for it; there is one listing."""
    counting = Counting(store)
    found = statuses(cast("ArtifactStore", counting), NODES, cache)
    assert ["status/"] == counting.listed
    return found, sorted(counting.read)


def write(store: ArtifactStore, place: str, **document: object) -> None:
    """A status of a node."""
    store.put(f"status/{place}.json", json.dumps(document).encode())


def test_only_what_changed_is_read(store: ArtifactStore, tmp_path: Path) -> None:
    """Also where a word of the same length changed within the same second; a lost cache is read again."""
    cache = tmp_path / "cache.json"
    write(store, "berlin/n1", state="applying", sequence=1)
    write(store, "munich/n1", state="healthy", sequence=1)
    found, read = look(store, cache)
    assert ["status/berlin/n1.json", "status/munich/n1.json"] == read
    assert {"berlin": {"n1": Status("applying", 1)}, "munich": {"n1": Status("healthy", 1)}} == found
    assert (found, []) == look(store, cache)
    write(store, "berlin/n1", state="fetching", sequence=1)
    found, read = look(store, cache)
    assert (Status("fetching", 1), ["status/berlin/n1.json"]) == (found["berlin"]["n1"], read)
    store.delete("status/munich/n1.json")
    assert ({"berlin": {"n1": Status("fetching", 1)}}, []) == look(store, cache)
    for data in (b"", b"[]", b"\xff", b'{"status/berlin/n1.json": ["x"]}', b"[" * 99):
        cache.write_bytes(data)
        assert (found["berlin"], ["status/berlin/n1.json"]) == (
            look(store, cache)[0]["berlin"],
            look(store, None)[1],
        )


def test_looks_at_different_sites_share_what_was_read(store: ArtifactStore, tmp_path: Path) -> None:
    """A step looks at the sites that moved, and a person at all of them."""
    cache = tmp_path / "cache.json"
    write(store, "berlin/n1", state="healthy", sequence=1)
    write(store, "munich/n1", state="healthy", sequence=1)
    assert 2 == len(look(store, cache)[1])
    write(store, "munich/n1", state="fetching", sequence=1)
    written(store, {"munich": ("n1",)}, cache)
    assert [] == look(store, cache)[1]


def test_a_status_counts_for_its_place_alone(store: ArtifactStore) -> None:
    """A site that writes for another, or for nodes that it does not have, is not heard."""
    for place in ("berlin/n9", "berlin/n1.json", "berlin/x/n1", "hamburg/n1", "munich/n2", "n1"):
        write(store, place, state="failed", sequence=1, site="munich", node="n1")
    store.put("status/munich/n1", b'{"state": "failed", "sequence": 1}')
    assert ({}, []) == look(store, None)
    write(store, "berlin/n1", state="failed", sequence=1, site="munich", node="n1")
    assert {"berlin": {"n1": Status("failed", 1)}} == look(store, None)[0]


def test_what_is_too_large_is_never_read(store: ArtifactStore) -> None:
    """That something is there is known."""
    store.put("status/berlin/n1.json", b" " * (LARGEST + 1))
    assert ({}, []) == look(store, None)
    (found,) = written(store, NODES).values()
    assert found.data is None


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"[" * 4000, b"null", b"{}"])
def test_what_is_no_status_is_left_out(store: ArtifactStore, tmp_path: Path, data: bytes) -> None:
    """Its bytes are kept as they are."""
    cache = tmp_path / "cache.json"
    store.put("status/berlin/n1.json", data)
    assert ({}, ["status/berlin/n1.json"]) == look(store, cache)
    assert ({}, []) == look(store, cache)
    assert data == written(store, NODES, cache)["berlin", "n1"].data
