"""Running an engine for a stack: progress on stderr, the result as text and JSON, the exit code."""

from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import typer

from edgefleet.commands import last_preview, removed_rows, screen, stack
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.rollout_store import cache_of
from edgefleet.commands.selection import Selector
from edgefleet.commands.session import EngineName, Session
from edgefleet.commands.stack_store import opened
from edgefleet.commands.state_sites import Recorded, engine_of, is_recorded, recorded
from edgefleet.engine.api import Engine, Options
from edgefleet.engine.configuration import empty_passphrase
from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Refused
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import shared
from edgefleet.model.rollout_resource import ROLLOUT
from edgefleet.model.steps import Operation, Outcome, Result
from edgefleet.report import document, site_changes, text
from edgefleet.report.plan_view import View
from edgefleet.report.progress import SiteProgress
from edgefleet.rollout.cautions import of_removed
from edgefleet.rollout.pending import Pending, pending, reported
from edgefleet.rollout.publication import foreseen
from edgefleet.rollout.stored import newest
from edgefleet.rollout.stored_statuses import last_contact, node_statuses
from edgefleet.site import ledger

DOING: dict[Operation, str] = {
    "preview": "planning",
    "up": "bringing up",
    "refresh": "looking at",
    "destroy": "destroying",
}
CHANGED = 2
"""With `--detailed-exitcode`: done, and there are changes; as Terraform has it, failures are 1 then."""
CODES: dict[Result, int] = {"succeeded": 0, "failed": 2, "refused": 3, "cancelled": 130}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The options of a run."""

    options: Options
    """`prepare` sets its targets, names of sites."""
    which: Selector
    engine: EngineName = "auto"
    json: Path | None = None
    is_all: bool = False
    is_detailed: bool = False
    """Whether the exit code states if there are changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An engine, ready to run for one stack."""

    session: Session
    request: Request
    engine: Engine
    fleet: Fleet | None
    """`None` where the program has no fleet file, or a run that does without it finds it invalid."""
    before: dict[str, Recorded]
    """dict[site -> as recorded] before this run."""

    def see(self, operation: Operation, *, notes: tuple[str, ...] = (), refresh: bool = False) -> View:
        """Run `operation`; the view of its result."""
        outcome = self._outcome(operation, refresh=refresh or self.request.options.refresh)
        lost = () if self.fleet is None else tuple(sorted(self.before.keys() - self.fleet.sites.keys()))
        waiting, note = self._waiting(operation)
        weak = empty_passphrase(self.session.project, self.session.environment)
        seen = site_changes.Seen(
            at=self.session.now(),
            fleet=self.fleet,
            store=self.fleet.images.store if self.fleet else "",
            recorded=self.before,
            stood=removed_rows.stood(self.session, self.fleet, lost),
            waiting=waiting,
            targets=frozenset(self.request.options.targets),
            which=str(self.request.which),
            notes=tuple(filter(None, (*notes, note, *self._removed(operation, lost), weak))),
        )
        view = site_changes.view(outcome, seen)
        view = self._with_rollout(view)
        if operation == "preview" and self.fleet is not None:
            last_preview.keep(self.session, view)
        return view

    def _removed(self, operation: Operation, lost: Iterable[str]) -> tuple[str, ...]:
        """Notes on the rows that are removed."""
        if self.fleet is None or operation not in site_changes.WISHES or not lost:
            return ()
        heard: dict[str, timedelta] = {}
        if self.fleet.channel is not None:
            try:
                store = opened(self.session, self.fleet)
                times = {name: last_contact(store, name) for name in lost}
            except OutsideFailure as error:
                return (f"whether removed sites still report is unknown: {error.problem}",)
            heard = {name: self.session.now() - at for name, at in times.items() if at is not None}
        return of_removed(self.fleet, {name: self.before[name].generation for name in lost}, heard)

    def _waiting(self, operation: Operation) -> tuple[tuple[Pending, ...], str]:
        """The sites that wait now, and a note if the acknowledgements cannot be read: a run does without."""
        if self.fleet is None or operation not in site_changes.WISHES:
            return (), ""
        now = self.before if operation == "preview" else recorded(self.engine, self.request.options)
        if not now:
            return (), ""
        wanted = {name: site.wanted for name, site in now.items() if name in self.fleet.sites and site.wanted}
        try:
            store = opened(self.session, self.fleet)
            acknowledged = ledger.digests(store)
            seen = node_statuses(store, wanted, cache_of(self.session, store)) if wanted else {}
        except OutsideFailure as error:
            return (), f"pending visits are unknown: {error.problem}"
        present = {name: site for name, site in now.items() if name in self.fleet.sites}
        desired = {name: site.digests for name, site in present.items()}
        times = {
            name: dict.fromkeys(site.digests, site.modified)
            for name, site in present.items()
            if site.modified is not None
        }
        return pending(desired, times, acknowledged, reported(wanted, seen)), ""

    def _with_rollout(self, view: View) -> View:
        """A preview with what its `up` would do to rollouts, as the store has them."""
        if self.fleet is None or self.fleet.channel is None or view.operation != "preview":
            return view
        if self.request.options.targets:
            note = "releases are stored, and no pointer moves: the run is limited to some sites"
            return replace(view, waves=(), notes=(note, *view.notes))
        if any(step.type == ROLLOUT and step.op == "same" for step in view.steps):
            return replace(view, waves=())
        try:
            running = newest(opened(self.session, self.fleet))
        except OutsideFailure as error:
            note = f"whether a rollout is under way is unknown: {error.problem}"
            return replace(view, notes=(note, *view.notes))
        moved, note = (None, "") if running is None else foreseen(running, self._releases(view))
        waves = view.waves if moved is None else tuple(site_changes.waves_of(self.fleet, moved))
        return replace(view, waves=waves, notes=(*filter(None, [note]), *view.notes))

    def _releases(self, view: View) -> dict[str, str | None]:
        """dict[site -> its release after the `up`]; `None` where that is not known."""
        recorded = {name: site.release for name, site in self.before.items()}
        planned = {row.name: row.release.new for row in view.sites if row.release is not None}
        gone = {row.name for row in view.of("gone")}
        return {name: of for name, of in (recorded | planned).items() if name not in gone}

    def _outcome(self, operation: Operation, *, refresh: bool) -> Outcome:
        session, request = self.session, self.request
        total = self._extent(operation)
        title = f"{DOING[operation]} {request.options.stack} ({self.engine.name} engine)"
        chosen = replace(
            request.options, refresh=refresh, targets=tuple(map(self._target, request.options.targets))
        )
        if operation != "preview":
            last_preview.forget(session, request.options.stack)
        with ExitStack() as entered:
            if self.fleet is not None:
                file = stack.fleet_file(session.project, request.options.stack)
                entered.enter_context(shared(file, self.fleet))
            drawn = SiteProgress(session.err, title, total, is_animated=session.is_animated)
            shown = entered.enter_context(drawn)
            return self.engine.run(operation, chosen, shown.on_event)

    def _extent(self, operation: Operation) -> int | None:
        """The number of sites that the engine reports on; `None` where only the program knows it."""
        if operation not in site_changes.WISHES:
            return len(self.request.options.targets or self.before) or None
        return None if self.fleet is None else len(self.fleet.sites.keys() | self.before)

    def _target(self, site: str) -> str:
        """The resource of a site: its URN, or before it has one a pattern, as a `Fleet` may have any name.

        A program without a fleet file names its resources itself.
        """
        new = site if self.fleet is None else f"**::*/{site}"
        return self.before[site].urn if site in self.before else new


def prepare(session: Session, operation: Operation, request: Request) -> Run:
    """Load the fleet, choose the engine, look at the recorded state.

    Raises:
        InvalidInput: the fleet file is wrong, or a target is no site.
    """
    engine = engine_of(session, request.engine)
    fleet = _fleet(session, operation, engine, request.options)
    before = recorded(engine, request.options)
    targets = _targets(request.which, fleet, before)
    request = replace(request, options=replace(request.options, targets=targets))
    return Run(session=session, request=request, engine=engine, fleet=fleet, before=before)


def _targets(which: Selector, fleet: Fleet | None, before: Collection[str]) -> tuple[str, ...]:
    """Names of the chosen sites; a program without a fleet file names its resources itself."""
    if fleet is not None or not which:
        return which.sites(fleet, also=before) if fleet and which else ()
    if which.group or which.label or which.wave:
        problem = "there is no valid fleet file to look up groups, labels and waves in"
        raise InvalidInput.at("", "no-fleet-file", problem, "name the sites with --target")
    known = which.named(before)
    return (*known, *(target for target in which.target if not Selector(target=(target,)).named(known)))


def _fleet(session: Session, operation: Operation, engine: Engine, options: Options) -> Fleet | None:
    """The fleet file of the stack; `None` if its program has none, or a refresh or destroy does without."""
    if options.stack not in stack.stacks(session.project) and _is_stack(session, engine, options):
        return None
    try:
        return stack.load(session.project, options.stack)
    except InvalidInput:
        if operation in site_changes.WISHES or options.stack not in stack.stacks(session.project):
            raise
        return None


def _is_stack(session: Session, engine: Engine, options: Options) -> bool:
    """Whether a stack without a fleet file exists: it has a configuration or a state of its own."""
    file = f"Pulumi.{options.stack}.yaml"
    if any((session.project / folder / file).exists() for folder in (".", stack.FOLDER)):
        return True
    return (session.project / stack.PROJECT).exists() and is_recorded(engine, options)


def report_result(
    session: Session, operation: Operation, request: Request, body: Callable[[JsonFile], View]
) -> None:
    """Run `body`, write the JSON of its result or error, and exit with the result's code."""
    place = JsonFile.to(session, request.json)
    try:
        view = body(place)
    except EdgefleetError as error:
        place.write(document.document(_failed(session, operation, request, error)))
        raise
    place.write(document.document(view, is_all=request.is_all))
    if view.result != "succeeded":
        screen.show_problems(session, view.problems)
        raise typer.Exit(exit_code(view, is_detailed=request.is_detailed))
    if request.is_detailed and view.has_changes:
        raise typer.Exit(CHANGED)


def exit_code(view: View, *, is_detailed: bool = False) -> int:
    """The exit code of a run that did not succeed: 1 if only the user's input is at fault."""
    is_input = is_detailed or (
        bool(view.problems) and all(problem.code == "input" for problem in view.problems)
    )
    return InvalidInput.exit_code if view.result == "failed" and is_input else CODES[view.result]


def show(session: Session, place: JsonFile, view: View, *, is_all: bool) -> None:
    """Print `view`, unless its JSON takes the place of the text."""
    if not place.is_stdout:
        screen.show(session, text.render(view, is_all=is_all, worded=session.out.worded))


def _failed(session: Session, operation: Operation, request: Request, error: EdgefleetError) -> View:
    """The view of a run that could not start."""
    return View(
        engine=request.engine if request.engine != "auto" else "local",
        stack=request.options.stack,
        operation=operation,
        result="refused" if isinstance(error, Refused) else "failed",
        fleet="",
        region="",
        seconds=0,
        at=session.now(),
        problems=error.problems,
    )
