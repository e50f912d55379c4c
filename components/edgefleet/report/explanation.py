"""The changes inside the images of one site: objects of its workloads, each node's digests, and its files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff

from rich.text import Text

from edgefleet.model.paths import parse_path
from edgefleet.model.site_resource import RELEASE, SiteInputs
from edgefleet.model.spec import to_plain
from edgefleet.model.system import OF_WORKLOAD
from edgefleet.report.layout import both_ends
from edgefleet.runtimes.base.k3s_manifests import FOLDER
from edgefleet.site.masked_files import MaskedFile, masked_files
from edgefleet.workloads import differences
from edgefleet.workloads.composing import objects_of, text_of

STYLES = {"+": "green", "-": "red", "@": "cyan"}
CONTEXT = 2
WORKLOADS = f"{FOLDER}/{OF_WORKLOAD}"
"""What the paths of files with objects of workloads begin with."""
Declared = Callable[[str], str]
"""Workload -> ``file:line`` that declares it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A site before or after."""

    inputs: SiteInputs | None = None
    """`None` where there is no such site: it is new, or gone."""
    digests: Mapping[str, str | None] = field(default_factory=dict)
    """dict[node -> digest of its image]."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """dict[node -> what the digest is of]."""
    release: str | None = None
    """Digest of its release."""


def lines(name: str, old: Side, new: Side, declared: Declared = lambda _: "") -> Iterator[Text]:
    """What differs in the site `name`, secrets masked.

    First a diff of each object of its workloads, with the line that `declared` finds, then both digests of
    each node and a diff of each other file, and those of the release.
    """
    yield from _objects(name, old.inputs, new.inputs, declared)
    before, after = (masked_files(side.inputs) if side.inputs else {} for side in (old, new))
    for node in sorted({*before, *after}):
        kinds = dict.fromkeys(side.kinds[node] for side in (old, new) if node in side.kinds)
        yield Text(f"{name} {node}  {' -> '.join(kinds)}", "bold")
        yield from _digests(old.digests.get(node), new.digests.get(node))
        yield from _files(before.get(node, {}), after.get(node, {}))
    yield Text(f"{name}  {RELEASE}", "bold")
    yield from _digests(old.release, new.release)


def _objects(site: str, old: SiteInputs | None, new: SiteInputs | None, declared: Declared) -> Iterator[Text]:
    """A unified diff of each object of the site's workloads that differs, as YAML."""
    before, after = (_texts_of_objects(inputs) for inputs in (old, new))
    for workload, name in dict.fromkeys((*before, *after)):
        texts = [side.get((workload, name), []) for side in (before, after)]
        if texts[0] != texts[1]:
            yield from both_ends(Text(f"{site} {name}  {_change(*texts)}", "bold"), declared(workload))
            yield from _differences(*texts)
    renewed = {
        key
        for key, text in (new.passphrases if new else {}).items()
        if old is not None and old.passphrases.get(key, text) != text
    }
    for change in differences.renewed(to_plain(new.spec), renewed) if new and renewed else ():
        key = parse_path(change.path)[-1]
        yield from both_ends(
            Text(f"{site} {change.object}  {key} changed (secret)", "bold"), declared(change.workload)
        )


def _texts_of_objects(inputs: SiteInputs | None) -> dict[tuple[str, str], list[str]]:
    """dict[(workload, object) -> lines of its YAML], with references in place of secrets."""
    return {
        (workload, differences.title(each)): text_of([each]).splitlines()
        for workload, objects in (objects_of(inputs.spec) if inputs else {}).items()
        for each in objects
    }


def _change(old: object, new: object) -> str:
    return "changed" if old and new else "new" if new else "removed"


def _differences(old: Sequence[str], new: Sequence[str]) -> Iterator[Text]:
    for line in [*unified_diff(old, new, lineterm="", n=CONTEXT)][2:]:
        yield Text(f"      {line}", STYLES.get(line[:1], ""))


def _digests(old: str | None, new: str | None) -> Iterator[Text]:
    if old == new:
        yield Text(f"    {new}  stays")
        return
    if old is not None:
        yield Text(f"    - {old}", "red")
    if new is not None:
        yield Text(f"    + {new}", "green")


def _files(old: Mapping[str, MaskedFile], new: Mapping[str, MaskedFile]) -> Iterator[Text]:
    """A unified diff of each file that differs, in the order of their paths."""
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if path.startswith(WORKLOADS):
            continue  # of objects that are shown above
        if before is None or after is None or before.data != after.data:
            yield from _file(path, before, after)


def _file(path: str, before: MaskedFile | None, after: MaskedFile | None) -> Iterator[Text]:
    change = _change(before, after)
    if any(file is not None and file.shown is None for file in (before, after)):
        yield Text(f"    {path}  {change}; it is secret and not shown", "bold")
        return
    diff = [*_differences(_texts(before), _texts(after))]
    only = "" if diff else ", in its secrets and in the files below"
    yield Text(f"    {path}  {change}{only}", "bold")
    yield from diff


def _texts(rendered: MaskedFile | None) -> list[str]:
    if rendered is None or rendered.shown is None:
        return []
    try:
        text = rendered.shown.decode()
    except UnicodeDecodeError:
        return [f"({len(rendered.data):,} bytes that are no text)"]
    return text.splitlines()
