"""From an engine's steps to a view: every site with its outcome, equal changes grouped."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from edgefleet.choosing import advice
from edgefleet.choosing.figures import figures
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.changes import SiteChange, grouped
from edgefleet.model.differ import Change
from edgefleet.model.effects import Effect
from edgefleet.model.kubernetes import at
from edgefleet.model.paths import format_path, parse_path
from edgefleet.model.rollout_resource import ROLLOUT
from edgefleet.model.schedules import seconds_of
from edgefleet.model.site_resource import ROSTER, TOKEN, site_of
from edgefleet.model.stack_secrets import secrets_used
from edgefleet.model.steps import STACK, Operation, Outcome, Result, Step
from edgefleet.report import problems
from edgefleet.report.plan_view import Group, Row, Shared, SiteOutcome, View, WaveShare
from edgefleet.report.presenters import CHANGING, KUBERNETES, is_site, present
from edgefleet.rollout import cautions
from edgefleet.rollout.pending import Pending
from edgefleet.rollout.targets import targets_of
from edgefleet.site.capacity import MediumUsage, medium_usages, tight
from edgefleet.site.load import Loads, Usage
from edgefleet.workloads.base.edge import SITE
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.composing import EDGE
from edgefleet.workloads.differences import ObjectChange
from edgefleet.workloads.origins import field_of

INTERNAL = frozenset({"edgefleet:index:Fleet", "edgefleet:index:ControlPlane", ROSTER, ROLLOUT})
"""Types of resources that stand for what others are."""
REVOCATIONS = "edgefleet:aws:Crl"
"""Type of the list of revoked certificates."""
OUTCOME_OF: dict[Effect, SiteOutcome] = {
    Effect.REFLASH: "reflash",
    Effect.RESTART: "restart",
    Effect.LIVE: "live",
    Effect.NONE: "none",
}
"""In the order of sections."""
WISHES = frozenset({"preview", "up"})
"""Operations that look at the fleet file."""
LOSING = frozenset({"delete", "replace"})
"""Operations after which a resource is gone; these come first."""
WARNINGS = 5
"""Warnings of the engine that are shown; equal ones count once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The inputs of a view beside the engine's outcome."""

    at: datetime
    fleet: Fleet | None = None
    """The fleet file; `None` if it is not needed or was removed."""
    store: str = ""
    """URI of the image store."""
    stood: Mapping[str, str] = field(default_factory=dict)
    """dict[removed site -> ``file:line`` where its row was], as far as known."""
    recorded: Collection[str] = ()
    """Sites that the state had before the run, in its order."""
    waiting: tuple[Pending, ...] = ()
    targets: frozenset[str] = frozenset()
    which: str = ""
    """The options that chose the targets."""
    notes: tuple[str, ...] = ()


def view(outcome: Outcome, seen: Seen) -> View:
    """The view of `outcome`."""
    steps = {site_of(step.name): step for step in outcome.steps if is_site(step) and not step.is_remains}
    run = SiteRun(
        rows={name: present(step) for name, step in steps.items()},
        operation=outcome.operation,
        result=outcome.result,
    )
    fleet, region = _names(steps, seen)
    sites = (*_gone(run, seen), *_present(run, seen))
    asks = seen.fleet if outcome.operation in WISHES else None
    groups = tuple(_groups(run, seen))
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
        groups=groups,
        waves=tuple(() if asks is None else waves_of(asks, [row.name for row in sites if _is_moved(row)])),
        others=tuple(sorted(_others(outcome, asks), key=lambda row: row.op not in LOSING)),
        remains=tuple(sorted(site_of(step.name) for step in outcome.steps if step.is_remains)),
        pending=seen.waiting,
        shared=tuple(_shared(asks)),
        unlocked=_unlocked(asks),
        media=_media(asks),
        capacity=tuple(_capacity(asks, sites, outcome)),
        advice=_advice(asks if outcome.operation == "preview" else None, sites),
        store=seen.store or _store(steps),
        problems=tuple(problems.diagnosed(outcome.diagnostics)),
        which=seen.which,
        notes=(*seen.notes, *_cautions(outcome, asks, groups), *_warnings(outcome)),
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
    file, line, _ = problems.split(where)
    return f"{file}:{line}" if line else file


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRun:
    """The steps of an engine for the sites."""

    rows: dict[str, Row]
    """dict[site -> its row]."""
    operation: Operation
    result: Result


def _gone(run: SiteRun, seen: Seen) -> Iterator[Row]:
    for name, row in sorted(run.rows.items()):
        if row.op == "delete":
            yield replace(row, outcome="gone", where=seen.stood.get(name, ""))


