"""A run as text of 80 columns: removed sites first and by name, equal changes as one line with a count."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import get_args

from rich.text import Text

from edgefleet.model.effects import Effect
from edgefleet.model.steps import Op, Operation
from edgefleet.report import advice, groups
from edgefleet.report.human import age, counted, duration, span
from edgefleet.report.layout import COLUMNS, both_ends, listed, spread, wrapped
from edgefleet.report.plan_view import OUTCOMES, SiteOutcome, View
from edgefleet.rollout.pending import Pending
from edgefleet.site.capacity import MediumUsage, shares
from edgefleet.site.load import Usage

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

SIGNS = {"create": ("+", "green"), "delete": ("-", "red"), "replace": ("+-", "yellow"), "import": ("=", "")}
DONE = {Effect.REFLASH: "reflashed", Effect.RESTART: "restarted", Effect.LIVE: "updated"}

NAMED = 3
"""Sites that are named rather than counted."""
OF_PARTS = "parts: the digest of the inputs; image build prints the image's own digest"
Key = tuple[int, int | None, bool]


Worded = Callable[[str], str]
"""How a sentence with commands is printed, in which a program may have another name and width."""


def render(view: View, *, is_all: bool = False, worded: Worded = str) -> Iterator[Text]:
    """The lines of `view`; `is_all` also names every site, with whole digests."""
    yield _header(view)
    yield Text()
    yield from counts(view)
    for part in (_sections(view, is_all=is_all), _footer(view, worded)):
        lines = [*part]
        if lines:
            yield Text()
            yield from lines


def summary(view: View) -> Iterator[Text]:
    """What a run does to a fleet, without what the command line adds."""
    yield Text(f"{view.fleet} / {view.region}, {counted(len(view.sites), 'site')}")
    yield from counts(view)
    yield from _sections(view, is_all=False)
    yield from _shared(view)


def _sections(view: View, *, is_all: bool) -> Iterator[Text]:
    yield from gone(view)
    yield from remains(view)
    for outcome in ("reflash", "restart", "live", "none"):
        yield from groups.section(view, outcome, is_all=is_all)
    yield from waves(view)
    yield from groups.new(view, is_all=is_all)
    yield from groups.unchanged(view, is_all=is_all)
    yield from media(view.media, is_all=is_all)
    yield from capacity(view.capacity, is_all=is_all)
    yield from advice.brief(view.advice)
    yield from others(view)


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
    text = Text(spread((name, _extent(view), f"{verb} {duration(view.seconds)}")))
    text.stylize("bold", 0, len(name))
    return text


def _extent(view: View) -> str:
    """What the run is about: sites, or the resources of a program without any."""
    return counted(len(view.sites), "site") if view.has_sites else counted(len(view.resources), "resource")


def counts(view: View) -> Iterator[Text]:
    """The number of sites by outcome; the numbers add up to the fleet. Resources where there are no sites."""
    if not view.has_sites:
        ops = Counter(step.op for step in view.resources)
        numbers = [f"{op} {ops[op]:,}" for op in get_args(Op) if ops[op]]
        yield Text("  " + "   ".join([*numbers, f"= {len(view.resources):,}"]))
        return
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
        if site.store not in {"", view.store}:
            yield from (Text(row.plain, "red") for row in wrapped(f"      its images are in {site.store}"))


def waves(view: View) -> Iterator[Text]:
    """How the channel brings changed releases to their sites."""
    if not view.waves:
        return
    yield Text(f"WAVES - {counted(sum(wave.sites for wave in view.waves), 'site')}", "bold")
    begins = {wave.name: f"from +{span(wave.after)}" if wave.after else "now" for wave in view.waves}
    yield from wrapped("  " + " · ".join(f"{w.name} {w.sites:,} {begins[w.name]}" for w in view.waves))


def others(view: View) -> Iterator[Text]:
    """Changed resources that are not sites."""
    if not view.others:
        return
    title = "OTHER RESOURCES" if view.has_sites else "CHANGES"
    yield Text(f"{title} - {len(view.others):,}", "bold")
    for other in view.others:
        sign, style = SIGNS.get(other.op, ("~", "yellow"))
        left = Text.assemble((f"  {sign} ", style), other.name)
        if other.differing:
            left.append(f"  {', '.join(other.differing)}")
        where = "" if other.objects else other.where
        yield from both_ends(left, f"{other.kind}  {where}".rstrip())
        yield from groups.object_values(other.objects)


def media(medium_usages: Sequence[MediumUsage], *, is_all: bool = False) -> Iterator[Text]:
    """The bytes on each medium, and whether they fit; `is_all` names every site."""
    if not medium_usages:
        return
    equal: dict[Key, list[MediumUsage]] = {}
    for usage in medium_usages:
        equal.setdefault((usage.content, usage.medium, usage.is_whole), []).append(usage)
    yield Text(f"MEDIA - {counted(len(medium_usages), 'node')} with more than a seed", "bold")
    yield from wrapped(f"  {OF_PARTS}")
    for group in equal.values():
        text = f"  {counted(len(group), 'node'):>10}  {held(group[0])}"
        sites = list(dict.fromkeys(usage.site for usage in group))
        if is_all or len(sites) <= NAMED:
            text += f" ({', '.join(sites)})"
        style = "bold red" if group[0].fits is False else ""
        yield from (Text(line.plain, style) for line in wrapped(text))


def held(usage: MediumUsage) -> str:
    """``1,412,345,678 bytes of 68,719,476,736: fits``."""
    content = f"{usage.content:,} bytes"
    if not usage.is_whole:
        content += " and a base that the artifacts lock does not have"
    if usage.medium is None:
        return f"{content}; medium size unknown, set image.size"
    fits = {True: "fits", False: "does not fit", None: "fits without it"}[usage.fits]
    return f"{content} of {usage.medium:,}: {fits}"


def capacity(usages: Sequence[Usage], *, is_all: bool = False) -> Iterator[Text]:
    """What workloads, k3s and the system take of nodes, equal ones as one; `is_all` names every site."""
    if not usages:
        return
    equal: dict[str, list[str]] = {}
    for usage in usages:
        words = ", ".join(f"{of} {shares(of, *share)}" for of, share in usage.shares.items())
        equal.setdefault(words, []).append(usage.site)
    yield Text(f"CAPACITY - {counted(len(usages), 'site')} after the change", "bold")
    for words, sites in equal.items():
        text = f"  {counted(len(sites), 'site'):>10}  {words}"
        if is_all or len(sites) <= NAMED:
            text += f" ({', '.join(sites)})"
        yield from wrapped(text)


def _footer(view: View, worded: Worded) -> Iterator[Text]:
    """The lines below the sections."""
    yield from _shared(view)
    yield from pending(view)
    for note in (*_unlocked(view), *view.notes):
        yield from wrapped(worded(f"note: {note}"))
    yield from _closing(view, worded)


def _shared(view: View) -> Iterator[Text]:
    for shared in view.shared:
        text = f"SHARED: the {shared.what} {shared.name} is in the images of {counted(shared.sites, 'site')}"
        yield from (Text(line.plain, "bold magenta") for line in wrapped(text))


def pending(view: View) -> Iterator[Text]:
    """The sites that do not run their desired image yet."""
    for effect, done in DONE.items():
        changed = [site for site in view.pending if site.effect == effect and not site.is_first]
        yield from _waiting(changed, f"not yet {done}", view)
    yield from _waiting([site for site in view.pending if site.is_first], "not yet set up", view)


def _waiting(sites: Sequence[Pending], state: str, view: View) -> Iterator[Text]:
    if not sites:
        return
    since_when = "" if view.is_done else " since earlier"
    line = f"pending{since_when}: {counted(len(sites), 'site')} {state}"
    dated = [(site.since, site.name) for site in sites if site.since is not None]
    if dated:
        since, name = min(dated)
        line += f" (oldest {age(view.at - since)}: {name})"
    yield from wrapped(line)


def _unlocked(view: View) -> Iterator[str]:
    if view.unlocked:
        yield (
            f"images do not pin k3s {', '.join(view.unlocked)}: nodes verify it against the release's "
            f"own sha256sum file; edgefleet artifacts lock -s {view.stack} pins what they do not run yet"
        )


def _closing(view: View, worded: Worded) -> Iterator[Text]:
    if view.result != "succeeded":
        return
    if not view.has_changes and view.operation in {"preview", "up"}:
        yield Text(f"nothing to do: {_extent(view)} {_as_declared(view)}")
    if view.operation == "destroy" and not view.has_changes:
        yield Text("nothing to destroy")
    if view.operation == "refresh" and not view.resources:
        yield from wrapped(worded(f"nothing to refresh: bring it up first: edgefleet up -s {view.stack}"))
    if view.operation == "up" and view.store:
        yield from wrapped(f"images: {view.store}")
    steps = next_steps(view)
    if steps and not view.is_asked:
        yield from _commands([*map(worded, steps)])


def _as_declared(view: View) -> str:
    declaration = "the fleet file" if view.has_sites else "the program"
    count = len(view.sites) if view.has_sites else len(view.resources)
    return f"{'matches' if count == 1 else 'match'} {declaration}"


def next_steps(view: View) -> list[str]:
    """Commands that make sense now."""
    stack = view.stack
    explain = [f"edgefleet explain -s {stack} '#{group.number}'" for group in view.groups[:1]]
    if view.operation == "preview":
        return [*explain, f"edgefleet up -s {stack}{view.which}"] if view.has_changes else []
    if view.operation == "up" and view.waves:
        return [f"edgefleet rollout status -s {stack}", f"edgefleet rollout step -s {stack}"]
    if view.operation == "up" and (view.of("new", "reflash") or view.pending):
        names = [*(row.name for row in view.of("new", "reflash")), *(site.name for site in view.pending)]
        return [
            f"edgefleet sites -s {stack}{view.which}",
            f"edgefleet sites ack -s {stack} --target {names[0]}",
        ]
    return []


def _commands(commands: list[str]) -> Iterator[Text]:
    line = Text("next: ")
    for index, command in enumerate(commands):
        if index and line.cell_len + 3 + len(command) > COLUMNS:
            yield line
            line = Text("      ")
        elif index:
            line.append("   ")
        line.append(command, "bold")
    yield line
