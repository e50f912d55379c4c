"""What a person orders of a rollout, as an entry of its log. Pure."""

from typing import Literal

from edgefleet.rollout.history import RELEASING, Entry, History
from edgefleet.rollout.plan import Plan
from edgefleet.rollout.standing import State, standing
from edgefleet.rollout.statuses import Statuses

Order = Literal["paused", "resumed", "promoted", "skipped", "rolledBack"]


def refusal(action: Order, history: History, wave: str = "") -> tuple[str, str]:
    """(problem, hint) where an order does not fit how far the rollout is; empty where it does."""
    nothing = "nothing is to be done: edgefleet rollout status shows it"
    if history.way_back is not None:
        return "the rollout was taken back already", nothing
    if history.end is not None and action != "rolledBack":
        return f"the rollout has ended: {history.end.reason}", "change the fleet file, and run edgefleet up"
    if action == "paused" and history.pause is not None:
        return "the rollout is paused already", nothing
    if action == "resumed" and history.pause is None:
        return "the rollout is not paused", "promote begins the next wave"
    if action == "promoted" and not (wave in history.opened if wave else history.opened):
        problem = f"the wave {wave} is not opened yet" if wave else "no wave is opened yet"
        return problem, "edgefleet rollout step opens the next one"
    return "", ""


def order(action: Order, plan: Plan, state: State, statuses: Statuses, entry: Entry) -> Entry:
    """`entry`, of which time, person and reason are given, as that order.

    A person who goes on accepts the sites that have failed so far, or report nothing more: they count no
    more, and the budgets begin again. A promoted wave is the last one opened, unless `entry` names one.
    """
    history = History(state.log)
    opened = [wave for wave in plan.waves if history.skips_waves or wave.name in history.opened]
    sites: list[str] = []
    for wave in opened if action in RELEASING else ():
        found = standing(wave, state, statuses, history, entry.at)
        sites += (site.name for site in (*found.failed, *found.stuck))
    last = opened[-1].name if opened else ""
    return Entry(
        at=entry.at,
        action=action,
        by=entry.by,
        wave=(entry.wave or last) if action == "promoted" else "",
        reason=entry.reason,
        sites=tuple(sorted(sites)),
    )
