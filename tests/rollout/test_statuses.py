"""Statuses of nodes are untrusted: what is none, and what counts for a pointer."""

import json

import pytest

from edgefleet.rollout.statuses import LARGEST, Status, Verdict, read, verdict

NEW, OLD = f"sha256:{'1' * 64}", f"sha256:{'0' * 64}"
RIGHT = {"state": "healthy", "sequence": 7, "release": NEW, "time": -5, "node": "n9"}


def test_a_right_status_is_read_without_its_clock() -> None:
    """A node whose clock is in 1970 counts like any other; further keys are no harm."""
    assert Status("healthy", 7, NEW) == read(json.dumps(RIGHT).encode())


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
        json.dumps(RIGHT | {"release": "sha256:1"}).encode(),
        json.dumps(RIGHT | {"release": NEW + "\n"}).encode(),
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
        ({"n1": Status("healthy", 7, NEW)}, "applying"),
        ({"n1": Status("healthy", 7, NEW), "n2": Status("current", 7, NEW)}, "healthy"),
        ({"n1": Status("healthy", 6, NEW), "n2": Status("healthy", 8, NEW)}, "silent"),
        ({"n1": Status("healthy", 7, OLD), "n2": Status("healthy", 7, OLD)}, "silent"),
        ({"n1": Status("waiting", 7, OLD)}, "coming"),
        ({"n1": Status("healthy", 7, NEW), "n2": Status("rolled-back", 7, OLD)}, "failed"),
        ({"n1": Status("failed", 6, OLD), "n2": Status("fetching", 7, OLD)}, "coming"),
        ({"n1": Status("healthy", 7, NEW), "other": Status("failed", 7, OLD)}, "applying"),
    ],
)
def test_a_status_counts_for_its_own_pointer(nodes: dict[str, Status], expected: Verdict) -> None:
    """Of another sequence, of another release, or of a node that the site does not have, it is none."""
    assert expected == verdict(nodes, ("n1", "n2"), 7, NEW)
