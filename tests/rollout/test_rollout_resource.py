"""The resource of rollouts, with a clock of its own and pointers that nodes verify."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.keys.channel import DAY, pair, signer
from tests.rollout.signed import Killed, doomed, pointers
from tests.rollout.world import START, digest, fleet, targets

from edgefleet.errors import InvalidInput, OutsideFailure, Refused
from edgefleet.io.environment import Environment
from edgefleet.io.store import ArtifactStore, DirectoryStore
from edgefleet.keys.delegation import Delegation, ReleaseKey
from edgefleet.keys.pointer import KIND, Pointer, read_pointer
from edgefleet.keys.signed_document import opened, signed
from edgefleet.model.rollout_resource import RolloutInputs, RolloutOutputs
from edgefleet.model.spec import to_plain
from edgefleet.rollout.history import Entry
from edgefleet.rollout.publication import Publisher, foreseen, has_firsts, is_superseded
from edgefleet.rollout.resource import Rollout
from edgefleet.rollout.stepping import advance
from edgefleet.rollout.stored import Running, append, newest, read

SITES = ("s00", "s01", "s02")


class Place:
    """A project with a store, a release key that is delegated, and a clock."""

    def __init__(self, root: Path) -> None:
        self.now = START
        self.root = root
        self.warnings: list[str] = []
        self.resource = Rollout(now=lambda: self.now)
        self.environment = Environment(project=root, warn=self.warnings.append)
        self.delegate(1)

    @property
    def store(self) -> DirectoryStore:
        """The store."""
        return DirectoryStore(self.root / "images")

    def delegate(self, number: int, *, days: int = 90) -> None:
        """Let a key sign, alone, and put its private half into its place."""
        pem = pair(number).signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.root / "release.key").write_bytes(pem)
        key = ReleaseKey(key=pair(number).key, expires=self.now + days * DAY)
        named = Delegation(fleet="retail", version=number, issued=self.now, keys=(key,))
        self.store.put("delegation.json", signed("delegation", named.payload, signer(9)))

    def wanted(self, release: int, *names: str) -> RolloutInputs:
        """The inputs for a release of these sites, whose store has others before it."""
        of = targets(fleet(), dict.fromkeys(names or SITES, release))
        return RolloutInputs(
            **{name: getattr(of, name) for name in ("fleet", "region", "waves", "sites")},
            store="file:images",
            roots=(pair(9).key.pem.strip(),),
            sign_key="file:release.key",
            expires=30,
        )

    def up(self, wanted: RolloutInputs, before: RolloutOutputs | None = None) -> RolloutOutputs:
        """Create it, or update it."""
        if before is None:
            made: RolloutOutputs = self.resource.create(wanted, self.environment).outputs
            return made
        recorded = to_plain(before)
        return self.resource.update("file:images/rollouts", wanted, self.environment, recorded)

    def pointer(self, site: str) -> Pointer:
        """The pointer of a site."""
        return read_pointer(opened(self.store.get(f"pointers/{site}.json") or b"", KIND).payload)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A new one."""
    return Place(tmp_path)


def first(of: RolloutInputs) -> RolloutInputs:
    """The same, as the first releases of their sites."""
    return replace(of, sites={name: replace(site, earlier={}) for name, site in of.sites.items()})


def test_sequences_grow_with_time_though_the_store_was_lost(place: Place) -> None:
    """So nodes take what is signed after that."""
    place.up(first(place.wanted(1)))
    assert dict.fromkeys(SITES, (START, digest(1))) == pointers(place.store)
    place.store.clear("rollouts/")
    place.store.clear("pointers/")
    place.now += DAY
    assert place.resource.read("file:images/rollouts", place.environment, {}) is None
    place.up(first(place.wanted(1)))
    assert dict.fromkeys(SITES, (START + DAY, digest(1))) == pointers(place.store)


