"""Running an engine for a stack: progress on stderr, the result as text and JSON, the exit code."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import typer

from edgefleet.commands import last_preview, removed_rows, screen, stack
from edgefleet.commands.acknowledged import waiting
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.session import EngineName, Session
from edgefleet.commands.state_sites import Recorded, engine_of, recorded
from edgefleet.engine.api import Engine, Options
from edgefleet.errors import EdgefleetError, InvalidInput, Refused
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.steps import Operation, Outcome, Result
from edgefleet.report import document, site_changes, text
from edgefleet.report.plan_view import View
from edgefleet.report.progress import progress

DOING: dict[Operation, str] = {
    "preview": "planning",
    "up": "bringing up",
    "refresh": "looking at",
    "destroy": "destroying",
}
CODES: dict[Result, int] = {"succeeded": 0, "failed": 2, "refused": 3, "cancelled": 130}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The options of a run."""

    stack: str
    engine: EngineName = "auto"
    targets: tuple[str, ...] = ()
    """Names of sites."""
    json: Path | None = None
    is_all: bool = False
    refresh: bool = False
    clear_pending: bool = False
    parallel: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An engine, ready to run for one stack."""

    session: Session
    request: Request
    engine: Engine
    fleet: Fleet | None
    """`None` where the fleet file is not needed and is missing or invalid."""
    before: dict[str, Recorded]
    """dict[site -> as recorded] before this run."""

    def see(self, operation: Operation, *, notes: tuple[str, ...] = (), refresh: bool = False) -> View:
        """Run `operation`; the view of its result."""
        outcome = self._outcome(operation, refresh=refresh or self.request.refresh)
        lost = () if self.fleet is None else tuple(self.before.keys() - self.fleet.sites.keys())
        is_wish = operation in site_changes.WISHES
        pending, note = waiting(self.session, self.fleet, self.before) if is_wish else ((), "")
        seen = site_changes.Seen(
            at=self.session.now(),
            fleet=self.fleet,
            store=self.fleet.images.store if self.fleet else "",
            stood=removed_rows.stood(self.session, self.fleet, lost),
            waiting=pending,
            targets=self.request.targets,
            notes=(*notes, note) if note else notes,
        )
        view = site_changes.view(outcome, seen)
        if operation == "preview":
            last_preview.keep(self.session, view)
        return view

    def _outcome(self, operation: Operation, *, refresh: bool) -> Outcome:
        session, request = self.session, self.request
        total = len(self.fleet.sites) if self.fleet else len(self.before) or None
        title = f"{DOING[operation]} {request.stack} ({self.engine.name} engine)"
        chosen = options(session, request, refresh=refresh)
        if operation != "preview":
            last_preview.forget(session, request.stack)
        with ExitStack() as drawn:
            shown = progress(session.err, title, total, is_animated=session.is_animated)
            drawn.enter_context(shown)
            return self.engine.run(operation, chosen, shown.on_event)


def options(session: Session, request: Request, *, refresh: bool = False) -> Options:
    """The options of an engine for `request`."""
    return Options(
        stack=request.stack,
        project=session.project,
        targets=request.targets,
        refresh=refresh,
        clear_pending=request.clear_pending,
        parallel=request.parallel,
    )


def prepare(session: Session, operation: Operation, request: Request) -> Run:
    """Load the fleet, choose the engine, look at the recorded state.

    Raises:
        InvalidInput: the fleet file is wrong, or a target is no site.
    """
    fleet = _fleet(session, operation, request)
    engine = engine_of(session, request.engine)
    before = recorded(engine, options(session, request))
    if fleet is not None:
        stack.known_sites(fleet, request.targets, also=before)
    return Run(session=session, request=request, engine=engine, fleet=fleet, before=before)


def _fleet(session: Session, operation: Operation, request: Request) -> Fleet | None:
    """The fleet file; to refresh or to destroy, it need not be there."""
    try:
        return stack.load(session.project, request.stack)
    except InvalidInput:
        if operation in {"preview", "up"} or not _is_stack(session, request.stack):
            raise
        return None


def _is_stack(session: Session, name: str) -> bool:
    """Whether a stack without a fleet file is one all the same: it has a configuration of its own."""
    return (
        name in stack.stacks(session.project)
        or (session.project / stack.FOLDER / f"Pulumi.{name}.yaml").exists()
    )


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
        raise typer.Exit(exit_code(view))


def exit_code(view: View) -> int:
    """The exit code of a run that did not succeed: 1 if only the user's input is at fault."""
    is_input = bool(view.problems) and all(problem.code == "input" for problem in view.problems)
    return InvalidInput.exit_code if view.result == "failed" and is_input else CODES[view.result]


def show(session: Session, place: JsonFile, view: View, *, is_all: bool) -> None:
    """Print `view`, unless its JSON takes the place of the text."""
    if not place.is_stdout:
        screen.show(session, text.render(view, is_all=is_all))


def _failed(session: Session, operation: Operation, request: Request, error: EdgefleetError) -> View:
    """The view of a run that could not start."""
    return View(
        engine=request.engine if request.engine != "auto" else "local",
        stack=request.stack,
        operation=operation,
        result="refused" if isinstance(error, Refused) else "failed",
        fleet="",
        region="",
        seconds=0,
        at=session.now(),
        problems=error.problems,
    )
