"""The lines below the sites: other resources, pending sites, shared credentials, next commands."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.text import Text

from edgefleet.model.effects import Effect
from edgefleet.report.human import age, counted
from edgefleet.report.layout import COLUMNS, both_ends, wrapped
from edgefleet.report.plan_view import View
from edgefleet.rollout.pending import Pending
from edgefleet.site.capacity import MediumUsage

SIGNS = {"create": ("+", "green"), "delete": ("-", "red"), "replace": ("+-", "yellow"), "import": ("=", "")}
DONE = {Effect.REFLASH: "reflashed", Effect.RESTART: "restarted", Effect.LIVE: "updated"}

NAMED = 3
"""Sites that are named rather than counted."""
OF_PARTS = "digests identify the inputs; image build prints the SHA-256 of each file"
Key = tuple[int, int | None, bool]


def others(view: View) -> Iterator[Text]:
    """Changed resources that are not sites."""
    if not view.others:
        return
    yield Text(f"OTHER RESOURCES - {len(view.others):,}", "bold")
    for other in view.others:
        sign, style = SIGNS.get(other.op, ("~", "yellow"))
        left = Text.assemble((f"  {sign} ", style), other.name)
        if other.differing:
            left.append(f"  {', '.join(other.differing)}")
        yield from both_ends(left, other.kind)


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


def render(view: View) -> Iterator[Text]:
    """The lines below the sections."""
    yield from _shared(view)
    yield from pending(view.pending, view.at)
    yield from _unlocked(view)
    for note in view.notes:
        yield from wrapped(f"note: {note}")
    yield from _closing(view)


def _shared(view: View) -> Iterator[Text]:
    for name, sites in view.shared.items():
        text = f"SHARED: the Wi-Fi passphrase {name} is in the images of {counted(sites, 'site')}"
        yield from (Text(line.plain, "bold magenta") for line in wrapped(text))


def pending(waiting: Sequence[Pending], now: datetime) -> Iterator[Text]:
    """The sites that do not run their desired image yet."""
    for effect, done in DONE.items():
        changed = [site for site in waiting if site.effect == effect and not site.is_first]
        yield from _waiting(changed, f"not yet {done}", now)
    yield from _waiting([site for site in waiting if site.is_first], "not yet set up", now)


def _waiting(sites: Sequence[Pending], state: str, now: datetime) -> Iterator[Text]:
    if not sites:
        return
    line = f"pending since earlier: {counted(len(sites), 'site')} {state}"
    dated = [(site.since, site.name) for site in sites if site.since is not None]
    if dated:
        since, name = min(dated)
        line += f" (oldest {age(now - since)}: {name})"
    yield from wrapped(line)


def _unlocked(view: View) -> Iterator[Text]:
    if view.unlocked:
        is_one = len(view.unlocked) == 1
        text = (
            f"note: k3s {', '.join(view.unlocked)} {'is' if is_one else 'are'} not in an artifacts lock: "
            "nodes verify it against the release's own sha256sum file"
        )
        yield from wrapped(text)


def _closing(view: View) -> Iterator[Text]:
    if view.result != "succeeded":
        return
    if not view.has_changes and view.operation in {"preview", "up"}:
        yield Text(f"nothing to do: {counted(len(view.sites), 'site')} {_as_declared(view)}")
    if not view.has_changes and view.operation == "destroy":
        yield Text("nothing to destroy")
    if view.operation == "up" and view.store:
        yield from wrapped(f"images: {view.store}")
    steps = next_steps(view)
    if steps:
        yield from _commands(steps)


def _as_declared(view: View) -> str:
    return "matches the fleet file" if len(view.sites) == 1 else "match the fleet file"


def next_steps(view: View) -> list[str]:
    """Commands that make sense now."""
    stack = view.stack
    explain = [f"edgefleet explain -s {stack} '#{group.number}'" for group in view.groups[:1]]
    if view.operation == "preview":
        return [*explain, f"edgefleet up -s {stack}{_targets(view)}"] if view.has_changes else []
    if view.operation == "up" and (view.of("new", "reflash") or view.pending):
        return [f"edgefleet sites -s {stack}", f"edgefleet sites ack -s {stack} SITE"]
    return []


def _targets(view: View) -> str:
    """The options that limit an up to the sites of the preview; abbreviated if there are many."""
    options = "".join(f" --target {site}" for site in view.targets)
    return options if len(options) <= COLUMNS // 2 else " --target ..."


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
