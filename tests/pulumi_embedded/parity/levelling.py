"""What of a run is compared: all but what two runs never share (times, random ids, ciphertexts)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

SIGNATURE = "4dabf18193072939515e22adb298388d"
PROVIDER = "pulumi:providers:"
STACK = "pulumi:pulumi:Stack"


def text(value: Any) -> str:
    """Spell a value so that equal ones are equal."""
    return json.dumps(value, sort_keys=True)


def plain(value: Any) -> Any:
    """Look at all of a value that is shown when somebody looks."""
    return json.loads(json.dumps(value, default=dict))


def steps(outcome: Any) -> list[list[Any]]:
    """Return what an outcome says of each resource, in an order that parallel runs share."""
    found = [
        [step.urn, step.op, list(step.diff), plain(step.old_inputs), plain(step.new_inputs)]
        for step in outcome.steps
    ]
    return sorted(found, key=text)


def failed(outcome: Any) -> list[str]:
    """Return the resources that errors name.

    The CLI may or may not add that the program failed as well: a failed resource cancels it, which is a race.
    """
    urns = {item.urn for item in outcome.diagnostics if item.severity == "error"}
    return sorted(urns - {""} or urns)


def note(told: dict[str, list[Any]], event: Any) -> None:
    """Keep what an engine event says of its resource."""
    kinds = {
        "begins": event.resource_pre_event,
        "is": event.res_outputs_event,
        "fails": event.res_op_failed_event,
    }
    for kind, payload in kinds.items():
        if payload is not None:
            told.setdefault(payload.metadata.urn, []).append(_said(kind, payload.metadata))


def _said(kind: str, metadata: Any) -> list[Any]:
    """Spell an event; what differs only when it begins: at the end it is the same."""
    detailed = {
        path: diff.diff_kind.value + ("" if diff.input_diff else " of outputs")
        for path, diff in sorted((metadata.detailed_diff or {}).items())
    }
    said: dict[str, Any] = {
        "keys": sorted(metadata.keys or ()),
        "diffs": sorted(metadata.diffs or ()),
        "detailed": detailed,
    }
    return [f"{kind} {metadata.op.value}", {key: value for key, value in said.items() if value}]


def state(document: Mapping[str, Any], decrypt: Callable[[str, str], str]) -> dict[str, Any]:
    """Level a checkpoint's file: each resource's document as it is, secrets in clear."""
    latest = document["checkpoint"]["latest"]
    salt = latest["secrets_providers"]["state"]["salt"]
    resources = _opened(latest.get("resources") or [], salt, decrypt)
    ids = {
        item["id"]: f"id of {item['urn'].rsplit('::', 1)[-1]}"
        for item in resources
        if item["type"].startswith(PROVIDER) and item.get("id")
    }
    found = [_level(item, ids) for item in resources]
    pending = latest.get("pending_operations") or []
    return {
        "version": document["version"],
        "stack": document["checkpoint"]["stack"],
        "fields": sorted(latest.keys() - {"resources", "pending_operations"}),
        "metadata": latest.get("metadata"),
        "resources": sorted(
            found, key=lambda item: (item["urn"], item.get("delete", False), item.get("id", ""))
        ),
        "pending": sorted(f"{item['type']} {item['resource']['urn']}" for item in pending),
    }


def _opened(value: Any, salt: str, decrypt: Callable[[str, str], str]) -> Any:
    """Decrypt what is secret."""
    if isinstance(value, dict):
        if SIGNATURE in value and "ciphertext" in value:
            return {SIGNATURE: "secret", "value": json.loads(decrypt(salt, value["ciphertext"]))}
        return {key: _opened(item, salt, decrypt) for key, item in value.items()}
    return [_opened(item, salt, decrypt) for item in value] if isinstance(value, list) else value


def _level(item: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    found = {key: value for key, value in item.items() if key not in {"created", "modified", "stackTrace"}}
    found["times"] = [key for key in ("created", "modified") if item.get(key)]
    if found["type"] == STACK:
        found.pop("sourcePosition", None)
    if "id" in found:
        found["id"] = ids.get(found["id"], found["id"])
    if "provider" in found:
        urn, _, id_ = found["provider"].rpartition("::")
        found["provider"] = f"{urn}::{ids.get(id_, id_)}"
    if "dependencies" in found:
        found["dependencies"] = sorted(found["dependencies"])
    if "propertyDependencies" in found:
        deps = found["propertyDependencies"]
        found["propertyDependencies"] = {key: sorted(urns or ()) for key, urns in deps.items()}
    return found


def sealed(value: Any, encrypt: Callable[[str], str]) -> Any:
    """Encrypt what a configuration marks as secure."""
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            return {"secure": encrypt(value["secure"])}
        return {key: sealed(item, encrypt) for key, item in value.items()}
    return [sealed(item, encrypt) for item in value] if isinstance(value, list) else value


def differences(expected: Any, actual: Any, at: str = "") -> list[str]:
    """Name each place where two values differ."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        keys = sorted(expected.keys() | actual.keys())
        lacking = "(nothing)"
        return [
            found
            for key in keys
            for found in differences(expected.get(key, lacking), actual.get(key, lacking), f"{at}/{key}")
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual, strict=True))
        return [found for n, (one, other) in pairs for found in differences(one, other, f"{at}[{n}]")]
    return [] if expected == actual else [f"{at}: {text(expected)} != {text(actual)}"]
