"""A run as text of 80 columns: removed sites first and by name, equal changes as one line with a count."""

from collections.abc import Iterator

from rich.text import Text

from edgefleet.model.steps import Operation
from edgefleet.report import footer, groups
from edgefleet.report.human import counted, duration
from edgefleet.report.layout import COLUMNS, both_ends, listed, spread
from edgefleet.report.plan_view import OUTCOMES, SiteOutcome, View

LABELS: dict[SiteOutcome, tuple[str, str]] = {
    "reflash": ("reflash", "bold yellow"),
    "restart": ("restart", "yellow"),
    "live": ("live", "cyan"),
    "none": ("recorded", ""),
    "new": ("new", "green"),
    "gone": ("gone", "bold red"),
    "unchanged": ("unchanged", "dim"),
    "untargeted": ("not targeted", "dim"),
    "unreached": ("not reached", "bold red"),
}
VERBS: dict[Operation, str] = {
    "preview": "planned",
    "up": "done",
    "refresh": "refreshed",
    "destroy": "destroyed",
}
LOSSES: dict[Operation, str] = {
    "preview": "",
    "up": ", {} images are removed",
    "refresh": ", {} images are no longer in the store",
    "destroy": ", {} images are removed",
}
"""What happened to the images of sites that are gone; `{}` stands for its or their."""
RESULTS = {"failed": "failed after", "refused": "refused after", "cancelled": "cancelled after"}


def render(view: View, *, is_all: bool = False) -> Iterator[Text]:
    """The lines of `view`; `is_all` also names every site, with whole digests."""
    yield _header(view)
    yield Text()
    yield from counts(view)
    for part in (_sections(view, is_all=is_all), footer.render(view)):
        lines = [*part]
        if lines:
            yield Text()
            yield from lines


def _sections(view: View, *, is_all: bool) -> Iterator[Text]:
    yield from gone(view)
    yield from remains(view)
    for outcome in ("reflash", "restart", "live", "none"):
        yield from groups.section(view, outcome, is_all=is_all)
    yield from groups.new(view, is_all=is_all)
    yield from groups.unchanged(view, is_all=is_all)
    yield from footer.media(view.media, is_all=is_all)
    yield from footer.others(view)


def remains(view: View) -> Iterator[Text]:
    """Old resources that an earlier run left to remove: the sites themselves stay."""
    if not view.remains:
        return
    removed = "removed" if view.is_done else "to remove"
    count = f"old of {counted(len(view.remains), 'replacement')} that an earlier run left, {removed}"
    yield Text(f"REMAINS - {count}", "red")
    yield from listed(view.remains, indent=6)


def _header(view: View) -> Text:
    name = f"{view.fleet} / {view.region}" if view.fleet else view.stack
    verb = RESULTS.get(view.result) or f"{VERBS[view.operation]} in"
    sites = counted(len(view.sites), "site")
    text = Text(spread((name, sites, f"{verb} {duration(view.seconds)}")))
    text.stylize("bold", 0, len(name))
    return text


def counts(view: View) -> Iterator[Text]:
    """The number of sites by outcome; the numbers add up to the fleet."""
    words = [_count(outcome, view.counts[outcome]) for outcome in OUTCOMES if view.counts[outcome]]
    words.append(Text(f"= {len(view.sites):,}"))
    gap = 3 if sum(word.cell_len + 3 for word in words) < COLUMNS else 2
    line = Text()
    for word in words:
        if line.cell_len + gap + word.cell_len > COLUMNS:
            yield line
            line = Text()
        line = Text.assemble(line, " " * (gap if line else 2), word)
    yield line


def _count(outcome: SiteOutcome, count: int) -> Text:
    label, style = LABELS[outcome]
    return Text(f"{label} {count:,}", style)


def gone(view: View) -> Iterator[Text]:
    """Every removed site by name; never cut."""
    lost = view.of("gone")
    if not lost:
        return
    whose = "its" if len(lost) == 1 else "their"
    yield Text(f"GONE - {counted(len(lost), 'site')}{LOSSES[view.operation].format(whose)}", "bold red")
    for site in lost:
        line = Text.assemble(("  - ", "red"), site.name)
        reason = "row removed" if view.operation in {"preview", "up"} else ""
        if reason and line.cell_len < 36:  # noqa: PLR2004 - the column of the reason
            line.append(" " * (37 - line.cell_len))
        yield from both_ends(line.append(reason and f"  {reason}"), site.where)
