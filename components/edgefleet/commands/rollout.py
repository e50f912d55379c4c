"""`edgefleet rollout status|step|history`: the newest rollout of a stack, in its store.

All that they need is the store and the signed pointers in it: a step needs no key.
"""

from typing import Annotated

import typer

from edgefleet.commands import options
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.rollout_store import RolloutStore, Stack, Uri
from edgefleet.commands.screen import show
from edgefleet.commands.session import session_of
from edgefleet.errors import InvalidInput, Refused
from edgefleet.report import rollout_status as report
from edgefleet.report.layout import wrapped
from edgefleet.report.rollout_status import View
from edgefleet.rollout.stepping import advance
from edgefleet.rollout.stored import FOLDER, read, rollouts

Rollout = Annotated[
    str | None, typer.Option("--rollout", metavar="ID", help="Another one than the newest, by its id.")
]


def status(
    context: typer.Context,
    *,
    stack: Stack = None,
    store: Uri = None,
    json: options.Json = None,
) -> None:
    """Show the waves of the rollout, and what it waits for."""
    place = JsonFile.to(session_of(context), json)
    book = RolloutStore.of(context, stack, store)
    view = book.view(book.newest())
    place.write(report.document(view))
    if not place.is_stdout:
        show(book.session, report.lines(view))


def step(
    context: typer.Context,
    *,
    stack: Stack = None,
    store: Uri = None,
    json: options.Json = None,
) -> None:
    """Do what is due now; safe to run anywhere, several at once.

    Exit 3 where it is paused.
    """
    place = JsonFile.to(session_of(context), json)
    stepped(RolloutStore.of(context, stack, store), place)


def history(
    context: typer.Context,
    *,
    stack: Stack = None,
    store: Uri = None,
    rollout: Rollout = None,
    json: options.Json = None,
) -> None:
    """Show what was ordered, found out and moved, and by whom."""
    place = JsonFile.to(session_of(context), json)
    book = RolloutStore.of(context, stack, store)
    ids = rollouts(book.store)
    if rollout is not None and rollout not in ids:
        hint = f"there are: {', '.join(ids)}" if ids else "none was started yet"
        raise InvalidInput.at("", "unknown-rollout", f"there is no rollout {rollout!r}", hint)
    found = book.newest() if rollout is None else read(book.store, rollout)
    place.write(report.history(found.id, found.plan, found.log))
    if not place.is_stdout:
        show(book.session, [f"rollout {found.id} of {found.plan.fleet} / {found.plan.region}"])
        show(book.session, report.log(found.log))
        if others := [other for other in ids if other != found.id]:
            show(book.session, [f"others: {', '.join(others)}"])


def stepped(book: RolloutStore, place: JsonFile) -> None:
    """Step until nothing more is to be done now, and show what was done.

    Raises:
        Refused: the rollout is paused, or none was started yet.
    """
    advanced = advance(book.store, lambda: book.now, book.cache)
    if advanced is None:
        raise book.nothing
    running, decision = advanced.running, advanced.decision
    view = View(
        id=running.id,
        plan=running.plan,
        state=running.state,
        statuses=advanced.statuses,
        now=book.now,
    )
    place.write(report.document(view) | report.done(advanced.entries))
    if not place.is_stdout:
        show(book.session, report.log(advanced.entries))
        show(book.session, wrapped(f"{report.PHASES[decision.phase]}: {report.explained(decision)}"))
    if decision.phase == "paused":
        where, option = book.store.uri(f"{FOLDER}{running.id}/log.json"), book.option
        hint = (
            f"edgefleet rollout resume, promote or rollback {option}; edgefleet rollout status {option} "
            "shows the sites"
        )
        raise Refused.at(where, "rollout-paused", f"the rollout is paused: {decision.reason}", hint)
