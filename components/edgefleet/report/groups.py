"""The sections of changed and new sites: one line a change, with a count and where it is declared."""

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from edgefleet.model.differ import Change
from edgefleet.report import human, object_lines
from edgefleet.report.human import counted
from edgefleet.report.layout import COLUMNS, both_ends, listed
from edgefleet.report.object_lines import ObjectLine
from edgefleet.report.plan_view import Group, Row, SiteOutcome, View
from edgefleet.report.presenters import LOST
from edgefleet.workloads.differences import ObjectChange

TITLES: dict[SiteOutcome, tuple[str, str, str]] = {
    "reflash": ("REFLASH", "bold yellow", "{sites} {need} a visit"),
    "restart": ("RESTART", "yellow", "{sites}"),
    "live": ("LIVE", "cyan", "{sites}"),
    "none": ("RECORDED", "bold", "{sites}, nothing on a node changes"),
}
SIGNS = {"+": "green", "-": "red"}
GROUPS_SHOWN = 20
"""Different changes shown of one effect; the rest is counted."""
CHANGES_SHOWN = 6
"""Values shown of one change."""
WHOLE_DIGESTS = 4
"""Up to so many nodes, digests are shown whole."""
SHORT_DIGESTS = 32
"""Up to so many nodes, digests are shown at all."""
NAME_LINES = 4
"""Lines of names of new sites."""


def section(view: View, outcome: SiteOutcome, *, is_all: bool) -> Iterator[Text]:
    """The changed sites with one effect."""
    matching = [group for group in view.groups if group.outcome == outcome]
    if not matching:
        return
    word, style, template = TITLES[outcome]
    count = sum(len(group.sites) for group in matching)
    extent = template.format(sites=counted(count, "site"), need="needs" if count == 1 else "need")
    changes = f"{len(matching):,} different changes" if len(matching) > 1 else "1 change"
    yield Text(f"{word} - {extent}, {changes}", style)
    sites = {site.name: site for site in view.sites}
    nodes = sum(len(sites[name].images) for group in view.groups for name in group.sites)
    displayed = matching if is_all else matching[:GROUPS_SHOWN]
    for group in displayed:
        yield from _group(group, is_all=is_all)
        yield from _members([sites[name] for name in group.sites], nodes, is_all=is_all)
    yield from _rest(matching[len(displayed) :])


def _rest(cut: Sequence[Group]) -> Iterator[Text]:
    if cut:
        sites = counted(sum(len(group.sites) for group in cut), "site")
        last = cut[-1].number
        yield Text(f"  #{cut[0].number} to #{last}: {len(cut):,} more changes of {sites}; --all shows them")


def _group(group: Group, *, is_all: bool) -> Iterator[Text]:
    head = f"  #{group.number}  {counted(len(group.sites), 'site')}"
    replaced = " (recreated)" if group.is_replaced else ""
    displayed = group.changes if is_all else group.changes[:CHANGES_SHOWN]
    objects = [*object_lines.lines(group.objects)]
    of_objects = objects if is_all else objects[: CHANGES_SHOWN - len(displayed)]
    for index, change in enumerate(displayed):
        lead = Text(f"{head}  " if index == 0 else " " * (len(head) + 2))
        left = [*_change(lead, change)]
        yield from left[:-1]
        yield from both_ends(left[-1].append("" if index else replaced), "" if index else group.where)
    if not group.changes:
        yield from both_ends(Text(head + (replaced if objects else "  the images differ")), group.where)
    for line in of_objects:
        yield from _object(line)
    if more := len(group.changes) + len(objects) - len(displayed) - len(of_objects):
        yield Text(f"      and {counted(more, 'more value')}: edgefleet explain")


def whole(group: Group) -> Iterator[Text]:
    """A change with all its values and all its sites."""
    yield from _group(group, is_all=True)
    yield from listed(group.sites, indent=6)
    yield Text()


def object_values(changes: Iterable[ObjectChange]) -> Iterator[Text]:
    """A line for each value of objects that differs."""
    for line in object_lines.lines(changes):
        yield from _object(line)


def _object(line: ObjectLine) -> Iterator[Text]:
    """A line about objects, with its place at the end."""
    lead = Text(f"      {line.sign and f'{line.sign} '}", SIGNS.get(line.sign, ""))
    if line.old or line.new:
        rows = [*_differing(lead, line.label, line.old, line.new)]
    else:
        rows = [*listed(line.label.split(", "), indent=lead.cell_len)]
        rows[0] = lead.append(rows[0].plain.lstrip(), "")
    yield from rows[:-1]
    yield from both_ends(rows[-1], line.where)


