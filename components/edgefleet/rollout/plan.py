"""The plan of a rollout: its waves with their sites, the ways of each site, and the policy in numbers. Pure.

It is made once, when `up` starts the rollout: a site that is added to the fleet file afterwards, or another
policy there, changes nothing of it. It is not signed: who can write the store can put any signed pointer in
its place without a plan, and no other.

The sequences of a site are a block: the pointer forward, its renewals, and the pointer back above these.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, fields
from typing import Annotated

from pydantic import Field

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.waves import OTHERS
from edgefleet.keys.line_form import LARGEST
from edgefleet.model.listing import Sha256
from edgefleet.model.names import Name
from edgefleet.model.rollout import OnFailure, Policy, percent
from edgefleet.model.schedules import seconds_of
from edgefleet.model.site import LinkClass
from edgefleet.model.spec import spec
from edgefleet.model.updates import Window
from edgefleet.rollout.history import Time

RENEWALS = 2
"""Pointers that are signed ahead for a site to follow its pointer forward, when that one is about to end."""
ALL = "all"
"""Name of the only wave of a fleet file without waves."""
DEFAULTS = Policy(
    bake="1h",
    healthy="90%",
    failures="2%",
    windows=(),
    freeze=(),
    on_failure="pause",
    wait_for_dark="1d",
)


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
    fleet: Fleet,
    releases: Mapping[str, str],
    started: int,
    before: Mapping[str, InForce],
    superseded: Plan | None = None,
) -> Plan:
    """The rollout of `releases` over the sites of `fleet`.

    Args:
        fleet: its sites, waves and policy.
        releases: dict[site -> the release that it shall run, ``sha256:<hex>``].
        started: seconds since 1970.
        before: dict[site -> what leads it to a release now].
        superseded: the rollout that had not ended. Its sites are proven by nothing yet: they stay in the
            waves, also where they have the release already, and go back to where that rollout began.
    """
    former = {site.name: site for site in superseded.sites} if superseded else {}
    waves = [(wave.name, wave.sites) for wave in fleet.waves]
    taken = {name for _, names in waves for name in names}
    if left := tuple(name for name in fleet.sites if name not in taken):
        waves.append((OTHERS if waves else ALL, left))
    policies: Sequence[Policy] = (*fleet.rollout.waves, fleet.rollout)
    return Plan(
        fleet=fleet.name,
        region=fleet.region,
        started=started,
        before={**before},
        waves=tuple(
            _wave(name, sites, merged(fleet.rollout, policy))
            for (name, names), policy in zip(waves, policies, strict=False)
            if (sites := tuple(_sites(fleet, {name: releases.get(name) for name in names}, before, former)))
        ),
    )


def _sites(
    fleet: Fleet,
    releases: Mapping[str, str | None],
    before: Mapping[str, InForce],
    former: Mapping[str, PlannedSite],
) -> Iterator[PlannedSite]:
    for name, release in releases.items():
        now, superseded = before.get(name, InForce()), former.get(name)
        if release is None or (release == now.release and superseded is None):
            continue
        spec = fleet.sites[name]
        sequence = max(now.signed, now.sequence) + 1
        is_moved = superseded is not None and now.sequence in superseded.forward
        previous = superseded.previous if superseded is not None and is_moved else now.release
        yield PlannedSite(
            name=name,
            nodes=tuple(spec.nodes),
            group=fleet.provenance.members[name].group or "",
            link=spec.link.class_,
            timezone=spec.timezone,
            sequence=sequence,
            release=release,
            back=sequence + RENEWALS + 1 if previous else 0,
            previous=previous,
        )


def merged(*policies: Policy) -> Policy:
    """The last one's values, where it has none those of the ones before it, and the defaults."""
    values = {
        field.name: value
        for policy in (DEFAULTS, *policies)
        for field in fields(Policy)
        if (value := getattr(policy, field.name)) is not None
    }
    return Policy(**values)


def _wave(name: str, sites: tuple[PlannedSite, ...], policy: Policy) -> PlannedWave:
    groups = Counter(site.group for site in sites if site.group) if policy.failures_per_group else Counter()
    pace = Pace(
        bake=seconds_of(policy.bake or ""),
        healthy=percent(policy.healthy or "") or 0,
        failures=_budget(policy.failures or "", len(sites)),
        failures_per_group={
            group: _budget(policy.failures_per_group or "", size) for group, size in groups.items()
        },
        windows=policy.windows or (),
        freeze=policy.freeze or (),
        on_failure=policy.on_failure or "pause",
        wait_for_dark=seconds_of(policy.wait_for_dark or ""),
    )
    return PlannedWave(name=name, pace=pace, sites=sites)


def _budget(text: str, size: int) -> int:
    """Sites of `size` that may fail; a share is rounded down."""
    share = percent(text)
    return int(text) if share is None else size * share // 100