def test_a_floor_above_the_time_is_kept(place: Place) -> None:
    """A pointer below it would be refused by nodes of the new image."""
    wanted = first(place.wanted(1))
    raised = replace(wanted.sites["s00"], floor=START + 5 * DAY)
    place.up(replace(wanted, sites={**wanted.sites, "s00": raised}))
    pointer = place.pointer("s00")
    assert (START + 5 * DAY, START + 5 * DAY) == (pointer.sequence, pointer.floor)


def test_pointers_are_signed_again_before_they_end(place: Place) -> None:
    """A difference of its own in the last third; sites stay where they are, and no wave waits."""
    before = place.up(first(place.wanted(1)))
    assert (START, START + 30 * DAY) == (before.signed_at, before.signed_until)
    place.now += 20 * DAY
    assert [] == place.resource.drifted(to_plain(before))
    place.now += DAY
    assert ["signedUntil"] == place.resource.drifted(to_plain(before))
    after = place.up(first(place.wanted(1)), before)
    assert place.now + 30 * DAY == after.signed_until == place.pointer("s01").expires
    assert dict.fromkeys(SITES, (place.now, digest(1))) == pointers(place.store)
    assert [] == place.resource.drifted(to_plain(after))
    assert after == place.up(first(place.wanted(1)), after)


def test_a_site_with_another_key_gets_its_pointer_with_its_image(place: Place) -> None:
    """Its node takes no pointer of the former key, so no wave waits, and there is no way back to that."""
    before = place.up(first(place.wanted(1)))
    wanted = place.wanted(2, "s00", "s01")
    renewed = replace(wanted.sites["s00"], key_generation=2)
    place.now += DAY
    place.up(replace(wanted, sites={**wanted.sites, "s00": renewed}), before)
    running = newest(place.store)
    assert running is not None
    assert [["s01"]] == [[site.name for site in wave.sites] for wave in running.plan.waves]
    assert (2, digest(2)) == (place.pointer("s00").addressee.generation, place.pointer("s00").release)
    assert 2 == running.plan.before["s00"].key_generation
    again = replace(wanted, sites={**wanted.sites, "s00": renewed})
    assert (False, False) == (has_firsts(again, running), is_superseded(again, running))


def test_the_way_back_is_signed_ahead(place: Place) -> None:
    """It names the bundles of the release before, and follows the pointer forward."""
    before = place.up(first(place.wanted(1)))
    place.now += DAY
    place.up(place.wanted(2), before)
    running = newest(place.store)
    assert running is not None
    (wave,) = running.plan.waves
    lines = (place.store.get(f"rollouts/{running.id}/0.pointers") or b"").splitlines(keepends=True)
    signed_ahead = [read_pointer(opened(line, KIND).payload) for line in lines]
    assert [(site.name, way) for site in wave.sites for way in (digest(2), digest(1))] == [
        (pointer.addressee.site, pointer.release) for pointer in signed_ahead
    ]
    for forward, back in zip(signed_ahead[::2], signed_ahead[1::2], strict=True):
        assert forward.digest == back.previous
        assert forward.sequence < back.sequence


def test_a_release_that_is_not_stored_moves_nothing(place: Place) -> None:
    """The site of an update that failed, or one with an unknown input."""
    before = place.up(first(place.wanted(1)))
    wanted = place.wanted(2)
    lost = {name: replace(site, release=None) for name, site in wanted.sites.items()}
    assert before == place.up(replace(wanted, sites=lost), before)


def test_of_two_publishers_at_once_one_starts_and_the_other_agrees(place: Place) -> None:
    """Run again, it reads what the faster one started: the same releases, so nothing is new."""
    before = place.up(first(place.wanted(1)))
    place.now += DAY
    others: list[RolloutOutputs] = []

    def faster() -> None:
        if not others:
            others.append(place.up(place.wanted(2), before))

    with pytest.raises(OutsideFailure, match="at the same time; run it again"):
        publisher(place, doomed(place.store, 0, faster)).publish(place.wanted(2))
    running, _ = publisher(place, place.store).publish(place.wanted(2))
    assert others[0].rollout == running.id
    assert {"s00", "s01", "s02"} == {
        site for site, (_, of) in pointers(place.store).items() if of == digest(2)
    }


