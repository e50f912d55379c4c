"""`edgefleet preview`, `up`, `refresh` and `destroy`: show the changes, ask, apply, show the result."""

from collections.abc import Callable
from dataclasses import replace
from inspect import signature

import typer

from edgefleet.commands import options, screen
from edgefleet.commands.emulator import check_emulated, settle
from edgefleet.commands.engine_run import Request, Run, prepare, report_result, show
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.selection import Selector, selecting
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack_store import opened
from edgefleet.engine.api import Options
from edgefleet.errors import OutsideFailure, Refused
from edgefleet.model.steps import Operation
from edgefleet.report.human import counted
from edgefleet.report.plan_view import View
from edgefleet.site import ledger

QUESTIONS: dict[Operation, str] = {
    "up": "apply these changes?",
    "refresh": "update the recorded state?",
    "destroy": "destroy all of this?",
}


def _command(operation: Operation, help_: str, *options_: str) -> Callable[..., None]:
    """The command of `operation`: the options of every run, and those named in `options_`."""

    def command(  # noqa: PLR0913 - one parameter an option
        context: typer.Context,
        *,
        stack: options.Stack,
        engine: options.WantedEngine = "auto",
        which: Selector,
        json: options.Json = None,
        all_: options.All = False,
        parallel: options.Parallel = 16,
        refresh: options.Refresh = False,
        clear_pending: options.ClearPending = False,
        detailed_exitcode: options.DetailedExitCode = False,
        yes: options.Yes = False,
    ) -> None:
        session = session_of(context)
        run = Options(
            stack=stack,
            project=session.project,
            refresh=refresh,
            clear_pending=clear_pending,
            parallel=parallel,
        )
        request = Request(
            options=run, which=which, engine=engine, json=json, is_all=all_, is_detailed=detailed_exitcode
        )
        if operation == "preview":
            preview_stack(session, request)
        else:
            change(session, operation, request, is_agreed=yes)

    whole = signature(command)
    left_out = {"refresh", "clear_pending", "detailed_exitcode", "yes"} - set(options_)
    kept = [parameter for name, parameter in whole.parameters.items() if name not in left_out]
    command.__signature__ = whole.replace(parameters=kept)  # type: ignore[attr-defined]  # read by typer
    command.__doc__ = help_
    return selecting(command)


preview = _command(
    "preview", "Show what up would do, site by site; nothing is changed.", "refresh", "detailed_exitcode"
)
up = _command("up", "Preview, ask, then apply.", "refresh", "detailed_exitcode", "yes")
refresh = _command(
    "refresh",
    "Update the recorded state to match reality.\n\nNothing outside the state is changed.",
    "clear_pending",
    "yes",
)
destroy = _command(
    "destroy",
    "Remove everything that the stack created.\n\nImages are removed with all their versions.",
    "yes",
)


def preview_stack(session: Session, request: Request) -> None:
    """Show what up would do."""

    def body(place: JsonFile) -> View:
        run = prepare(session, "preview", request)
        note = check_emulated(session, run.fleet, "preview", request.options.stack)
        view = run.see("preview", notes=(note,) if note else (), refresh=bool(note))
        show(session, place, view, is_all=request.is_all)
        return view

    report_result(session, "preview", request, body)


def change(session: Session, operation: Operation, request: Request, *, is_agreed: bool) -> None:
    """Run an operation that changes something, after asking."""

    def body(place: JsonFile) -> View:
        if not is_agreed:
            _require_terminal(session, operation, request)
        run = prepare(session, operation, request)
        note = check_emulated(session, run.fleet, operation, request.options.stack)
        notes = (note,) if note else ()
        is_needed = bool(note) and operation == "up"
        if not is_agreed:
            declined = _ask(run, operation, place, notes)
            if declined is not None:
                return declined
        view = run.see(operation, notes=notes, refresh=is_needed)
        if view.result == "succeeded" and (is_needed or operation != "up"):
            settle(session)
        if view.result == "succeeded" and operation != "refresh":
            _forget(run, operation, view)
        show(session, place, view, is_all=request.is_all)
        return view

    report_result(session, operation, request, body)


def _forget(run: Run, operation: Operation, view: View) -> None:
    """Drop the acknowledgements of removed sites; without a bucket there are none.

    A destroy that removes every acknowledged site also removes the file of acknowledgements.
    """
    removed = {site.name for site in view.of("gone")}
    if run.fleet is None or not removed:
        return
    try:
        store = opened(run.session, run.fleet)
        sites = ledger.read(store).keys()
        if operation == "destroy" and sites <= removed:
            ledger.remove(store)
        elif removed & sites:
            ledger.forget(store, removed)
    except OutsideFailure as error:
        if error.problem.code != "NoSuchBucket":
            raise


def _require_terminal(session: Session, operation: Operation, request: Request) -> None:
    """Refuse to wait for an answer that cannot come."""
    if not session.is_interactive:
        run = f"-s {request.options.stack}{request.which}"
        look = f"see edgefleet preview {run}, then " if operation == "up" else ""
        raise Refused.at(
            "",
            "not-a-terminal",
            f"{operation} asks before it changes anything, but stdin is not a terminal",
            f"{look}run edgefleet {operation} {run} -y",
        )


def _ask(run: Run, operation: Operation, place: JsonFile, notes: tuple[str, ...]) -> View | None:
    """Show the changes and ask; the view to end with if they are declined or there are none."""
    session = run.session
    if operation == "up":
        planned = run.see("preview", notes=notes, refresh=bool(notes))
        show(session, place, replace(planned, is_asked=True), is_all=run.request.is_all)
        if planned.result != "succeeded" or not planned.has_changes:
            return planned
    else:
        _announce(run, operation)
    if screen.agrees(session, QUESTIONS[operation]):
        return None
    screen.remark(session, "cancelled; nothing was changed")
    return _unchanged(run, operation)


def _unchanged(run: Run, operation: Operation) -> View:
    fleet = run.fleet
    return View(
        engine=run.engine.name,
        stack=run.request.options.stack,
        operation=operation,
        result="cancelled",
        fleet=fleet.name if fleet else "",
        region=fleet.region if fleet else "",
        seconds=0,
        at=run.session.now(),
    )


def _announce(run: Run, operation: Operation) -> None:
    if not run.before:
        name = run.request.options.stack
        screen.remark(run.session, f"{operation} {name}: its resources, among which are no sites")
        return
    sites = counted(len(run.request.options.targets or run.before), "site")
    stores = ", ".join(sorted({site.store for site in run.before.values()}))
    extent = (
        f"and all versions of their images in {stores}"
        if operation == "destroy"
        else "are compared with the recorded state"
    )
    screen.remark(run.session, f"{operation} {run.request.options.stack}: {sites} {extent}")
