"""Field managers: which fields of an object are this stack's (Kubernetes docs, "Server-Side Apply"). Pure.

A resource's manager has a name made of its provider's id and its URN. So the next run recognizes an object of
a run that was killed before it could record it; any other object that exists is refused.
"""

import copy
import hashlib
from collections.abc import Iterable
from typing import Any

from edgefleet.model.kubernetes import Object, annotation, at
from edgefleet.model.paths import Part, parse_path

PREFIX = "pulumi-kubernetes-"
FORCE = "pulumi.com/patchForce"
_FORMER = frozenset(
    {
        ("kubectl", "Apply"),
        ("before-first-apply", "Update"),
        ("pulumi-kubernetes", "Update"),
        ("pulumi-kubernetes.exe", "Update"),
        ("pulumi-resource-kubernetes", "Update"),
    }
)
"""(manager, operation) whose fields an update takes over, as the real plugin does: it creates objects with
``Update``, and an import replaces what kubectl applied. So it does with each command of kubectl."""


def manager_name(provider: str, urn: str) -> str:
    """The field manager of a resource.

    Args:
        provider: the id of its provider, which no other stack has.
        urn: the resource's.
    """
    return PREFIX + hashlib.sha256(f"{provider} {urn}".encode()).hexdigest()[:8]


def entries(live: Object) -> list[dict[str, Any]]:
    """The managed fields of an object."""
    return at(live, "metadata", "managedFields") or []


def is_applied_by(live: Object, manager: str) -> bool:
    """Whether `manager` has applied the object."""
    return any(
        (entry.get("manager"), entry.get("operation")) == (manager, "Apply") for entry in entries(live)
    )


def has_former(live: Object) -> bool:
    """Whether managers have fields of it that an update takes over."""
    return any(_is_former(entry) for entry in entries(live))


def is_forced(wanted: Object, live: Object | None, *, is_preview: bool) -> bool:
    """Whether an apply takes fields from other managers without a question.

    That is what the annotation asks for, and the way for objects that have no managers on record. A preview
    does not move the fields of former managers, so it takes them.
    """
    if annotation(wanted, FORCE) == "true":
        return True
    return live is not None and (not entries(live) or (is_preview and has_former(live)))


def taken_over(live: Object, manager: str) -> list[dict[str, Any]]:
    """The managed fields with those of former managers as `manager`'s own."""
    kept = [copy.deepcopy(entry) for entry in entries(live) if not _is_former(entry)]
    former = [entry for entry in entries(live) if _is_former(entry)]
    own = [entry for entry in kept if (entry.get("manager"), entry.get("operation")) == (manager, "Apply")]
    if not own:
        own = [copy.deepcopy(former[-1]) | {"manager": manager, "operation": "Apply"}]
        kept += own
    for entry in former:
        own[0]["fieldsV1"] = _joined(own[0].get("fieldsV1") or {}, entry.get("fieldsV1") or {})
    return kept


def _is_former(entry: dict[str, Any]) -> bool:
    if entry.get("subresource"):
        return False
    manager, operation = str(entry.get("manager")), entry.get("operation")
    return (manager, operation) in _FORMER or (manager.startswith("kubectl") and operation == "Update")


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {key: _joined(one.get(key, {}), other.get(key, {})) for key in one | other}


def without_ignored(wanted: Object, live: Object, ignored: Iterable[str], manager: str) -> Object:
    """What to apply where the program ignores changes of some paths.

    A field that only others manage is left out, so that it stays theirs; any other one keeps its live value.
    """
    made = copy.deepcopy(wanted)
    for path in map(parse_path, ignored):
        if not path:
            continue
        value = at(live, *path)
        owners = {entry.get("manager") for entry in entries(live) if _has(entry.get("fieldsV1") or {}, path)}
        if owners and manager not in owners:
            _set(made, path, None)
        elif value is not None:
            _set(made, path, value)
    return made


def _has(fields: dict[str, Any], path: tuple[Part, ...]) -> bool:
    """Whether managed fields hold a path of names; those of positions in lists are not looked for."""
    for part in path:
        if f"f:{part}" not in fields:
            return False
        fields = fields[f"f:{part}"]
    return True


def _set(item: Any, path: tuple[Part, ...], value: Any) -> None:
    """Put a value at a path, or with None take it out; where the way is not there, a value makes it."""
    *above, last = path
    for part in above:
        following = at(item, part)
        if following is None:
            if value is None or not isinstance(item, dict):
                return
            following = item.setdefault(part, {})
        item = following
    if value is None:
        item.pop(last, None) if isinstance(item, dict) else None
    elif isinstance(item, dict) or (isinstance(last, int) and last < len(item)):
        item[last] = copy.deepcopy(value)
