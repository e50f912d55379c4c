"""The ledger of acknowledgements: which digest was acknowledged for which node, and when.

One JSON object, ``{site: {node: {"digest": ..., "at": ...}}}``, in the artifact store beside the images, so
that all users of the images share it. Two users may write at once: each write is conditional on the ledger
being unchanged, and is retried on the new content otherwise.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated

from edgefleet.errors import OutsideFailure
from edgefleet.io.store import ArtifactStore
from edgefleet.model import strict_json
from edgefleet.model.spec import adapter, spec

KEY = "ledger/acknowledged.json"
TRIES = 20
"""Attempts of a conflicting write."""


@spec
class Acknowledgement:
    """The acknowledgement of a node."""

    digest: Annotated[str, "sha256:<hex>"]
    """Digest of the image."""
    at: datetime
    """Time of the acknowledgement, UTC."""


Ledger = dict[str, dict[str, Acknowledgement]]
"""dict[site -> dict[node -> acknowledgement]]."""
Clock = Callable[[], datetime]


def now() -> datetime:
    """The time of day, UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def read(store: ArtifactStore) -> Ledger:
    """All acknowledgements; empty without any.

    Raises:
        OutsideFailure: the store fails, or the object is not a ledger.
    """
    return _parse(store, store.get(KEY))


def digests(store: ArtifactStore) -> dict[str, dict[str, str]]:
    """dict[site -> dict[node -> acknowledged digest]]."""
    return {
        site: {node: record.digest for node, record in nodes.items()} for site, nodes in read(store).items()
    }


def acknowledge(
    store: ArtifactStore, digests: Mapping[str, Mapping[str, str]], *, clock: Clock = now
) -> Ledger:
    """Record that nodes run the given images; the new ledger.

    `digests` is dict[site -> dict[node -> digest]]; an acknowledgement of the same digest keeps its time.

    Raises:
        OutsideFailure: the store fails, or others never stop writing.
    """
    at = clock()

    def noted(ledger: Ledger) -> Ledger:
        for site, nodes in digests.items():
            entry = ledger.setdefault(site, {})
            for node, digest in nodes.items():
                if node not in entry or entry[node].digest != digest:
                    entry[node] = Acknowledgement(digest=digest, at=at)
        return ledger

    return _change(store, noted)


def forget(store: ArtifactStore, sites: Iterable[str], *, node: str | None = None) -> Ledger:
    """Drop the acknowledgements of `sites`, or of their node `node`; the new ledger."""
    gone = set(sites)

    def kept(ledger: Ledger) -> Ledger:
        for site in gone & ledger.keys():
            ledger[site] = {name: of for name, of in ledger[site].items() if node not in {None, name}}
        return {site: nodes for site, nodes in ledger.items() if nodes}

    return _change(store, kept)


def remove(store: ArtifactStore) -> None:
    """Remove the ledger, for a destroyed stack."""
    store.delete(KEY)


def _change(store: ArtifactStore, change: Callable[[Ledger], Ledger]) -> Ledger:
    for _ in range(TRIES):
        was = store.get(KEY)
        before, after = _parse(store, was), change(_parse(store, was))
        if before == after:
            return after
        if store.swap(KEY, _written(after), was=was):
            return after
    problem = f"other runs wrote the ledger {TRIES} times during this update"
    raise OutsideFailure.at(store.uri(KEY), "contended", problem, "run it again")


def _parse(store: ArtifactStore, data: bytes | None) -> Ledger:
    if data is None:
        return {}
    try:
        return strict_json.read(Ledger, data)
    except ValueError as error:
        problem = "this is not a ledger of acknowledgements"
        hint = "move the file away and acknowledge again, or restore an earlier version of it"
        raise OutsideFailure.at(store.uri(KEY), "ledger", problem, hint) from error


def _written(ledger: Ledger) -> bytes:
    plain = adapter(Ledger).dump_python(ledger, mode="json", by_alias=True)
    return strict_json.write(plain)
