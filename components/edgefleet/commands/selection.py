"""Which sites a command is about: the same four options everywhere.

`--target` takes names and patterns, `--group`, `--label` and `--wave` take what the fleet file declares. Each
option narrows the choice; the values of one option add up, except that one node has all labels.
"""

import shlex
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

import typer

from edgefleet.commands.stack import nearest
from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.fleet import Fleet

PATTERN = frozenset("*?[")
"""Characters of a pattern; no name of a site has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """The sites that the options of a command choose; a command decides what none of them means."""

    target: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    wave: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether any option is given."""
        return any(getattr(self, option.name) for option in fields(self))

    def __str__(self) -> str:
        """The options as a shell takes them, each behind a blank."""
        return "".join(
            f" --{option.name} {shlex.quote(value)}"
            for option in fields(self)
            for value in getattr(self, option.name)
        )

    def sites(self, fleet: Fleet, also: Iterable[str] = ()) -> tuple[str, ...]:
        """The chosen sites in the fleet file's order, without an option all; the state may know names `also`.

        Raises:
            InvalidInput: a name is unknown, or no site matches.
        """
        names = tuple(dict.fromkeys((*fleet.sites, *also)))
        if not self:
            return names
        if problems := [*self._problems(fleet, names)]:
            raise InvalidInput(problems)
        waved = {name for wave in fleet.waves if wave.name in self.wave for name in wave.sites}
        chosen = tuple(name for name in names if self._has(fleet, name, is_waved=name in waved))
        if not chosen:
            problem = f"no site of {fleet.name} / {fleet.region} matches{self}"
            raise InvalidInput.at(
                "", "no-such-sites", problem, "leave out an option: each narrows the choice"
            )
        return chosen

    def named(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` that the values of `--target` match."""
        return tuple(name for name in names if any(fnmatchcase(name, target) for target in self.target))

    def _has(self, fleet: Fleet, name: str, *, is_waved: bool) -> bool:
        member, spec = fleet.provenance.members.get(name), fleet.sites.get(name)
        nodes = spec.nodes.values() if spec else ()
        return (
            (not self.target or bool(self.named((name,))))
            and (not self.group or (member is not None and member.group in self.group))
            and (not self.wave or is_waved)
            and (
                not self.label
                or any(all(_is_labelled(node.labels, label) for label in self.label) for node in nodes)
            )
        )

    def _problems(self, fleet: Fleet, names: Collection[str]) -> Iterator[Problem]:
        groups = {member.group for member in fleet.provenance.members.values() if member.group}
        waves = {wave.name for wave in fleet.waves}
        labels = {key for site in fleet.sites.values() for node in site.nodes.values() for key in node.labels}
        where = f"in {fleet.name} / {fleet.region}"
        for target in self.target:
            if PATTERN.isdisjoint(target) and target not in names:
                kinds = [kind for kind, of in (("group", groups), ("wave", waves)) if target in of]
                hint = f"it is a {kinds[0]}: --{kinds[0]} {target}" if kinds else nearest(target, names)
                yield Problem(code="unknown-site", problem=f"there is no site {target!r} {where}", hint=hint)
        for option, values, known in (
            ("group", self.group, groups),
            ("wave", self.wave, waves),
            ("label", [label.partition("=")[0] for label in self.label], labels),
        ):
            for value in values:
                if value not in known:
                    problem = f"no site {where} has the {option} {value!r}"
                    yield Problem(code=f"unknown-{option}", problem=problem, hint=nearest(value, known))


def _is_labelled(labels: dict[str, str], label: str) -> bool:
    key, equals, value = label.partition("=")
    return key in labels and (not equals or labels[key] == value)


OPTIONS = {
    "target": ("SITE", "Only this site; also a pattern, 'store-*'; repeatable."),
    "group": ("GROUP", "Only sites of this group; repeatable."),
    "label": ("KEY=VALUE", "Only sites with a node that has this label; repeatable, a node has all."),
    "wave": ("WAVE", "Only sites of this wave; repeatable."),
}
"""dict[option -> (metavar, help)]."""


def selecting(command: Callable[..., None]) -> Callable[..., None]:
    """`command` with the options of a selector in the place of its parameter `which`."""

    @wraps(command)
    def with_options(*arguments: Any, **options: Any) -> None:
        values = {name: tuple(options.pop(name, None) or ()) for name in OPTIONS}
        command(*arguments, which=Selector(**values), **options)

    whole = signature(command)
    own = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[list[str] | None, typer.Option(f"--{name}", metavar=metavar, help=text)],
        )
        for name, (metavar, text) in OPTIONS.items()
    ]
    kept = [parameter for name, parameter in whole.parameters.items() if name != "which"]
    with_options.__signature__ = whole.replace(parameters=[*kept, *own])  # type: ignore[attr-defined]  # typer's
    return with_options


def required(
    which: Selector, fleet: Fleet, *, is_all: bool = False, also: Iterable[str] = ()
) -> tuple[str, ...]:
    """The chosen sites, or all: which sites are meant is never guessed.

    Raises:
        InvalidInput: neither a site nor all are named, or both; or see `Selector.sites`.
    """
    if bool(which) is is_all:
        problem = "both sites and --all are given" if is_all else "no sites given"
        raise InvalidInput.at(
            "", "which-sites", problem, "give --target, --group, --label or --wave, or --all"
        )
    return which.sites(fleet, also)


def single(which: Selector, fleet: Fleet) -> str:
    """The one site that is chosen.

    Raises:
        InvalidInput: it is not one; or see `Selector.sites`.
    """
    names = required(which, fleet)
    if len(names) > 1:
        problem = f"{len(names):,} sites match{which}, and this is for one"
        raise InvalidInput.at("", "which-sites", problem, f"name it: --target {names[0]}")
    return names[0]
