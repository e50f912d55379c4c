"""Rollouts with signed pointers, for tests that use a store; and stores that fail or wait."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from tests.keys.channel import DAY, signer
from tests.rollout import world
from tests.rollout.world import START

from edgefleet.io.store import ArtifactStore
from edgefleet.keys.pointer import KIND, Addressee, NodeRelease, Pointer, read_pointer
from edgefleet.keys.signed_document import opened, signed
from edgefleet.rollout.plan import Plan, PlannedSite, plan
from edgefleet.rollout.stored import Running, newest, start, targets

HEX = "0" * 64


def planned(release: int, *names: str, at: int = START, before: Running | None = None) -> Plan:
    """The rollout of a release to these sites of the fleet of `world`."""
    releases = world.targets(world.fleet(), dict.fromkeys(names, release))
    return plan(releases, at, targets(before), before.unfinished if before else None)


def with_pointers(made: Plan) -> tuple[Plan, dict[int, bytes]]:
    """A plan with the digests of its pointers, and these, signed."""
    pairs = {site.name: _pointers(made, site) for site in made.sites}
    lines = {
        number: b"".join(
            signed(KIND, pointer.payload, signer(1)) for site in wave.sites for pointer in pairs[site.name]
        )
        for number, wave in enumerate(made.waves)
    }
    waves = tuple(
        replace(
            wave,
            sites=tuple(
                replace(
                    site,
                    digest=pairs[site.name][0].digest,
                    back_digest=pairs[site.name][1].digest if site.back else "",
                )
                for site in wave.sites
            ),
        )
        for wave in made.waves
    )
    return replace(made, waves=waves), lines


def _pointers(made: Plan, site: PlannedSite) -> list[Pointer]:
    nodes = tuple(NodeRelease(node=name, ciphertext=HEX, size=1, part=HEX) for name in site.nodes)
    pairs = [(site.sequence, site.release)] + ([(site.back, site.previous)] if site.back else [])
    return [
        Pointer(
            addressee=Addressee(fleet=made.fleet, region=made.region, site=site.name, generation=1),
            sequence=sequence,
            issued=made.started,
            not_before=made.started,
            expires=made.started + 30 * DAY,
            floor=0,
            release=release,
            nodes=nodes,
        )
        for sequence, release in pairs
    ]


def started(store: ArtifactStore, release: int, *names: str, at: int = START) -> Running:
    """A rollout, after the one that the store has."""
    before = newest(store)
    running = start(store, *with_pointers(planned(release, *names, at=at, before=before)), before)
    assert running is not None
    return running


def pointers(store: ArtifactStore) -> dict[str, tuple[int, str]]:
    """dict[site -> (sequence, release)] of the pointers in a store."""
    found = {}
    for key in store.list("pointers/"):
        pointer = read_pointer(opened(store.get(key) or b"", KIND).payload)
        assert key == f"pointers/{pointer.addressee.site}.json"
        found[pointer.addressee.site] = (pointer.sequence, pointer.release)
    return found


class Killed(Exception):  # noqa: N818 - what happened
    """The process ended here."""


def doomed(store: ArtifactStore, last: int, before: Callable[[], object] | None = None) -> ArtifactStore:
    """A store whose user is killed before the write of a number; or at which `before` happens before it."""
    return cast("ArtifactStore", _Doomed(store, last, before))


class _Doomed:
    def __init__(self, store: ArtifactStore, last: int, before: Callable[[], object] | None) -> None:
        self._store, self._left, self._before = store, last, before

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def swap(self, key: str, data: bytes, *, was: bytes | None) -> bool:
        """Write, or be killed."""
        self._count()
        return self._store.swap(key, data, was=was)

    def clear(self, prefix: str) -> None:
        """Remove, or be killed."""
        self._count()
        self._store.clear(prefix)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0 and self._before is None:
            raise Killed
        if self._left == -1 and self._before is not None:
            self._before()


def sequences(of: Mapping[str, tuple[int, str]]) -> dict[str, int]:
    """dict[site -> sequence]."""
    return {site: sequence for site, (sequence, _) in of.items()}
