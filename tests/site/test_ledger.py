"""Acknowledgements: kept beside the images, never lost to somebody who writes at the same time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edgefleet.errors import OutsideFailure
from edgefleet.io.store import DirectoryStore
from edgefleet.site import ledger
from edgefleet.site.ledger import Acknowledgement

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)


class Contended(DirectoryStore):
    """A store where somebody else writes just before the first swaps of ours."""

    def __init__(self, root: Path, others: int) -> None:
        super().__init__(root)
        self._others = others

    def swap(self, key: str, data: bytes, *, was: bytes | None) -> bool:
        if self._others > 0:
            self._others -= 1
            others = DirectoryStore(self._root)
            ledger.acknowledge(others, {f"other-{self._others}": {"n1": "sha256:bb"}}, clock=lambda: NOON)
        return super().swap(key, data, was=was)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "images")


def test_nobody_said_anything_yet(store: DirectoryStore) -> None:
    """No file is no acknowledgement."""
    assert {} == ledger.read(store)


def test_what_is_acknowledged_is_read_back_with_its_time(store: DirectoryStore) -> None:
    """The time comes from the clock handed in."""
    said = ledger.acknowledge(
        store, {"store-0007": {"n1": "sha256:aa", "n2": "sha256:bb"}}, clock=lambda: NOON
    )
    expected = {
        "store-0007": {
            "n1": Acknowledgement(digest="sha256:aa", at=NOON),
            "n2": Acknowledgement(digest="sha256:bb", at=NOON),
        }
    }
    assert expected == said == ledger.read(store)


def test_saying_it_again_keeps_the_first_time_and_another_digest_takes_a_new_one(
    store: DirectoryStore,
) -> None:
    """How long a node has had its image stays true."""
    ledger.acknowledge(store, {"a": {"n1": "sha256:aa", "n2": "sha256:aa"}}, clock=lambda: NOON)
    said = ledger.acknowledge(store, {"a": {"n1": "sha256:aa", "n2": "sha256:bb"}}, clock=lambda: LATER)
    assert {"n1": NOON, "n2": LATER} == {node: each.at for node, each in said["a"].items()}


def test_writing_nothing_new_writes_nothing(store: DirectoryStore) -> None:
    """A bucket that keeps versions gets no version for it."""
    ledger.acknowledge(store, {}, clock=lambda: NOON)
    assert {} == store.list("")


def test_two_who_write_at_once_both_keep_what_they_said(tmp_path: Path) -> None:
    """The second write is made again on what the first left."""
    store = Contended(tmp_path, others=3)
    said = ledger.acknowledge(store, {"mine": {"n1": "sha256:aa"}}, clock=lambda: NOON)
    assert {"mine", "other-0", "other-1", "other-2"} == set(said) == set(ledger.read(store))


def test_endless_contention_ends_with_a_clear_line(tmp_path: Path) -> None:
    """Not with a hang."""
    with pytest.raises(
        OutsideFailure, match="other runs wrote the ledger 20 times during this update; run it"
    ):
        ledger.acknowledge(Contended(tmp_path, others=99), {"mine": {"n1": "sha256:aa"}}, clock=lambda: NOON)


def test_sites_that_are_gone_are_forgotten(store: DirectoryStore) -> None:
    """And only they."""
    ledger.acknowledge(store, {"a": {"n1": "sha256:aa"}, "b": {"n1": "sha256:bb"}}, clock=lambda: NOON)
    assert {"b"} == set(ledger.forget(store, ["a", "never-there"])) == set(ledger.read(store))


def test_the_ledger_of_a_destroyed_stack_leaves_nothing(store: DirectoryStore, tmp_path: Path) -> None:
    """Not even a directory."""
    ledger.acknowledge(store, {"a": {"n1": "sha256:aa"}}, clock=lambda: NOON)
    ledger.remove(store)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("damaged", [b"{", b"[]", b'{"a": {"n1": "sha256:aa"}}', b"\xff"])
def test_something_else_in_its_place_is_named_and_kept(damaged: bytes, store: DirectoryStore) -> None:
    """It is not overwritten: it may be all that is left of what people said."""
    store.put(ledger.KEY, damaged)
    with pytest.raises(
        OutsideFailure, match=r"acknowledged\.json: this is not a ledger of acknowledgements; move"
    ):
        ledger.acknowledge(store, {"a": {"n1": "sha256:aa"}}, clock=lambda: NOON)
    assert damaged == store.get(ledger.KEY)
