"""Messages to the user of any engine: what a change does to a site, and the summary of a fleet."""

from collections.abc import Callable, Sequence

from edgefleet.model.differ import Change
from edgefleet.model.effects import Effect
from edgefleet.report import groups, human, object_lines, text
from edgefleet.report.plan_view import Digests, Row, View
from edgefleet.workloads.differences import ObjectChange

MEANINGS = {
    Effect.NONE: "nothing on a node changes",
    Effect.LIVE: "the nodes take it while they run",
    Effect.RESTART: "a service or a node restarts",
    Effect.REFLASH: "the medium must be rewritten: a visit",
}
Locate = Callable[[str, Change], str]
"""(site, change of its spec) -> ``file:line`` of the new value; empty where it is not known."""


def of_site(row: Row, locate: Locate, objects: Sequence[ObjectChange] = ()) -> str:
    """The effect of a site's change, each value that differs with its line, and all digests.

    Args:
        row: the site's.
        locate: finds the lines of values.
        objects: changes of the objects of its workloads, with their lines.
    """
    lines = [f"{row.name}: effect {row.effect.value}, {MEANINGS[row.effect]}"]
    if row.op == "replace":
        lines[0] += "; the images are recreated"
    for change in row.values:
        old, new = human.value(change.path, change.old), human.value(change.path, change.new)
        where = locate(row.name, change)
        lines.append(f"  {change.path}: {old} -> {new}{where and f'  {where}'}")
    lines += [f"  {line.text}{line.where and f'  {line.where}'}" for line in object_lines.lines(objects)]
    lines += [f"  {node}: {_digests(row, images)}" for node, images in row.images.items()]
    if row.release is not None:
        lines.append(f"  {_digests(row, row.release)}")
    return "\n".join(lines)


def _digests(row: Row, of: Digests) -> str:
    digest = of.new or groups.unknown(row)
    return f"{of.kind} {digest} stays" if of.old == of.new else f"{of.kind} {of.old} -> {digest}"


def of_fleet(view: View) -> str:
    """The counts, removed sites and groups of changes, as `edgefleet preview` prints them."""
    return "\n".join(line.plain.rstrip() for line in text.summary(view))