def _present(run: SiteRun, seen: Seen) -> Iterator[Row]:
    """The sites that stay, in the fleet file's order; those only in the state come last.

    A refresh and a destroy are about what the state had. A run that ends early leaves removed sites in place.
    """
    names = tuple(seen.fleet.sites) if seen.fleet else ()
    if run.operation not in WISHES:
        names = tuple(name for name in names if name in seen.recorded)
    left = () if run.result == "succeeded" and not seen.targets else seen.recorded
    for name in dict.fromkeys((*names, *run.rows, *left)):
        row = run.rows.get(name)
        if row is None:
            yield Row(kind=TOKEN, name=name, op="same", outcome=_missed(name, seen, run))
        elif row.op != "delete":
            where = line_of(seen.fleet.locate(name, "")) if seen.fleet and row.op != "same" else ""
            yield replace(row, outcome=_outcome(row, seen), where=where)


def _missed(name: str, seen: Seen, run: SiteRun) -> SiteOutcome:
    """Why a site has no step."""
    if seen.targets and name not in seen.targets:
        return "untargeted"
    is_whole = run.result == "succeeded" and run.operation in {"refresh", "destroy"}
    return "unchanged" if is_whole else "unreached"


def _outcome(row: Row, seen: Seen) -> SiteOutcome:
    if row.op in CHANGING:
        return OUTCOME_OF[row.effect]
    if row.op in {"create", "import"}:
        return "new"
    return "untargeted" if seen.targets and row.name not in seen.targets else "unchanged"


def _groups(run: SiteRun, seen: Seen) -> Iterator[Group]:
    """Sites with the same changes, numbered through."""
    changes = (
        SiteChange(
            name=row.name,
            op=row.op,
            effect=row.effect,
            changes=row.values,
            nodes=row.nodes,
            beside=row.objects,
        )
        for row in run.rows.values()
        if row.op in CHANGING
    )
    for number, group in enumerate(grouped(changes), start=1):
        first = run.rows[group.sites[0]]
        yield Group(
            number=number,
            outcome=OUTCOME_OF[group.effect],
            sites=group.sites,
            changes=group.changes,
            objects=located(seen.fleet, first) if seen.fleet else first.objects,
            where=_declared(first, seen),
            is_replaced=group.op == "replace",
        )


def _declared(row: Row, seen: Seen) -> str:
    if seen.fleet is None or not row.values:
        return ""
    return declared(seen.fleet, row.name, row.values[0])


def declared(fleet: Fleet, site: str, change: Change) -> str:
    """``file:line`` that declares the new value of a change; empty where there is none any more."""
    return "" if change.new is None else line_of(fleet.locate(site, change.path))


def located(fleet: Fleet, row: Row) -> tuple[ObjectChange, ...]:
    """The changes of a site's objects with the lines that declare them.

    The line of a value is that of the field with the same change, or of the only field that changes; else,
    and for new objects, it is that of the workload. What was removed has the line of a workload that stays.
    """
    fields: dict[str, list[Change]] = {}
    for change in row.changes:
        match parse_path(change.path):
            case ("workloads", str(name), *_):
                fields.setdefault(name, []).append(change)
    return tuple(
        replace(change, where=_line_of_object(fleet, row.name, change, fields.get(change.workload, ())))
        for change in row.objects
    )


def _line_of_object(fleet: Fleet, site: str, change: ObjectChange, fields: Sequence[Change]) -> str:
    if change.workload not in fleet.workloads:
        return ""
    if change.renews:
        path = format_path(("workloads", change.workload, "secrets", parse_path(change.path)[-1]))
        return line_of(fleet.locate(site, path))
    alike = [each for each in fields if (each.old, each.new) == (change.old, change.new)] or fields
    is_clear = len(alike) == 1 and change.op == "changed"
    path = alike[0].path if is_clear else format_path(("workloads", change.workload))
    return line_of(fleet.locate(site, path))


def waves_of(fleet: Fleet, sites: Iterable[str]) -> Iterator[WaveShare]:
    """The waves by which the channel brings releases to sites; none without a channel."""
    if fleet.channel is None:
        return
    planned = targets_of(fleet, {name: {"digest": None} for name in sites})
    sizes, after = Counter(site.wave for site in planned.sites.values()), 0
    for wave in planned.waves:
        if sizes[wave.name]:
            yield WaveShare(name=wave.name, sites=sizes[wave.name], after=after)
            after += seconds_of(wave.bake or "")


def _is_moved(row: Row) -> bool:
    """Whether a deployed site gets another release."""
    of = row.release
    return row.outcome not in {"new", "gone"} and of is not None and of.old not in {None, of.new}


def _is_touched(step: Step) -> bool:
    return step.op not in {"same", "read", "refresh"} and not step.is_remains


def _others(outcome: Outcome, fleet: Fleet | None) -> Iterator[Row]:
    """Changes beside the sites, without the stack, components and new or removed providers."""
    for step in outcome.steps:
        is_named = _is_touched(step) and not is_site(step) and step.type not in {STACK, *INTERNAL}
        is_provider = step.type.startswith("pulumi:providers:") and step.op not in CHANGING
        if is_named and not is_provider:
            row = present(step)
            yield row if fleet is None else _located_at_hub(fleet, row)


