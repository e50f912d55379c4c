"""What `up` does with the releases of a region: it signs pointers, and starts the rollout of what is new.

All pointers are signed now, the way back among them, so nothing that moves them later needs a key. Those of
sites whose images bring the release, or whose pointers are only signed again, are put in place at once.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

from edgefleet.errors import OutsideFailure, Refused
from edgefleet.io.store import ArtifactStore
from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.pointer import FIRST, KIND, Addressee, NodeRelease, Pointer
from edgefleet.keys.signed_document import Signer, signed
from edgefleet.model.rollout_resource import PublishedBundle, RolloutInputs
from edgefleet.rollout.plan import InForce, Plan, PlannedSite, continued, is_first, plan
from edgefleet.rollout.release_keys import PLACE, stored_delegation
from edgefleet.rollout.standing import position
from edgefleet.rollout.stepping import advance
from edgefleet.rollout.stored import (
    AT_ONCE,
    FARTHEST,
    FOLDER,
    TRIES,
    Beside,
    Running,
    contended,
    newest,
    signed_ahead,
    start,
    targets,
)

DAY = 86_400
LATEST = 2_000_000_000
"""A second that the first rollouts are before, for machines whose clock is behind."""
Delegated = Literal["yes", "not yet"]
Renewal = Literal["none", "end", "another key"]
"""Why pointers are signed again: they end soon, or another key signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who publishes, and where."""

    store: ArtifactStore
    key: ChannelKey
    """The public half of the release key."""
    signer: Signer = field(repr=False)
    now: Callable[[], int]
    """Seconds since 1970."""

    def publish(self, wanted: RolloutInputs, *, renews: Renewal = "none") -> tuple[Running, bool]:
        """Start the rollout of what is new, if anything is, and do what is due now.

        A site that is new, or has another key, ends no rollout: that goes on with it. Pointers that end soon
        are signed again when no rollout is under way.

        Args:
            wanted: the releases of all sites.
            renews: why all pointers are signed again.

        Returns:
            The newest rollout, and whether all pointers were signed again.

        Raises:
            OutsideFailure: the store or the key does not answer, what the store has is no rollout, or others
                never stop writing.
        """
        for _ in range(TRIES):
            running = newest(self.store)
            is_renewed = renews == "another key" or (
                renews == "end" and (running is None or running.unfinished is None)
            )
            if running is None or is_renewed or is_superseded(wanted, running):
                running = self._started(wanted, running, renews=is_renewed)
            elif has_firsts(wanted, running):
                running = self._continued(wanted, running)
            if running is not None:
                break
        else:
            raise contended(self.store)
        advanced = advance(self.store, self.now)
        return (running if advanced is None else advanced.running), is_renewed

    def _started(self, wanted: RolloutInputs, running: Running | None, *, renews: bool) -> Running | None:
        """The new rollout; `None` where another writer was faster. One for a new key alone stays paused."""
        unfinished, before = None if running is None else running.unfinished, targets(running)
        now = self._checked(wanted, before)
        made = plan(wanted, now, before, unfinished, renews=renews)
        pointers = Pointers(wanted, made, before)
        at_once, both = pointers.at_once, {site.name: pointers.both_ways(site) for site in made.sites}
        lines = self._signed([*at_once.values(), *chain.from_iterable(both.values())])
        of_waves = {
            number: b"".join(lines[each.digest] for site in wave.sites for each in both[site.name])
            for number, wave in enumerate(made.waves)
        }
        pause = None if running is None or is_superseded(wanted, running) else running.history.pause
        beside = Beside(
            at_once={name: lines[pointer.digest] for name, pointer in at_once.items()},
            log=() if pause is None else (pause,),
        )
        return start(self.store, _with_digests(made, at_once, both), of_waves, running, beside)

    def _continued(self, wanted: RolloutInputs, running: Running) -> Running | None:
        """The same rollout with sites besides that no wave has; `None` where another writer was faster."""
        before = targets(running)
        now = self._checked(wanted, before)
        made = plan(wanted, now, before)
        at_once = Pointers(wanted, made, before).at_once
        lines = self._signed(at_once.values())
        named = {name: replace(made.before[name], digest=pointer.digest) for name, pointer in at_once.items()}
        beside = Beside(
            at_once={name: lines[pointer.digest] for name, pointer in at_once.items()}, continued=now
        )
        of_waves = signed_ahead(self.store, running)
        return start(self.store, continued(running.plan, named), of_waves, running, beside)

    def _signed(self, pointers: Iterable[Pointer]) -> dict[str, bytes]:
        """dict[digest -> the signed document] of pointers."""
        by = [(self.key, self.signer)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            lines = {of.digest: pool.submit(signed, KIND, of.payload, by) for of in pointers}
        return {digest: line.result() for digest, line in lines.items()}

    def _checked(self, wanted: RolloutInputs, before: Mapping[str, InForce]) -> int:
        """The time.

        Raises:
            OutsideFailure: a plan of the store states sequences that nobody has signed: the next ones would
                leave no room for later ones.
        """
        now = self.now()
        highest = max((of.signed for of in before.values()), default=0)
        if highest > max(now, LATEST, *(site.floor for site in wanted.sites.values())) + FARTHEST:
            problem = f"the newest plan states that the sequence {highest} was signed, which cannot be"
            hint = "find out who wrote it; restore an earlier version of it"
            raise OutsideFailure.at(self.store.uri(FOLDER[:-1]), "rollout", problem, hint)
        return now


def heading(running: Running) -> dict[str, str]:
    """dict[site -> the release that it runs or is on its way to]."""
    found = {name: of.release for name, of in targets(running).items()}
    if running.unfinished is not None:
        found |= {site.name: site.release for site in running.unfinished.sites}
    return found


def has_firsts(wanted: RolloutInputs, running: Running) -> bool:
    """Whether sites get a release by their image, such as new ones."""
    before = targets(running)
    return any(is_first(site, before.get(name)) for name, site in wanted.sites.items() if site.release)


def is_superseded(wanted: RolloutInputs, running: Running) -> bool:
    """Whether a site is to run another release than the one that it runs or is on its way to.

    A rollout without the one that superseded it was left by a run that was killed.
    """
    before, known, end = targets(running), heading(running), running.history.end
    return (end is not None and end.action == "superseded") or any(
        site.release is not None and not is_first(site, before.get(name)) and site.release != known.get(name)
        for name, site in wanted.sites.items()
    )


def foreseen(running: Running, wanted: Mapping[str, str | None]) -> tuple[frozenset[str], str]:
    """The sites of the rollout that an `up` would start, and a note on the one that it would end.

    Args:
        running: the newest rollout.
        wanted: dict[site -> its release after the `up`, `None` for one that is not known].
    """
    known = heading(running)
    changed = frozenset(name for name in known.keys() & wanted.keys() if known[name] != wanted[name])
    sites = () if running.unfinished is None else tuple(running.unfinished.sites)
    if not changed or not sites:
        return changed, ""
    pointers = running.state.pointers
    done = sum(position(site, pointers.get(site.name)) != "before" for site in sites)
    so_far = f"{done:,} of {len(sites):,} sites have moved"
    moved = changed | {site.name for site in sites if site.name in wanted}
    return moved, f"the rollout {running.id} is under way, {so_far}: up supersedes it"


@dataclass(frozen=True, slots=True)
class Pointers:
    """The pointers of a plan, before they are signed. Pure."""

    wanted: RolloutInputs
    plan: Plan
    before: Mapping[str, InForce]
    """What the plan was made from."""

    @property
    def at_once(self) -> dict[str, Pointer]:
        """dict[site -> the one that is put in place when the rollout begins], of those with such a one."""
        return {
            name: self._pointer(
                name,
                (of.sequence, of.release),
                self.wanted.sites[name].nodes_of(of.release),
                self.before.get(name, InForce()).digest,
            )
            for name, of in self.plan.before.items()
            if of.sequence != self.before.get(name, InForce()).sequence
        }

    def both_ways(self, site: PlannedSite) -> tuple[Pointer, ...]:
        """The one to the new release, and the one back if there is a way."""
        spec, before = self.wanted.sites[site.name], self.before.get(site.name, InForce())
        nodes = spec.nodes_of(site.release)
        forward = self._pointer(site.name, (site.sequence, site.release), nodes, before.digest)
        if not site.back:
            return (forward,)
        back = (site.back, site.previous)
        return forward, self._pointer(site.name, back, spec.nodes_of(site.previous), forward.digest)

    def _pointer(
        self, name: str, of: tuple[int, str], nodes: dict[str, PublishedBundle], previous: str
    ) -> Pointer:
        sequence, release = of
        return Pointer(
            addressee=Addressee(
                fleet=self.plan.fleet,
                region=self.plan.region,
                site=name,
                generation=self.wanted.sites[name].key_generation,
            ),
            sequence=sequence,
            issued=self.plan.started,
            not_before=self.plan.started,
            expires=self.plan.started + self.wanted.expires * DAY,
            floor=self.wanted.sites[name].floor,
            release=release,
            previous=previous or FIRST,
            nodes=tuple(
                NodeRelease(node=node, ciphertext=each.ciphertext, size=each.size, part=each.part)
                for node, each in sorted(nodes.items())
            ),
        )


def _with_digests(made: Plan, at_once: dict[str, Pointer], both: dict[str, tuple[Pointer, ...]]) -> Plan:
    """The plan with the digests of its pointers."""
    before = {name: replace(made.before[name], digest=pointer.digest) for name, pointer in at_once.items()}

    def complete(site: PlannedSite) -> PlannedSite:
        forward, *back = both[site.name]
        return replace(site, digest=forward.digest, back_digest=back[0].digest if back else "")

    waves = tuple(replace(wave, sites=tuple(map(complete, wave.sites))) for wave in made.waves)
    return replace(made, before={**made.before, **before}, waves=waves)


def check_delegated(store: ArtifactStore, wanted: RolloutInputs, key: ChannelKey, now: int) -> Delegated:
    """Whether nodes take what the key signs; ``not yet`` where no key is delegated at all.

    Raises:
        Refused: they would refuse it.
        OutsideFailure: the store does not answer.
    """
    roots = tuple(map(ChannelKey.of_pem, wanted.roots))
    stored = stored_delegation(store, roots, fleet=wanted.fleet)
    hint = "delegate it: edgefleet keys delegate, or keys rotate, and run up again"
    if stored.flaw:
        problem = f"the delegation {stored.flaw}: nodes refuse it"
        raise Refused.at(store.uri(PLACE), "foreign-delegation", problem, hint)
    if stored.delegation is None:
        return "not yet"
    if key not in stored.delegation.valid_keys(now):
        ended = any(each.key == key for each in stored.delegation.keys)
        problem = f"channel.signKey, key {key.id[:16]}, {'has ended' if ended else 'is not delegated'}"
        raise Refused.at(store.uri(PLACE), "not-delegated", f"{problem}: nodes refuse what it signs", hint)
    return "yes"
