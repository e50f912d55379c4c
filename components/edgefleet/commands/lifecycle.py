"""`edgefleet preview`, `up`, `refresh` and `destroy`: show the changes, ask, apply, show the result."""

import typer

from edgefleet.commands import acknowledged, options, screen
from edgefleet.commands.emulated_cloud import check_emulated, settle
from edgefleet.commands.engine_run import Request, Run, prepare, report_result, show
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.session import Session, session_of
from edgefleet.errors import OutsideFailure, Problem, Refused
from edgefleet.model.steps import Operation
from edgefleet.report.human import counted
from edgefleet.report.plan_view import View

QUESTIONS: dict[Operation, str] = {
    "up": "apply these changes?",
    "refresh": "update the recorded state?",
    "destroy": "destroy all of this?",
}


def preview(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: options.Stack,
    engine: options.WantedEngine = "auto",
    target: options.Targets = None,
    json: options.Json = None,
    all_: options.All = False,
    parallel: options.Parallel = 16,
    refresh: options.Refresh = False,
) -> None:
    """Show what up would do, site by site; nothing is changed."""
    request = Request(
        stack=stack,
        engine=engine,
        targets=tuple(target or ()),
        json=json,
        is_all=all_,
        parallel=parallel,
        refresh=refresh,
    )
    preview_stack(session_of(context), request)


def up(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: options.Stack,
    engine: options.WantedEngine = "auto",
    target: options.Targets = None,
    json: options.Json = None,
    all_: options.All = False,
    parallel: options.Parallel = 16,
    refresh: options.Refresh = False,
    yes: options.Yes = False,
) -> None:
    """Preview, ask, then apply."""
    request = Request(
        stack=stack,
        engine=engine,
        targets=tuple(target or ()),
        json=json,
        is_all=all_,
        parallel=parallel,
        refresh=refresh,
    )
    change(session_of(context), "up", request, is_agreed=yes)


def refresh(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: options.Stack,
    engine: options.WantedEngine = "auto",
    target: options.Targets = None,
    json: options.Json = None,
    all_: options.All = False,
    parallel: options.Parallel = 16,
    clear_pending: options.ClearPending = False,
    yes: options.Yes = False,
) -> None:
    """Update the recorded state to match reality.

    Nothing outside the state is changed.
    """
    request = Request(
        stack=stack,
        engine=engine,
        targets=tuple(target or ()),
        json=json,
        is_all=all_,
        parallel=parallel,
        clear_pending=clear_pending,
    )
    change(session_of(context), "refresh", request, is_agreed=yes)


def destroy(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: options.Stack,
    engine: options.WantedEngine = "auto",
    target: options.Targets = None,
    json: options.Json = None,
    all_: options.All = False,
    parallel: options.Parallel = 16,
    yes: options.Yes = False,
) -> None:
    """Remove everything that the stack created.

    Images are removed with all their versions.
    """
    request = Request(
        stack=stack,
        engine=engine,
        targets=tuple(target or ()),
        json=json,
        is_all=all_,
        parallel=parallel,
    )
    change(session_of(context), "destroy", request, is_agreed=yes)


def preview_stack(session: Session, request: Request) -> None:
    """Show what up would do."""

    def body(place: JsonFile) -> View:
        run = prepare(session, "preview", request)
        note = check_emulated(session, run.fleet, "preview", request.stack)
        view = run.see("preview", notes=(note,) if note else (), refresh=bool(note))
        show(session, place, view, is_all=request.is_all)
        return view

    report_result(session, "preview", request, body)


def change(session: Session, operation: Operation, request: Request, *, is_agreed: bool) -> None:
    """Run an operation that changes something, after asking."""

    def body(place: JsonFile) -> View:
        if not is_agreed:
            _require_terminal(session, operation, request.stack)
        run = prepare(session, operation, request)
        note = check_emulated(session, run.fleet, operation, request.stack)
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
        sites = acknowledged.read(run.session, run.fleet).keys()
        if operation == "destroy" and sites <= removed:
            acknowledged.remove(run.session, run.fleet)
        elif removed & sites:
            acknowledged.forget(run.session, run.fleet, removed)
    except OutsideFailure as error:
        if error.problem.code != "NoSuchBucket":
            raise


def _require_terminal(session: Session, operation: Operation, stack: str) -> None:
    """Refuse to wait for an answer that cannot come.

    Raises:
        Refused: stdin is no terminal.
    """
    if not session.is_interactive:
        look = f"see edgefleet preview -s {stack}, then " if operation == "up" else ""
        raise Refused(
            Problem(
                code="nobody-to-ask",
                problem=f"{operation} asks before it changes anything, but stdin is not a terminal",
                hint=f"{look}run edgefleet {operation} -s {stack} -y",
            )
        )


def _ask(run: Run, operation: Operation, place: JsonFile, notes: tuple[str, ...]) -> View | None:
    """Show the changes and ask; the view to end with if they are declined or there are none."""
    session = run.session
    if operation == "up":
        planned = run.see("preview", notes=notes, refresh=bool(notes))
        show(session, place, planned, is_all=run.request.is_all)
        if planned.result != "succeeded" or not planned.has_changes:
            return planned
    else:
        _announce(run, operation)
    if screen.agrees(session, QUESTIONS[operation]):
        return None
    screen.say(session, "cancelled; nothing was changed")
    return _unchanged(run, operation)


def _unchanged(run: Run, operation: Operation) -> View:
    fleet = run.fleet
    return View(
        engine=run.engine.name,
        stack=run.request.stack,
        operation=operation,
        result="cancelled",
        fleet=fleet.name if fleet else "",
        region=fleet.region if fleet else "",
        seconds=0,
        at=run.session.now(),
    )


def _announce(run: Run, operation: Operation) -> None:
    sites = counted(len(run.request.targets or run.before), "site")
    extent = (
        "and all versions of their images"
        if operation == "destroy"
        else "are compared with the recorded state"
    )
    screen.say(run.session, f"{operation} {run.request.stack}: {sites} {extent}")
