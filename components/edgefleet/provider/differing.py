"""Differences between inputs as the answer to Pulumi's Diff. Pure."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2 as proto

from edgefleet.model.differ import Change, changes
from edgefleet.model.paths import Part, parse_path
from edgefleet.model.type_introspection import at, is_record

_UPDATE = (proto.PropertyDiff.UPDATE, proto.PropertyDiff.UPDATE_REPLACE)
_KINDS = {
    (False, True): (proto.PropertyDiff.ADD, proto.PropertyDiff.ADD_REPLACE),
    (True, False): (proto.PropertyDiff.DELETE, proto.PropertyDiff.DELETE_REPLACE),
}
"""dict[(whether the old inputs have the value, whether the new ones do) -> (kind, kind that replaces)]."""


def answer(
    differences: Iterable[Change],
    written: tuple[Mapping[str, Any], Mapping[str, Any]],
    *,
    drift: Iterable[str] = (),
    replace_on: frozenset[str] = frozenset(),
) -> proto.DiffResponse:
    """The answer that lists the differences.

    Args:
        differences: changes of inputs.
        written: the old and the new inputs as they were written. By them a change is an addition, a removal
            or an update: a default that is now spelled out was added.
        drift: paths of outputs that have drifted, independent of the inputs. They make a difference but no
            detailed one, whose paths an engine looks up among the inputs.
        replace_on: inputs whose change replaces the resource.
    """
    detailed = {}
    names, replaces = {path.split(".")[0] for path in drift}, set()
    for change in differences:
        names.add(change.name)
        if change.name in replace_on:
            replaces.add(change.name)
        path = parse_path(change.path)
        held = (_holds(written[0], path), _holds(written[1], path))
        kind = _KINDS.get(held, _UPDATE)[change.name in replace_on]
        # Without `inputDiff` the CLI compares all outputs with the inputs and shows every output as lost.
        detailed[change.path] = proto.PropertyDiff(kind=kind, inputDiff=True)
    return proto.DiffResponse(
        changes=proto.DiffResponse.DIFF_SOME if names else proto.DiffResponse.DIFF_NONE,
        diffs=sorted(names),
        replaces=sorted(replaces),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def is_ignored(change: Change, ignored: Iterable[str]) -> bool:
    """Whether one of the paths in `ignored` (``*`` stands for any key or position) covers `change`."""
    path = parse_path(change.path)
    return any(_covers(parse_path(pattern), path) for pattern in ignored)


def with_live(
    of: Any, new: Mapping[str, Any], live: Mapping[str, Any], paths: Iterable[str]
) -> dict[str, Any]:
    """The inputs `new` of the type `of`, at `paths` with the values of `live`; plain."""
    made: dict[str, Any] = copy.deepcopy(dict(new))
    known = {name: value for name, value in new.items() if name in live}
    for change in changes(of, known, live):
        if is_ignored(change, paths):
            _set(of, made, parse_path(change.path), change.new)
    return made


def _set(of: Any, values: Any, path: tuple[Part, ...], value: Any) -> None:
    *above, last = path
    for part in above:
        values = values.setdefault(part, {}) if isinstance(values, dict) else values[part]
    around = at(of, above)
    if value is None and around is not None and not is_record(around.bare):
        values.pop(last, None)
    else:
        values[last] = value


def _covers(pattern: tuple[Part, ...], path: tuple[Part, ...]) -> bool:
    return len(pattern) <= len(path) and all(
        wanted in ("*", part) for wanted, part in zip(pattern, path, strict=False)
    )


def _holds(value: Any, path: tuple[Part, ...]) -> bool:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return False
    return value is not None
