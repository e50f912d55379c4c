"""The plan of a rollout: its waves with their sites, the ways of each site, and the policy in numbers. Pure.

It is made once, when `up` starts the rollout: a site that is added to the fleet file afterwards, or another
policy there, changes nothing of it. It is not signed: who can write the store can put any signed pointer in
its place without a plan, and no other.

The sequences of a site are a block: the pointer forward, its renewals, and the pointer back above these.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Annotated

from pydantic import Field

from edgefleet.keys.line_form import LARGEST
from edgefleet.model.listing import Sha256
from edgefleet.model.names import Name
from edgefleet.model.rollout import OnFailure, percent
from edgefleet.model.rollout_resource import PublishedSite, PublishedWave, Targets
from edgefleet.model.schedules import seconds_of
from edgefleet.model.site import LinkClass
from edgefleet.model.spec import spec
from edgefleet.model.updates import Window
from edgefleet.rollout.history import Time

RENEWALS = 2
"""Pointers that are signed ahead for a site to follow its pointer forward, when that one is about to end."""

Count = Annotated[int, Field(ge=0, lt=2**37)]
Number = Annotated[int, Field(ge=0, le=LARGEST)]
Release = Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")]
"""``sha256:<hex>``; empty for none."""


@spec
class InForce:
    """What leads a site to a release."""

    release: Release = ""
    """Empty where no pointer is in force."""
    sequence: Number = 0
    """Of its pointer; 0 where none is in force."""
    signed: Number = 0
    """The highest sequence that was ever signed for it: pointers that no rollout used are among them."""
    digest: Release = ""
    """Of its pointer, which the next one names."""
    key_generation: Annotated[int, Field(ge=1)] = 1
    """Of the site's key that its pointer names."""


@spec
class Pace:
    """A wave's policy in numbers."""

    bake: Count
    """Seconds."""
    healthy: Count
    """Percent of the counted sites."""
    failures: Count
    """Failed sites that stop nothing yet."""
    failures_per_group: dict[str, Count]
    """dict[group -> the same of the wave's sites of that group]; empty without a limit."""
    windows: tuple[Window, ...]
    freeze: tuple[str, ...]
    on_failure: OnFailure
    wait_for_dark: Count
    """Seconds."""


@spec
class PlannedSite:
    """A site with the pointers that are signed ahead for it."""

    name: Name
    nodes: tuple[Name, ...]
    group: str = ""
    link: LinkClass = "steady"
    timezone: str = "Etc/UTC"
    sequence: Number
    """Of the pointer to the new release."""
    release: Sha256
    """The new release."""
    digest: Release = ""
    """Of the pointer to the new release, once it is signed."""
    back: Number = 0
    """Of the pointer to the previous release: above those of the renewals. 0 where there is no way back."""
    previous: Release = ""
    """The release that it goes back to; empty for a site's first one."""
    back_digest: Release = ""
    """Of the pointer to the previous release, once it is signed."""
    key_generation: Annotated[int, Field(ge=1)] = 1
    """Of its key, which the pointers name."""

    @property
    def forward(self) -> range:
        """The sequences that lead to the new release: of its pointer, and of the renewals."""
        return range(self.sequence, self.sequence + RENEWALS + 1)

    @property
    def signed(self) -> int:
        """The highest sequence that is signed for it."""
        return self.back or self.forward[-1]


@spec
class PlannedWave:
    """A wave with its sites that change."""

    name: str
    pace: Pace
    sites: tuple[PlannedSite, ...]


@spec
class Plan:
    """A rollout."""

    fleet: Name
    region: Name
    started: Time
    waves: tuple[PlannedWave, ...]
    before: dict[Name, InForce] = field(default_factory=dict)
    """dict[site -> what led it to a release when the rollout began], of all sites that ever had a pointer,
    those that the fleet file has no more among them: their sequences go on if they come back."""

    @property
    def sites(self) -> Iterator[PlannedSite]:
        """The sites of all waves, in their order."""
        return (site for wave in self.waves for site in wave.sites)


