"""What a person orders of a rollout, as an entry of its log. Pure."""

from typing import Literal

from edgefleet.rollout.history import RELEASING, Entry, History
from edgefleet.rollout.plan import Plan
from edgefleet.rollout.standing import State, standing
from edgefleet.rollout.statuses import Statuses

Order = Literal["paused", "resumed", "promoted", "skipped", "rolledBack"]


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