def publisher(place: Place, store: ArtifactStore) -> Publisher:
    """The publisher of a place, with a store."""
    return Publisher(store=store, key=pair(1).key, signer=pair(1).signer, now=lambda: place.now)


def test_a_kill_between_any_two_writes_loses_nothing(place: Place) -> None:
    """The next run ends where one without a kill does."""
    kills = 0
    for writes in range(30):
        place.store.clear("rollouts/")
        place.store.clear("pointers/")
        publisher(place, place.store).publish(first(place.wanted(1, "s00", "s01")))
        wanted = replace(
            place.wanted(2),
            sites={**place.wanted(2, "s00", "s01").sites, **first(place.wanted(2, "s02")).sites},
        )
        place.now += 60
        try:
            publisher(place, doomed(place.store, writes)).publish(wanted)
        except Killed:
            kills += 1
            place.now += 60
            publisher(place, place.store).publish(wanted)
        assert {(site, digest(2)) for site in SITES} == {
            (site, release) for site, (_, release) in pointers(place.store).items()
        }
    assert 8 <= kills < 30


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda place: place.delegate(1, days=0), "has ended"),
        (lambda place: place.store.put("delegation.json", b"{}\n"), "nodes refuse it"),
    ],
    ids=["ended", "foreign"],
)
def test_what_nodes_would_refuse_is_refused_here(
    place: Place, break_it: Callable[[Place], None], words: str
) -> None:
    """Before anything is written."""
    try:
        break_it(place)
    except ValueError:  # a delegation cannot name a key that has ended: let time pass
        place.now += 91 * DAY
    with pytest.raises(Refused, match=words):
        place.up(place.wanted(1))
    assert ["delegation.json"] == [*place.store.list("")]


