"""The plan of a rollout: its waves with their sites, the ways of each site, and the policy in numbers. Pure.

It is made once, when `up` starts the rollout, and signed: a site that is added to the fleet file afterwards,
or another policy there, changes nothing of it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.waves import OTHERS
from edgefleet.model.rollout import OnFailure, Policy, percent
from edgefleet.model.schedules import seconds_of
from edgefleet.model.site import LinkClass
from edgefleet.model.spec import spec
from edgefleet.model.updates import Window

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


@spec
class Pace:
    """A wave's policy in numbers."""

    bake: int
    """Seconds."""
    healthy: int
    """Percent of the counted sites."""
    failures: int
    """Failed sites that stop nothing yet."""
    failures_per_group: dict[str, int]
    """dict[group -> the same of the wave's sites of that group]; empty without a limit."""
    windows: tuple[Window, ...]
    freeze: tuple[str, ...]
    on_failure: OnFailure
    wait_for_dark: int
    """Seconds."""


@spec
class PlannedSite:
    """A site with the two pointers that are signed ahead for it."""

    name: str
    nodes: tuple[str, ...]
    group: str = ""
    link: LinkClass = "steady"
    timezone: str = "Etc/UTC"
    sequence: int
    """Of the pointer to the new release."""
    release: str
    """The new release, ``sha256:<hex>``."""
    back: int = 0
    """Of the pointer to the previous release: above `sequence`. 0 where there is no way back."""
    previous: str = ""
    """The release that it goes back to; empty for a site's first one."""


@spec
class PlannedWave:
    """A wave with its sites that change."""

    name: str
    pace: Pace
    sites: tuple[PlannedSite, ...]


@spec
class Plan:
    """A rollout."""

    fleet: str
    region: str
    started: int
    """Seconds since 1970."""
    waves: tuple[PlannedWave, ...]

    @property
    def sites(self) -> Iterator[PlannedSite]:
        """The sites of all waves, in their order."""
        return (site for wave in self.waves for site in wave.sites)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a site shall run, and what leads to it now."""

    release: str
    """The release that it shall run, ``sha256:<hex>``."""
    current: str = ""
    """The release that its pointer names now; empty without a pointer."""
    sequence: int = 0
    """Of its pointer now."""
    signed: int = 0
    """The highest sequence that was ever signed for it: pointers that no rollout used are among them."""


def plan(fleet: Fleet, targets: Mapping[str, Target], started: int, superseded: Plan | None = None) -> Plan:
    """The rollout of the releases `targets` over the sites of `fleet`.

    Args:
        fleet: its sites, waves and policy.
        targets: dict[site -> what it shall run].
        started: seconds since 1970.
        superseded: the rollout that had not ended. Its sites are proven by nothing yet: they stay in the
            waves, also where they have the release already, and go back to where that rollout began.
    """
    before = {site.name: site for site in superseded.sites} if superseded else {}
    waves = [(wave.name, wave.sites) for wave in fleet.waves]
    taken = {name for _, names in waves for name in names}
    if left := tuple(name for name in fleet.sites if name not in taken):
        waves.append((OTHERS if waves else ALL, left))
    policies: Sequence[Policy] = (*fleet.rollout.waves, fleet.rollout)
    return Plan(
        fleet=fleet.name,
        region=fleet.region,
        started=started,
        waves=tuple(
            _wave(name, sites, merged(fleet.rollout, policy))
            for (name, names), policy in zip(waves, policies, strict=False)
            if (sites := tuple(_sites(fleet, names, targets, before)))
        ),
    )


def _sites(
    fleet: Fleet, names: Sequence[str], targets: Mapping[str, Target], before: Mapping[str, PlannedSite]
) -> Iterator[PlannedSite]:
    for name in names:
        target = targets.get(name)
        if target is None or (target.release == target.current and name not in before):
            continue
        spec, former = fleet.sites[name], before.get(name)
        sequence = max(target.signed, target.sequence) + 1
        is_moved = former is not None and target.sequence == former.sequence
        previous = former.previous if former is not None and is_moved else target.current
        yield PlannedSite(
            name=name,
            nodes=tuple(spec.nodes),
            group=fleet.provenance.members[name].group or "",
            link=spec.link.class_,
            timezone=spec.timezone,
            sequence=sequence,
            release=target.release,
            back=sequence + 1 if previous else 0,
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
