"""From what an engine did to what there is to tell: every site with its fate, equal changes together."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.model.changes import SiteChange, grouped
from edgefleet.model.effects import Effect
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import TOKEN
from edgefleet.model.steps import Operation, Outcome, Result, Step
from edgefleet.report import diagnosing, differences
from edgefleet.report.view import Digests, Fate, Group, Other, Site, View
from edgefleet.rollout.capacity import Filling, fillings
from edgefleet.rollout.pending import Pending

COMPONENTS = frozenset({"edgefleet:index:Fleet", "edgefleet:index:ControlPlane"})
FATE_OF: dict[Effect, Fate] = {
    Effect.REFLASH: "reflash",
    Effect.RESTART: "restart",
    Effect.LIVE: "live",
    Effect.NONE: "none",
}
"""In the order of sections."""
WISHES = frozenset({"preview", "up"})
"""Operations that look at the fleet file."""
WARNINGS = 5
"""Warnings of the engine that are shown; equal ones count once."""


class Described(Protocol):
    """What a report needs of a fleet file; `edgefleet.fleetfile.fleet.Fleet` has it."""

    @property
    def name(self) -> str:
        """Name of the fleet."""
        ...

    @property
    def region(self) -> str:
        """Name of the region."""
        ...

    @property
    def sites(self) -> dict[str, SiteSpec]:
        """dict[site name -> spec], in the file's order."""
        ...

    @property
    def lock(self) -> ArtifactsLock:
        """The artifacts lock beside the file."""
        ...

    def locate(self, site: str, path: str) -> str:
        """``file:line:column`` of a value of a site."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known beside the engine's outcome."""

    at: datetime
    fleet: Described | None = None
    """The fleet file; `None` where it is not needed or not there any more."""
    store: str = ""
    """URI of the image store."""
    stood: Mapping[str, str] = field(default_factory=dict)
    """dict[site that is gone -> ``file:line`` where its row was], as far as that is known."""
    waiting: tuple[Pending, ...] = ()
    targets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def view(outcome: Outcome, seen: Seen) -> View:
    """Everything there is to tell about `outcome`."""
    steps = {step.name: step for step in outcome.steps if step.type == TOKEN and not step.is_remains}
    images = {name: differences.digests(step) for name, step in steps.items()}
    changes = {name: differences.site_change(step, images[name]) for name, step in steps.items()}
    told = Told(
        steps=steps, images=images, changes=changes, operation=outcome.operation, result=outcome.result
    )
    sites = (*_gone(told, seen), *_present(told, seen))
    fleet, region = _names(steps, seen)
    return View(
        engine=outcome.engine,
        stack=outcome.stack,
        operation=outcome.operation,
        result=outcome.result,
        fleet=fleet,
        region=region,
        seconds=outcome.seconds,
        at=seen.at,
        sites=sites,
        groups=tuple(_groups(changes.values(), seen)),
        others=tuple(_others(outcome)),
        remains=tuple(sorted(step.name for step in outcome.steps if step.is_remains)),
        pending=seen.waiting,
        shared=_shared(seen.fleet) if outcome.operation in WISHES else {},
        unlocked=_unlocked(seen.fleet) if outcome.operation in WISHES else (),
        media=_media(seen.fleet) if outcome.operation in WISHES else (),
        store=seen.store or _store(steps),
        problems=tuple(diagnosing.problems(outcome.diagnostics)),
        notes=(*seen.notes, *_warnings(outcome)),
        steps=outcome.steps,
    )


def _names(steps: dict[str, Step], seen: Seen) -> tuple[str, str]:
    if seen.fleet is not None:
        return seen.fleet.name, seen.fleet.region
    inputs = next((step.new_inputs or step.old_inputs for step in steps.values()), {})
    return str(inputs.get("fleet", "")), str(inputs.get("region", ""))


def _store(steps: dict[str, Step]) -> str:
    return next((str(step.new_inputs["store"]) for step in steps.values() if "store" in step.new_inputs), "")