def plan(
    targets: Targets,
    started: int,
    before: Mapping[str, InForce],
    superseded: Plan | None = None,
    *,
    renews: bool = False,
) -> Plan:
    """The rollout of the releases of `targets`.

    A site whose first release this is, or that has another key, gets it with its image: its pointer is in
    place when the rollout begins, and no wave waits for the site.

    Args:
        targets: sites with their releases, waves and policies.
        started: seconds since 1970.
        before: dict[site -> what leads it to a release now].
        superseded: the rollout that had not ended. Its sites are proven by nothing yet: they stay in the
            waves, also where they have the release already, and go back to where that rollout began.
        renews: whether sites that stay where they are get a new pointer too, at once.
    """
    former = {site.name: site for site in superseded.sites} if superseded else {}
    at_once, moved = {}, {}
    for name, site in targets.sites.items():
        now = before.get(name)
        is_there = name not in former and now is not None and site.release == now.release
        if site.release is None:
            continue
        if is_first(site, now) or (is_there and renews):
            at_once[name] = _at_once(site, max(started, site.floor), now or InForce())
        elif not is_there:
            moved[name] = _planned(name, targets, now or InForce(), (former.get(name), started))
    return Plan(
        fleet=targets.fleet,
        region=targets.region,
        started=started,
        before={**before, **at_once},
        waves=tuple(
            _wave(wave, members)
            for wave in targets.waves
            if (members := tuple(of for name, of in moved.items() if targets.sites[name].wave == wave.name))
        ),
    )


def continued(unfinished: Plan, at_once: Mapping[str, InForce]) -> Plan:
    """A rollout that goes on as it is, with sites besides that no wave has."""
    return replace(unfinished, before={**unfinished.before, **at_once})


def is_first(site: PublishedSite, now: InForce | None) -> bool:
    """Whether a site's image brings its release: it knows no other one, or not with this key."""
    if now is not None and now.key_generation != site.key_generation:
        return True
    is_there = now is not None and now.release == site.release
    return not is_there and not any(site.earlier.values())


def _next(now: InForce, least: int) -> int:
    """The sequence after all that were signed. It grows with time: so it does when a store was lost."""
    return max(now.signed + 1, now.sequence + 1, least)


def _at_once(site: PublishedSite, least: int, now: InForce) -> InForce:
    sequence = _next(now, least)
    return InForce(
        release=site.release or "",
        sequence=sequence,
        signed=sequence + RENEWALS,
        key_generation=site.key_generation,
    )


def _planned(name: str, targets: Targets, now: InForce, since: tuple[PlannedSite | None, int]) -> PlannedSite:
    site, (superseded, started) = targets.sites[name], since
    sequence = _next(now, max(started, site.floor))
    is_forward = superseded is not None and now.sequence in superseded.forward
    previous = superseded.previous if superseded is not None and is_forward else now.release
    has_way_back = bool(site.nodes_of(previous))
    return PlannedSite(
        name=name,
        nodes=tuple(site.nodes),
        group=site.group,
        link=site.link,
        timezone=site.timezone,
        sequence=sequence,
        release=site.release or "",
        back=sequence + RENEWALS + 1 if has_way_back else 0,
        previous=previous if has_way_back else "",
        key_generation=site.key_generation,
    )


def _wave(wave: PublishedWave, sites: tuple[PlannedSite, ...]) -> PlannedWave:
    groups = Counter(site.group for site in sites if site.group) if wave.failures_per_group else Counter()
    pace = Pace(
        bake=seconds_of(wave.bake or ""),
        healthy=percent(wave.healthy or "") or 0,
        failures=_budget(wave.failures or "", len(sites)),
        failures_per_group={
            group: _budget(wave.failures_per_group or "", size) for group, size in groups.items()
        },
        windows=wave.windows or (),
        freeze=wave.freeze or (),
        on_failure=wave.on_failure or "pause",
        wait_for_dark=seconds_of(wave.wait_for_dark or ""),
    )
    return PlannedWave(name=wave.name, pace=pace, sites=sites)


def _budget(text: str, size: int) -> int:
    """Sites of `size` that may fail; a share is rounded down."""
    share = percent(text)
    return int(text) if share is None else size * share // 100
