"""The stack's secrets in a site's spec: a text may be ``{secret: NAME}``, and stays so until it is rendered.

A fleet file, the state, a preview and every check have the reference. The texts themselves are in the site's
``passphrases``, encrypted in state, and only those that the site refers to. Rendering takes a spec whose
references are replaced (`revealed`), so that no boot step or format knows of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_type_hints

from edgefleet.errors import InvalidInput, Problem
from edgefleet.model.paths import Part, format_path
from edgefleet.model.plain_data import Undeclared
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import passphrase
from edgefleet.model.spec import outside_name
from edgefleet.model.syntax import Grammar, reference, secret_name
from edgefleet.model.type_introspection import child, shape_of

T = TypeVar("T")
_BEGINNING = reference("").removesuffix("}")
"""In each text that refers to a secret, and so in the `repr` of plain data with such a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A place that refers to a secret of the stack."""

    path: tuple[Part, ...]
    """Below the site, ``("nodes", "n1", "network", "wifi", "passphrase")``."""
    name: str
    """The secret's."""
    grammar: Grammar
    """What the secret must be."""

    @property
    def what(self) -> str:
        """The secret in a sentence: ``Wi-Fi passphrase``, or ``value of ntp[0]``."""
        if self.grammar.refers == "must":
            return self.grammar.what.partition(" ")[2]
        return f"value of {format_path(self.path[2:] if self.path[0] == 'nodes' else self.path)}"


def references(site: SiteSpec) -> tuple[Reference, ...]:
    """The places of `site` that refer to secrets; those of workloads in the hub's cluster are the hub's."""
    found: list[Reference] = []

    def noted(place: Reference) -> str:
        found.append(place)
        return reference(place.name)

    _replaced(replace(site, workloads={}) if site.joins_hub else site, SiteSpec, (), noted)
    return tuple(found)


def secret_hint(name: str) -> str:
    """How a program's stack gets the secret `name`."""
    return f"pulumi config set --secret --path 'fleet:passphrases.{name}'"


def secrets_used(site: SiteSpec) -> dict[str, str]:
    """dict[name of a secret of the stack that the images of `site` hold -> what it is]."""
    return {place.name: place.what for place in sorted(references(site), key=lambda place: place.name)}


def revealed(site: SiteSpec, secrets: Mapping[str, str]) -> SiteSpec:
    """`site` with the texts of the `secrets` in the places that refer to them.

    Raises:
        InvalidInput: some are missing.
    """
    missing: list[Problem] = []

    def text(place: Reference) -> str:
        if place.name not in secrets:
            path, problem = ("sites", site.name, *place.path), f"the stack has no secret {place.name!r}"
            hint = secret_hint(place.name)
            missing.append(Problem(code="no-passphrase", path=format_path(path), problem=problem, hint=hint))
        return secrets.get(place.name, "").strip()

    shown = _replaced(site, SiteSpec, (), text)
    if missing:
        raise InvalidInput(missing)
    return shown


def flaws(site: SiteSpec, secrets: Mapping[str, str]) -> Iterator[tuple[Reference, str, str]]:
    """(place, code, problem) of each secret of `site` that is missing or is something else."""
    return flaws_at(references(site), secrets)


def flaws_at(places: Iterable[Reference], secrets: Mapping[str, str]) -> Iterator[tuple[Reference, str, str]]:
    """`flaws` of `places`."""
    for place in places:
        if place.name not in secrets:
            yield place, "no-passphrase", f"the stack has no secret {place.name!r}"
        else:
            for grammar in (passphrase, place.grammar):
                if not grammar.accepts(secrets[place.name].strip()):
                    problem = f"the stack's secret {place.name!r} is not {grammar.what}"
                    yield place, "bad-passphrase", problem
                    break


def disguised(secret: str) -> str:
    """A secret of the same form, ``<name>:<rest>``, a word or lines, that differs in all other characters."""
    name, colon, rest = secret.partition(":")
    other = {"x": "y", "\n": "\n"}
    name, rest = ("".join(other.get(each, "x") for each in part) for part in (name, rest))
    return name + colon + rest


def _replaced(value: T, annotation: Any, path: tuple[Part, ...], text: Callable[[Reference], str]) -> T:
    """`value`, of the type `annotation`, with a text for each reference in it; itself where there is none."""
    old: Any = value
    if isinstance(old, str):
        name = secret_name(old)
        if name is None:
            return value
        grammar = shape_of(annotation).note(Grammar) or passphrase
        return cast("T", text(Reference(path=path, name=name, grammar=grammar)))
    if is_dataclass(old):
        parts = {
            field: _replaced(getattr(old, field), hint, (*path, key), text)
            for field, key, hint in _written(cast("Any", type(old)))
        }
        changed = {name: part for name, part in parts.items() if part is not getattr(old, name)}
        return replace(cast("Any", old), **changed) if changed else value
    shape = shape_of(annotation)
    bare = shape.bare
    refers_nowhere = shape.note(Undeclared) is not None and _BEGINNING not in repr(old)
    if refers_nowhere or not isinstance(old, dict | tuple | list) or not old:
        return value
    if isinstance(old, dict):
        new: Any = {key: _replaced(item, child(bare, key), (*path, key), text) for key, item in old.items()}
        return value if all(new[key] is old[key] for key in old) else cast("T", new)
    new = [_replaced(item, child(bare, at), (*path, at), text) for at, item in enumerate(old)]
    is_same = all(left is right for left, right in zip(old, new, strict=True))
    return value if is_same else cast("T", type(old)(new))


@cache
def _written(kind: type[Any]) -> tuple[tuple[str, str, Any], ...]:
    """(field, key, annotation) of the fields of a spec at or below which a reference may stand."""
    hints = get_type_hints(kind, include_extras=True)
    names = (field.name for field in fields(kind))
    return tuple((name, outside_name(name), hints[name]) for name in names if _may_refer(hints[name]))


def _may_refer(annotation: Any) -> bool:
    shape = shape_of(annotation)
    if (grammar := shape.note(Grammar)) is not None:
        return grammar.refers != "never"
    if shape.note(Undeclared) is not None:
        return True
    if is_dataclass(shape.bare):
        return bool(_written(cast("Any", shape.bare)))
    return any(map(_may_refer, get_args(shape.bare)))