def _change(lead: Text, change: Change) -> Iterator[Text]:
    """``path: old -> new`` behind `lead`, on lines of its own where it is too long."""
    old, new = human.value(change.path, change.old), human.value(change.path, change.new)
    yield from _differing(lead, f"{change.path}:", old, new)


def _differing(lead: Text, label: str, old: str, new: str) -> Iterator[Text]:
    line = lead.copy().append(f"{label} {old} -> {new}")
    if line.cell_len <= COLUMNS:
        yield line
        return
    yield lead.append(label)
    yield from _folded("from ", old)
    yield from _folded("  to ", new)


def _folded(label: str, text: str) -> Iterator[Text]:
    room = COLUMNS - 6 - len(label)
    for start in range(0, len(text), room):
        yield Text(f"      {label if start == 0 else ' ' * len(label)}{text[start : start + room]}")


def _members(sites: Sequence[Row], nodes: int, *, is_all: bool) -> Iterator[Text]:
    """The sites of a group, with digests where there are few."""
    if is_all or nodes <= WHOLE_DIGESTS:
        for site in sites:
            yield from _whole(site)
    elif nodes <= SHORT_DIGESTS:
        for site in sites:
            yield from _short(site)
    else:
        yield from _names(sites, lines=1)


def _whole(site: Row) -> Iterator[Text]:
    for name, images in site.digests:
        yield Text(f"      {name}  {images.kind}")
        if images.old == images.new:
            yield Text(f"    = {images.new or unknown(site)}", "dim")
            continue
        if images.old is not None:
            yield Text(f"    - {images.old}", "red")
        yield Text(f"    + {images.new or unknown(site)}", "green")


def unknown(site: Row) -> str:
    """The reason why a digest of `site` is not known."""
    return f"not known before the update: {site.unknown_because}" if site.unknown_because else LOST


def _short(site: Row) -> Iterator[Text]:
    for name, images in site.digests:
        new = human.digest(images.new) if images.new else f"({unknown(site)})"
        change = f"{new} (stays)" if images.old == images.new else f"{human.digest(images.old)} -> {new}"
        line = Text(f"      {name}  {images.kind} ")
        if line.cell_len + len(change) > COLUMNS:
            yield line
            line = Text("      ")
        yield line.append(change, "dim")


def _names(sites: Sequence[Row], *, lines: int) -> Iterator[Text]:
    """As many names as fit in so many lines, and how many more there are."""
    named = [*listed((site.name for site in sites), indent=6)]
    if len(named) <= lines:
        yield from named
        return
    displayed = [line.plain for line in named[:lines]]
    count = sum(len(line.rstrip(",").split(", ")) for line in displayed)
    yield from map(Text, displayed[:-1])
    yield from _last(displayed[-1].strip().rstrip(",").split(", "), len(sites) - count)


def _last(names: list[str], beyond: int) -> Iterator[Text]:
    """A line of `names` that ends in how many are not named."""
    while names:
        line = f"      {', '.join(names)} and {beyond:,} more"
        if len(line) <= COLUMNS or len(names) == 1:
            yield Text(line)
            return
        names, beyond = names[:-1], beyond + 1


def new(view: View, *, is_all: bool) -> Iterator[Text]:
    """The sites that are new."""
    sites = view.of("new")
    if not sites:
        return
    yield Text(f"NEW - {counted(len(sites), 'site')}", "bold green")
    if is_all:
        for site in sites:
            yield from _whole(site)
    elif sum(len(site.images) for site in sites) <= SHORT_DIGESTS:
        for site in sites:
            yield from _created(site)
    else:
        yield from _names(sites, lines=NAME_LINES)


def _created(site: Row) -> Iterator[Text]:
    last = next(reversed(site.images), "")
    for node, images in site.images.items():
        of = [images, site.release] if node == last and site.release and site.release.new else [images]
        digests = "  ".join(f"{each.kind} {human.digest(each.new)}" for each in of)
        left = Text.assemble(("  + ", "green"), f"{site.name} {node}")
        yield from both_ends(left, digests if images.new else unknown(site))
    if not site.images:
        yield Text.assemble(("  + ", "green"), site.name)


def unchanged(view: View, *, is_all: bool) -> Iterator[Text]:
    """Unchanged and untargeted sites, only with `is_all`, and those that a run did not reach."""
    sites = view.of("unchanged", "untargeted", "unreached") if is_all else view.of("unreached")
    if sites:
        title = "UNCHANGED" if is_all else "NOT REACHED"
        yield Text(f"{title} - {counted(len(sites), 'site')}", "bold")
        yield from listed((site.name for site in sites), indent=6) if is_all else _names(sites, lines=3)
