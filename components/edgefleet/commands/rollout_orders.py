"""`edgefleet rollout pause|resume|promote|rollback`: a person's orders, which the log keeps."""

from typing import Annotated

import typer

from edgefleet.commands import options
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.rollout import stepped
from edgefleet.commands.rollout_store import RolloutStore, Stack, Uri
from edgefleet.commands.screen import show
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import nearest
from edgefleet.errors import InvalidInput
from edgefleet.report import rollout_status as report
from edgefleet.rollout.history import Entry
from edgefleet.rollout.orders import Order
from edgefleet.rollout.stepping import give

LONGEST = 500
"""Characters of a reason."""
Reason = Annotated[
    str | None,
    typer.Option("--reason", metavar="TEXT", help="Why; the log keeps it. A terminal asks for it."),
]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who; default: the user, of $USER or $LOGNAME.")
]


def pause(
    context: typer.Context,
    *,
    stack: Stack = None,
    store: Uri = None,
    reason: Reason = None,
    by: By = None,
) -> None:
    """Move nothing further until a person decides."""
    book = RolloutStore.of(context, stack, store)
    _give(book, "paused", reason, by)


def resume(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: Stack = None,
    store: Uri = None,
    reason: Reason = None,
    by: By = None,
    json: options.Json = None,
) -> None:
    """Go on, and wait again for sites that have not reported.

    Sites that failed so far count no more.
    """
    place = JsonFile.to(session_of(context), json)
    book = RolloutStore.of(context, stack, store)
    _give(book, "resumed", reason, by)
    stepped(book, place)


def promote(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    wave: Annotated[
        str | None, typer.Argument(metavar="[WAVE]", help="An opened wave; default: the last one.")
    ] = None,
    *,
    stack: Stack = None,
    store: Uri = None,
    all_waves: Annotated[
        bool,
        typer.Option("--all-waves", help="Open all waves at once, outside of windows and on frozen days."),
    ] = False,
    reason: Reason = None,
    by: By = None,
    json: options.Json = None,
) -> None:
    """Begin the next wave, whatever this one reports.

    Sites that failed so far count no more. With --all-waves the budgets still hold.
    """
    place = JsonFile.to(session_of(context), json)
    book = RolloutStore.of(context, stack, store)
    if wave is not None and all_waves:
        raise InvalidInput.at("", "promote", "a wave is named beside --all-waves", "leave one of them out")
    _give(book, "skipped" if all_waves else "promoted", reason, by, wave or "")
    stepped(book, place)


def rollback(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: Stack = None,
    store: Uri = None,
    reason: Reason = None,
    by: By = None,
    json: options.Json = None,
) -> None:
    """Take all sites with the release back, whatever the hour."""
    place = JsonFile.to(session_of(context), json)
    book = RolloutStore.of(context, stack, store)
    _give(book, "rolledBack", reason, by)
    stepped(book, place)


def _give(book: RolloutStore, action: Order, reason: str | None, by: str | None, wave: str = "") -> None:
    """Write an order into the log, and show it.

    Raises:
        Refused: it does not fit how far the rollout is.
    """
    waves = [of.name for of in book.newest().plan.waves]
    if wave and wave not in waves:
        raise InvalidInput.at("", "unknown-wave", f"there is no wave {wave!r}", nearest(wave, waves))
    session = book.session
    entry = Entry(
        at=book.now,
        action=action,
        by=by or _user(session),
        wave=wave,
        reason=(reason or _asked(session))[:LONGEST],
    )
    show(session, report.log((give(book.store, entry, action, book.cache),)))


def _user(session: Session) -> str:
    name = session.environment.get("USER") or session.environment.get("LOGNAME") or ""
    if not name:
        raise InvalidInput.at("", "no-person", "nobody is named who orders it", "name one: --by NAME")
    return name[:LONGEST]


def _asked(session: Session) -> str:
    """The reason that a person types."""
    text = ""
    if session.is_interactive:
        session.err.print("reason: ", end="", markup=False, highlight=False)
        text = session.stdin.readline(LONGEST).strip()
    if not text:
        raise InvalidInput.at("", "no-reason", "no reason is given", "the log keeps it: --reason TEXT")
    return text
