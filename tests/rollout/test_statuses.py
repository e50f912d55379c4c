"""Statuses of nodes are untrusted: what is none, and what counts for a pointer."""

import json

import pytest

from edgefleet.rollout.statuses import LARGEST, Status, Verdict, read, verdict

RIGHT = {"state": "healthy", "sequence": 7, "time": -5, "node": "n9"}


def test_a_right_status_is_read_without_its_clock() -> None:
    """A node whose clock is in 1970 counts like any other; further keys are no harm."""
    assert Status("healthy", 7) == read(json.dumps(RIGHT).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"[" * 4000,
        json.dumps(RIGHT | {"state": "fine"}).encode(),
        json.dumps(RIGHT | {"state": ["healthy"]}).encode(),
        json.dumps(RIGHT | {"sequence": -1}).encode(),
        json.dumps(RIGHT | {"sequence": 2**60}).encode(),
        json.dumps(RIGHT | {"sequence": "7"}).encode(),
        json.dumps(RIGHT | {"sequence": 7.5}).encode(),
        json.dumps(RIGHT | {"sequence": True}).encode(),
        b'{"state": "healthy", "sequence": 7, "sequence": 8}',
        b'{"state": "healthy", "sequence": 7}}',
        b'{"state": "healthy", "sequence": 1e400}',
        json.dumps(RIGHT | {"note": "x" * LARGEST}).encode(),
    ],
    ids=lambda data: data[:40].decode(errors="replace") or "empty",
)
def test_anything_else_is_none(data: bytes) -> None:
    """Words, numbers and sizes that no node of ours writes."""
    assert read(data) is None


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ({}, "silent"),
        ({"n1": Status("healthy", 7)}, "applying"),
        ({"n1": Status("healthy", 7), "n2": Status("current", 7)}, "healthy"),
        ({"n1": Status("healthy", 8), "n2": Status("healthy", 9)}, "healthy"),
        ({"n1": Status("healthy", 6), "n2": Status("healthy", 10)}, "silent"),
        ({"n1": Status("waiting", 7)}, "coming"),
        ({"n1": Status("healthy", 7), "n2": Status("rolled-back", 7)}, "failed"),
        ({"n1": Status("failed", 6), "n2": Status("fetching", 7)}, "coming"),
        ({"n1": Status("healthy", 7), "other": Status("failed", 7)}, "applying"),
    ],
)
def test_a_status_counts_for_its_own_pointer(nodes: dict[str, Status], expected: Verdict) -> None:
    """Or for a renewal of it. Of another sequence, or of a node that the site does not have, it is none."""
    assert expected == verdict(nodes, ("n1", "n2"), range(7, 10))