def line_of(where: str) -> str:
    """``file:line`` of ``file:line:column``."""
    file, _, rest = where.partition(":")
    line = rest.split(":")[0]
    return f"{file}:{line}" if line else file


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an engine told of the sites, by their names."""

    steps: dict[str, Step]
    images: dict[str, dict[str, Digests]]
    changes: dict[str, SiteChange]
    operation: Operation
    result: Result


def _gone(told: Told, seen: Seen) -> Iterator[Site]:
    for name in sorted(name for name, step in told.steps.items() if step.op == "delete"):
        yield Site(
            name=name,
            op="delete",
            fate="gone",
            effect=Effect.NONE,
            images=told.images[name],
            where=seen.stood.get(name, ""),
        )


def _present(told: Told, seen: Seen) -> Iterator[Site]:
    """The sites that stay, in the fleet file's order; those only the state knows come last.

    When all was destroyed, sites that were never made are not there either.
    """
    is_empty = told.operation == "destroy" and told.result == "succeeded" and not seen.targets
    for name in dict.fromkeys((*(seen.fleet.sites if seen.fleet and not is_empty else ()), *told.steps)):
        step = told.steps.get(name)
        if step is None:
            yield Site(name=name, op="same", fate=_missed(name, seen, told), effect=Effect.NONE)
        elif step.op != "delete":
            yield Site(
                name=name,
                op=step.op,
                fate=_fate(told.changes[name], seen),
                effect=told.changes[name].effect,
                images=told.images[name],
                unknown_because=differences.unknown_because(step),
                where=line_of(seen.fleet.locate(name, "")) if seen.fleet and step.op != "same" else "",
            )


def _missed(name: str, seen: Seen, told: Told) -> Fate:
    """Why a site of the fleet file has no step."""
    if seen.targets and name not in seen.targets:
        return "untargeted"
    return "unchanged" if told.operation in {"refresh", "destroy"} else "unreached"


def _fate(change: SiteChange, seen: Seen) -> Fate:
    if change.op in differences.CHANGING:
        return FATE_OF[change.effect]
    if change.op in {"create", "import"}:
        return "new"
    return "untargeted" if seen.targets and change.name not in seen.targets else "unchanged"


def _groups(changes: Iterable[SiteChange], seen: Seen) -> Iterator[Group]:
    """Sites with the same changes, numbered through."""
    by_name = {each.name: each for each in changes if each.op in differences.CHANGING}
    for number, group in enumerate(grouped(by_name.values()), start=1):
        yield Group(
            number=number,
            fate=FATE_OF[group.effect],
            sites=group.sites,
            changes=group.changes,
            where=_declared(by_name[group.sites[0]], seen),
            is_replaced=group.op == "replace",
        )


def _declared(change: SiteChange, seen: Seen) -> str:
    if seen.fleet is None or not change.changes:
        return ""
    return line_of(seen.fleet.locate(change.name, change.changes[0].path))


def _others(outcome: Outcome) -> Iterator[Other]:
    """What changes beside the sites; the stack, components and providers that come or go are only names."""
    for step in outcome.steps:
        is_touched = step.op not in {"same", "read", "refresh"} and not step.is_remains
        is_named = is_touched and step.type not in {TOKEN, diagnosing.STACK, *COMPONENTS}
        is_provider = step.type.startswith("pulumi:providers:") and step.op not in differences.CHANGING
        if is_named and not is_provider:
            yield Other(name=step.name, type=step.type, urn=step.urn, op=step.op, diff=step.diff)


def _shared(fleet: Described | None) -> dict[str, int]:
    """dict[Wi-Fi passphrase -> sites], of those in more than one site's images."""
    counts: Counter[str] = Counter()
    for spec in fleet.sites.values() if fleet else ():
        networks = [node.network for node in spec.nodes.values()]
        counts.update({each.wifi.passphrase_secret for each in networks if each.wifi is not None})
    return {name: count for name, count in sorted(counts.items()) if count > 1}


def _unlocked(fleet: Described | None) -> tuple[str, ...]:
    """Versions of k3s that some node runs without a digest from a lock."""
    specs = fleet.sites.values() if fleet else ()
    return tuple(
        sorted(
            {
                spec.k3s.version
                for spec in specs
                if any(node.arch not in spec.k3s.sha256 for node in spec.nodes.values())
            }
        )
    )


def _media(fleet: Described | None) -> tuple[Filling, ...]:
    return tuple(fillings(fleet.sites, fleet.lock)) if fleet else ()


def _warnings(outcome: Outcome) -> tuple[str, ...]:
    messages = Counter(each.message.strip() for each in outcome.diagnostics if each.severity == "warning")
    found = [
        f"{message} ({count:,} times)" if count > 1 else message
        for message, count in messages.items()
        if message
    ]
    more = [f"{len(found) - WARNINGS:,} more warnings"] if len(found) > WARNINGS else []
    return (*found[:WARNINGS], *more)
