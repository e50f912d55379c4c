"""A workload some of whose texts are outputs: of other resources, of another stack, known or not yet.

Its objects are composed with two stand-ins for each output. What is the same with both does not depend on it
and is plain. The rest is an output that is composed again once the values are known: a digest, a part of a
file or of an address. So a preview shows as unknown exactly what depends on an unknown value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleet.open_inputs import derived, is_open
from edgefleet.fleetfile.partial import WORKLOADS
from edgefleet.model.names import NAME_OF_SECRET
from edgefleet.model.paths import Path, format_path, leaves
from edgefleet.model.syntax import Grammar
from edgefleet.model.type_introspection import at

Object = Mapping[str, Any]
Compose = Callable[[Mapping[str, Any]], Sequence[Object]]
"""Makes the objects of the plain fields of a workload."""
_STAND_INS = (
    ("stand-in/a:1", "stand-in/b:1"),
    ("https://a.stand-in.example", "https://b.stand-in.example"),
    ("a.stand-in.example", "b.stand-in.example"),
)
"""Texts of several forms, of which a field takes the first that is valid there."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The plain fields of a workload, and the outputs in them."""

    plain: Mapping[str, Any]
    """With the first stand-in of each output."""
    outputs: Mapping[Path, Any] = field(default_factory=dict)
    """dict[path of a text -> the output that it is]."""
    seconds: Mapping[Path, str] = field(default_factory=dict)
    """dict[path of a text -> its other stand-in]."""
    secrets: Mapping[str, Any] = field(default_factory=dict)
    """dict[name that stands for a secret in `plain` -> the secret]."""


def open_fields(given: Mapping[str, Any]) -> Opened:
    """The fields of a workload that a program describes.

    Raises:
        InvalidInput: an output is where none may be.
    """
    form, plain = WORKLOADS.get(str(given.get("kind"))), given
    outputs: dict[Path, Any] = {}
    seconds: dict[Path, str] = {}
    secrets: dict[str, Any] = {}
    problems = []
    for path, output in ((path, value) for path, value in leaves(given) if is_open(value)):
        shape = at(form, path) if form else None
        grammar = shape.note(Grammar) if shape else None
        texts = next((pair for pair in _STAND_INS if grammar and all(map(grammar.accepts, pair))), None)
        if grammar is NAME_OF_SECRET:
            texts = (f"stand-in-{len(secrets)}",) * 2
            secrets[texts[0]] = output
        elif texts is not None:
            outputs[path], seconds[path] = output, texts[1]
        else:
            problems.append(_refusal(path))
        plain = _put(plain, path, texts[0] if texts else "")
    if problems:
        raise InvalidInput(problems)
    return Opened(plain=plain, outputs=outputs, seconds=seconds, secrets=secrets)


def open_objects(of: Opened, compose: Compose) -> list[Object]:
    """The objects of a workload, with outputs where they depend on one.

    Raises:
        InvalidInput: its plain part is wrong, or an output decides which objects there are.
    """
    base = [*compose(of.plain)]
    variants = {path: [*compose(_put(of.plain, path, text))] for path, text in of.seconds.items()}
    deciding = [path for path, other in variants.items() if [*map(_key, other)] != [*map(_key, base)]]
    if deciding:
        raise InvalidInput(map(_refusal, deciding))
    made: list[Object] = _Opening(of, compose).opened(base, variants, ())
    return made


@dataclass(frozen=True)
class _Opening:
    of: Opened
    compose: Compose

    def opened(self, base: Any, variants: Mapping[Path, Any], way: Path) -> Any:
        """`base`, at `way` in the objects, with outputs where `variants` of single texts differ from it."""
        varying = {path: other for path, other in variants.items() if other != base}
        if not varying:
            return base
        keys = _keys(base)
        if keys and all(_keys(other) == keys for other in varying.values()):
            inside = {
                key: self.opened(base[key], {path: of[key] for path, of in varying.items()}, (*way, key))
                for key in keys
            }
            return inside if isinstance(base, dict) else [*inside.values()]
        paths = [*varying]
        return derived(
            lambda *known: self._value(dict(zip(paths, known, strict=True)), way),
            *(self.of.outputs[path] for path in paths),
        )

    def _value(self, known: Mapping[Path, Any], way: Path) -> Any:
        plain = self.of.plain
        for path, text in known.items():
            plain = _put(plain, path, text)
        value: Any = self.compose(plain)
        base: Any = self.compose(self.of.plain)
        for key in way:
            if _keys(value) != _keys(base):
                raise InvalidInput(map(_refusal, known))
            value, base = value[key], base[key]
        return value


def _keys(value: Any) -> list[Any]:
    """The keys of a map or the positions of a list; empty for anything else."""
    return (
        [*value]
        if isinstance(value, dict)
        else [*range(len(value))]
        if isinstance(value, list | tuple)
        else []
    )


def _key(of: Object) -> tuple[str, ...]:
    metadata = of["metadata"]
    return of["apiVersion"], of["kind"], metadata.get("namespace", ""), metadata["name"]


def _put(whole: Any, path: Path, value: Any) -> Any:
    key, *rest = path
    put = _put(whole[key], tuple(rest), value) if rest else value
    if isinstance(whole, Mapping):
        return {**whole, key: put}
    return [*whole[:key], put, *whole[key + 1 :]]  # type: ignore[operator]  # a position


def _refusal(path: Path) -> Problem:
    problem = "cannot be an output: it decides which objects there are, or is no text"
    return Problem.of_value(format_path(("workload", *path)), "not-plain", problem, "give a plain value")
