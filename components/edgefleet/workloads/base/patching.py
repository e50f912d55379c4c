"""`patches` of a workload: changes of its objects that no field makes.

A strategic merge has a part of an object: maps merge, null removes, and a list of named items (containers,
variables, volumes, ports) merges by name; any other list is replaced (Kubernetes docs,
update-api-object-kubectl-patch). A JSON patch is a
list of RFC 6902's operations add, replace and remove.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import field
from typing import Annotated, Any, Literal

from edgefleet.errors import Problem
from edgefleet.model.paths import format_path
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar
from edgefleet.workloads.base.shapes import problems
from edgefleet.workloads.base.values import Plain, Value

Object = dict[str, Any]
_KIND = Grammar(
    r"[A-Z][A-Za-z0-9]*", "bad-kind", "a kind of Kubernetes objects", "write it like Deployment", 63
)
_OBJECT_NAME = Grammar(
    r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", "bad-name", "a name of an object", "write it like till", 253
)
_POINTER = Grammar(
    r"(/[A-Za-z0-9._:~-]+)+",
    "bad-pointer",
    "a JSON pointer",
    "write it like /spec/replicas",
    500,
)
_MERGE_KEYS = ("name", "mountPath", "containerPort", "key", "topologyKey")
"""Keys by which Kubernetes merges lists of maps, the first that all items have."""


@spec
class Operation:
    """One operation of a JSON patch."""

    op: Literal["add", "replace", "remove"]
    """What it does."""
    path: Annotated[str, _POINTER]
    """JSON pointer of the value, /spec/template/spec/containers/0/image."""
    value: Value = None
    """The new value; none for remove."""


@spec
class Patch:
    """A change of one object of the workload."""

    kind: Annotated[str, _KIND]
    """Kind of the object, Deployment."""
    name: Annotated[str, _OBJECT_NAME] | None = None
    """Name of the object; by default all objects of the kind are changed."""
    merge: Plain = field(default_factory=dict)
    """Part of the object that is merged into it (strategic merge): {spec: {replicas: 2}}."""
    json_: tuple[Operation, ...] = ()
    """Operations of a JSON patch, applied after the merge."""


def patched(objects: Iterable[Object], patches: Sequence[Patch]) -> list[Object]:
    """`objects` with `patches`; one that matches nothing changes nothing, see `misses`."""
    result = list(objects)
    for patch in patches:
        result = [_changed(each, patch) if _matches(each, patch) else each for each in result]
    return result


def misses(objects: Iterable[Object], patches: Sequence[Patch]) -> Iterator[Problem]:
    """A problem for each patch that matches no object, changes nothing, or does not fit it."""
    current = list(objects)
    for index, patch in enumerate(patches):
        path = format_path(("patches", index))
        matching = [each for each in current if _matches(each, patch)]
        if not matching:
            there = ", ".join(sorted({f"{each['kind']} {each['metadata']['name']}" for each in current}))
            problem = (
                f"no {patch.kind}{f' {patch.name}' if patch.name else ''} is among the workload's objects"
            )
            yield Problem.of_value(path, "patch-without-object", problem, f"its objects: {there}")
            continue
        try:
            new = patched(current, [patch])
        except (KeyError, IndexError, TypeError, ValueError):
            pointers = ", ".join(operation.path for operation in patch.json_)
            problem = f"the object has no value where this patch needs one: {pointers}"
            yield Problem.of_value(
                path,
                "patch-without-value",
                problem,
                "compare with edgefleet explain, and correct the pointer",
            )
            continue
        unread = next(((each, problem) for each in new for problem in problems(each)), None)
        if unread:
            yield _of_result(path, *unread)
            continue
        if new == current:
            hint = "remove it, or correct it: the object has these values already"
            yield Problem.of_value(path, "patch-without-effect", "this patch changes nothing", hint)
        current = new


def _of_result(path: str, item: Object, wrong: Problem) -> Problem:
    problem, hint = f"this makes {item['kind']} invalid: {wrong.path}: {wrong.problem}", wrong.hint
    return Problem.of_value(path, "patch-of-wrong-type", problem, hint)


def _matches(of: Object, patch: Patch) -> bool:
    return of["kind"] == patch.kind and patch.name in {None, of["metadata"]["name"]}


def _changed(of: Object, patch: Patch) -> Object:
    new: Object = merged(of, patch.merge)
    for operation in patch.json_:
        _operate(new, operation)
    return new


def merged(old: Any, new: Any) -> Any:
    """`old` with the strategic merge `new`; neither is changed."""
    if isinstance(old, dict) and isinstance(new, dict):
        result = {key: deepcopy(value) for key, value in old.items() if new.get(key, value) is not None}
        for key, value in new.items():
            if value is not None:
                result[key] = merged(old.get(key), value)
        return result
    if isinstance(old, list) and isinstance(new, list) and (key := merge_key([*old, *new])):
        named = {item[key]: item for item in new}
        kept = [merged(item, named.pop(item[key])) if item[key] in named else deepcopy(item) for item in old]
        return kept + deepcopy(list(named.values()))
    return deepcopy(new)


def merge_key(items: Sequence[Any]) -> str | None:
    """The key by which Kubernetes merges a list of `items`; `None` where they have none."""
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    return next((key for key in _MERGE_KEYS if all(key in item for item in items)), None)


def _operate(of: Object, operation: Operation) -> None:
    """Apply one operation of RFC 6902.

    Raises:
        KeyError, IndexError, TypeError, ValueError: there is no such place.
    """
    *way, last = (part.replace("~1", "/").replace("~0", "~") for part in operation.path[1:].split("/"))
    place: Any = of
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place[part]
    value = deepcopy(operation.value)
    if isinstance(place, list):
        _operate_on_list(place, last, operation.op, value)
    elif operation.op == "add":
        place[last] = value
    elif operation.op == "replace":
        place[last] = value if last in place else place[last]
    else:
        del place[last]


def _operate_on_list(place: list[Any], last: str, op: str, value: Any) -> None:
    index = len(place) if last == "-" else int(last)
    if op == "add":
        place.insert(index, value)
    elif op == "replace":
        place[index] = value
    else:
        del place[index]