def _located_at_hub(fleet: Fleet, row: Row) -> Row:
    """The row of an object of a workload at the hub, with the lines that declare it and its new values."""
    match row.name.split("/"):
        case [_, "workloads", workload, *_] if row.kind.startswith(KUBERNETES):
            fields = fleet.hub_workloads.get(workload)
        case _:
            return row
    if fields is None:
        return row

    def line(change: ObjectChange) -> str:
        path = field_of(fields, parse_path(change.path)[-1], change.new) if change.path else ()
        return line_of(fleet.locate_workload(workload, path))

    located = tuple(replace(change, where=line(change)) for change in row.objects)
    return replace(row, objects=located, where=line_of(fleet.locate_workload(workload)))


def _shared(fleet: Fleet | None) -> Iterator[Shared]:
    """The secrets of the stack that are in more than one site's images."""
    specs = fleet.sites.values() if fleet else ()
    counts = Counter(used for spec in specs for used in secrets_used(spec).items())
    for (name, what), count in sorted(counts.items()):
        if count > 1:
            yield Shared(name=name, what=what, sites=count)


def _unlocked(fleet: Fleet | None) -> tuple[str, ...]:
    """Versions of k3s that some node runs without a digest from a lock."""
    specs = fleet.sites.values() if fleet else ()
    return tuple(
        sorted(
            {
                spec.k3s.version
                for spec in specs
                if any(node.arch not in spec.k3s.sha256 for node in spec.nodes.values()) and spec.k3s.version
            }
        )
    )


def _media(fleet: Fleet | None) -> tuple[MediumUsage, ...]:
    return tuple(medium_usages(fleet.sites, fleet.lock)) if fleet else ()


def _capacity(fleet: Fleet | None, sites: Iterable[Row], outcome: Outcome) -> Iterator[Usage]:
    """The usage of nodes whose workloads change or are new."""
    if fleet is None:
        return
    loads = Loads(fleet.lock)
    by_hub = {_site_of_object(fleet, step) for step in outcome.steps if _is_touched(step)}
    for row in sites:
        spec = fleet.sites.get(row.name)
        is_asked = row.objects or row.outcome == "new" or row.name in by_hub
        if spec is not None and spec.workloads and is_asked:
            yield loads.of(spec).usage()


def _site_of_object(fleet: Fleet, step: Step) -> str | None:
    """The site of a workload's object in the hub's cluster; that of a removed one is known by its Pods."""
    match step.name.split("/"):
        case [_, "workloads", workload, *_] if step.type.startswith(KUBERNETES):
            place = fleet.hub_workloads.get(workload, {}).get(EDGE)
            name = place["edge"] if place else at(pod_of(step.old_inputs), "nodeSelector", SITE)
            return name if isinstance(name, str) else None
    return None


def _advice(fleet: Fleet | None, sites: Iterable[Row]) -> tuple[advice.SiteAdvice, ...]:
    """The advice for sites that are new or whose nodes get another runtime."""
    if fleet is None:
        return ()
    asking = [
        row.name
        for row in sites
        if row.outcome == "new" or any(change.path.endswith(".runtime") for change in row.changes)
    ]
    return tuple(advice.of_fleet(fleet, figures(), [name for name in asking if name in fleet.sites]))


def _cautions(outcome: Outcome, fleet: Fleet | None, groups: tuple[Group, ...]) -> Iterator[str]:
    if fleet is None:
        return
    ops = {step.op for step in outcome.steps if step.type == REVOCATIONS} - {"same", "delete"}
    if ops and (fleet.revoked or ops != {"create"}):
        sites = ", ".join(
            f"{site} up to key generation {last}" for site, last in sorted(fleet.revoked.items())
        )
        yield f"certificates revoked: {sites or 'none any more'}"
    yield from _of_pointers(outcome)
    yield from cautions.cautions(fleet)
    yield from tight(fleet.sites, fleet.lock)
    yield from cautions.of_versions(change for group in groups for change in group.changes)


def _of_pointers(outcome: Outcome) -> Iterator[str]:
    """What becomes of all pointers at once."""
    for step in outcome.steps:
        if step.type == ROLLOUT and step.op == "delete":
            yield "the channel ends: pointers, rollouts and statuses are removed; nodes keep what they run"
        if step.type == ROLLOUT and {"signKey", "signedUntil"} & {*step.diff}:
            yield "the pointers of all sites are signed again, once no rollout is under way"


def _warnings(outcome: Outcome) -> tuple[str, ...]:
    messages = Counter(item.message.strip() for item in outcome.diagnostics if item.severity == "warning")
    warnings = [
        f"{message} ({count:,} times)" if count > 1 else message
        for message, count in messages.items()
        if message
    ]
    more = [f"{len(warnings) - WARNINGS:,} more warnings"] if len(warnings) > WARNINGS else []
    return (*warnings[:WARNINGS], *more)
