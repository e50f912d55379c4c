"""Prefixes that are cleared at the same time are cleared together."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io.store.clearing import Clearing, ClearRequest


class Bucket:
    """Objects by name; the first removal waits until it is let go."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.calls: list[str] = []
        self.refused = ""
        self.begun, self.free = threading.Event(), threading.Event()

    def remove(self, below: str, wanted: Callable[[str], bool]) -> None:
        """Remove objects."""
        self.calls.append(below)
        self.begun.set()
        assert self.free.wait(timeout=20)
        doomed = {name for name in self.names if name.startswith(below) and wanted(name)}
        if self.refused in doomed:
            raise OutsideFailure(Problem(where=self.refused, problem="refused", hint="ask again"))
        self.names -= doomed


def clear_all(bucket: Bucket, prefixes: list[str], kept: str) -> list[BaseException | None]:
    """Clear the first prefix; the others come while that is under way. Return what each raised."""
    clearing = Clearing(bucket.remove)
    with ThreadPoolExecutor(len(prefixes)) as pool:
        begun = [pool.submit(clearing.clear, ClearRequest(below=prefixes[0], spared={kept}))]
        assert bucket.begun.wait(timeout=20)
        begun += [
            pool.submit(clearing.clear, ClearRequest(below=below, spared={kept})) for below in prefixes[1:]
        ]
        while len(clearing._queue) < len(prefixes) - 1:
            threading.Event().wait(0.01)
        bucket.free.set()
        return [each.exception() for each in begun]


def test_what_comes_meanwhile_is_one_request() -> None:
    """Nothing else is removed, neither what is kept nor a neighbour whose name begins alike."""
    bucket = Bucket({"s/a/1", "s/b/1", "s/b/2", "s/c/1", "s/ca/1", "s/d/1"})
    assert [None] * 3 == clear_all(bucket, ["s/a/", "s/b/", "s/c/"], kept="s/b/2")
    assert ["s/a/", "s/"] == bucket.calls
    assert {"s/b/2", "s/ca/1", "s/d/1"} == bucket.names


@pytest.mark.parametrize("refused", ["s/b/1", "s/c/1"])
def test_each_refusal_states_its_reason(refused: str) -> None:
    """One that is refused keeps no other from being cleared."""
    bucket = Bucket({"s/a/1", "s/b/1", "s/c/1"})
    bucket.refused = refused
    errors = clear_all(bucket, ["s/a/", "s/b/", "s/c/"], kept="")
    assert {refused} == bucket.names
    assert [refused.startswith(below) for below in ("s/a/", "s/b/", "s/c/")] == [
        isinstance(error, OutsideFailure) for error in errors
    ]