def test_a_key_of_another_kind_is_refused(place: Place) -> None:
    """Nodes verify ECDSA on P-256 alone."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (place.root / "release.key").write_bytes(pem)
    with pytest.raises(InvalidInput, match="another kind"):
        place.up(place.wanted(1))


def test_an_import_names_the_place(place: Place) -> None:
    """And takes over what is there; the next up signs all again, as its key is not known."""
    with pytest.raises(InvalidInput, match="not the id"):
        place.resource.read("images", place.environment, {})
    made = place.up(first(place.wanted(1)))
    found = place.resource.read("file:images/rollouts", place.environment, {})
    assert found is not None
    assert (made.rollout, "") == (found.outputs.rollout, found.outputs.signed_by)


def test_a_site_in_a_wave_that_is_not_there_is_a_problem(place: Place) -> None:
    """With the path of its input."""
    wanted = place.wanted(1)
    lost = replace(wanted.sites["s01"], wave="canary")
    (problem,) = place.resource.inspect(replace(wanted, sites={**wanted.sites, "s01": lost}))
    assert ("no-wave", "sites.s01.wave") == (problem.code, problem.path)


def running_of(place: Place) -> Running:
    """The newest rollout."""
    found = newest(place.store)
    assert found is not None
    return found


def under_way(place: Place) -> RolloutOutputs:
    """Three sites on their way to release 2, of a rollout that a person has paused."""
    before = place.up(first(place.wanted(1)))
    place.now += DAY
    after = place.up(place.wanted(2), before)
    pause = Entry(at=place.now, action="paused", by="ops", reason="a look")
    assert append(place.store, running_of(place), (pause,)) is not None
    return after


def test_a_new_site_ends_no_rollout(place: Place) -> None:
    """It goes on, paused as it was, with its waves and signed pointers; the site has its pointer at once."""
    before = under_way(place)
    former, there = running_of(place), pointers(place.store)
    place.now += DAY
    more = first(place.wanted(2, "s03"))
    place.up(replace(more, sites={**place.wanted(2).sites, **more.sites}), before)
    running = running_of(place)
    assert running.id != former.id
    assert (former.plan.waves, former.log) == (running.plan.waves, running.log)
    assert running.history.pause is not None
    assert {**there, "s03": (place.now, digest(2))} == pointers(place.store)
    ended = read(place.store, former.id).history.end
    assert ended is not None
    assert "superseded" == ended.action
    back = Entry(at=place.now, action="rolledBack", by="ops", reason="not good")
    assert append(place.store, running, (back,)) is not None
    advance(place.store, lambda: place.now)
    assert {digest(1)} == {release for site, (_, release) in pointers(place.store).items() if site in SITES}


def test_pointers_that_end_wait_for_the_rollout(place: Place) -> None:
    """The difference stays until it has ended; then all are signed again."""
    before = under_way(place)
    running = running_of(place)
    place.now += 25 * DAY
    assert before == place.up(place.wanted(2), before)
    assert running == running_of(place)
    assert ["signedUntil"] == place.resource.drifted(to_plain(before))


def test_another_key_keeps_a_pause(place: Place) -> None:
    """What the former key has signed ahead is worth nothing, so all is signed again, and nothing moves."""
    before = under_way(place)
    there = pointers(place.store)
    place.now += DAY
    place.delegate(2)
    after = place.up(place.wanted(2), before)
    assert (pair(2).key.id, place.now) == (after.signed_by, after.signed_at)
    assert running_of(place).history.pause is not None
    assert there == pointers(place.store)


def test_a_rollout_whose_successor_was_never_written_is_started_again(place: Place) -> None:
    """A run was killed between the end of the one and the plan of the other; the change was taken back."""
    before = under_way(place)
    end = Entry(at=place.now, action="superseded", reason="20991231t000000z")
    assert append(place.store, running_of(place), (end,)) is not None
    place.now += DAY
    place.up(place.wanted(2), before)
    assert running_of(place).history.end is None


def test_impossible_sequences_are_refused(place: Place) -> None:
    """Who writes the plan in the store could use them all up otherwise: nothing newer could be signed."""
    before = under_way(place)
    name = f"rollouts/{running_of(place).id}/plan.json"
    place.store.put(name, re.sub(rb'"signed": \d+', b'"signed": 999999999991', place.store.get(name) or b""))
    with pytest.raises(OutsideFailure, match="which cannot be"):
        place.up(place.wanted(3), before)


def test_a_foreign_pointer_does_not_hold_a_site(place: Place) -> None:
    """One with a sequence that nobody signs, or of another site, is replaced."""
    before = place.up(first(place.wanted(1)))
    of = place.pointer("s00")
    forged = {"s00": replace(of, sequence=10**12 - 1), "s01": of}
    for site, pointer in forged.items():
        place.store.put(f"pointers/{site}.json", signed(KIND, pointer.payload, signer(7)))
    place.now += DAY
    place.up(place.wanted(2), before)
    assert {digest(2)} == {release for _, release in pointers(place.store).values()}


def test_the_generation_of_a_site_that_never_had_a_pointer_is_its_own(place: Place) -> None:
    """So it stays in its wave when there is a newer release before it has one."""
    frozen = replace(place.wanted(1).waves[0], freeze=("2020-01-01..2060-01-01",))

    def third(of: RolloutInputs) -> RolloutInputs:
        sites = {name: replace(site, key_generation=3) for name, site in of.sites.items()}
        return replace(of, waves=(frozen,), sites=sites)

    before = place.up(third(place.wanted(1)))
    place.now += DAY
    place.up(third(place.wanted(2)), before)
    assert [] == [*place.store.list("pointers/")]


def test_a_preview_counts_all_sites_of_the_rollout_that_would_start(place: Place) -> None:
    """Those of the one under way among them, also where their own release stays; none for a new site."""
    under_way(place)
    running = running_of(place)
    same: dict[str, str | None] = dict.fromkeys(SITES, digest(2))
    assert (frozenset(), "") == foreseen(running, same | {"s09": digest(1)})
    moved, note = foreseen(running, same | {"s01": digest(3)})
    assert {*SITES} == moved
    assert "3 of 3 sites have moved: up supersedes it" in note
    assert {*SITES} == foreseen(running, same | {"s01": None})[0]
