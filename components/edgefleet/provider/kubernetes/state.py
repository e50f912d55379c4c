"""What is recorded of an object, in the real plugin's form. Pure.

The outputs are the live object, with the inputs in ``__inputs``, the apiVersion of its creation and its field
manager. Values that the program marks as secret are secret there, too, and so is a Secret's data.
"""

import base64
import binascii
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edgefleet.io.kubernetes_errors import texts_in
from edgefleet.model.kubernetes import CRD, Kind, Object, at, is_secret
from edgefleet.provider.properties import Output, Secret, plain, unknowns

SECRET_PARTS = ("data", "stringData")
_OF_SERVER = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)
"""Parts of metadata that the server writes."""
_EXTENSION = "x-kubernetes-"
"""Begins keys of a CRD's schema; Pulumi's names have underscores there."""


def to_object(properties: Mapping[str, Any]) -> Object:
    """Properties as an object, in clear; `UNKNOWN` stays."""
    renamed: Object = _renamed(plain(dict(properties)), lambda key: key.replace("_", "-"), "x_kubernetes_")
    return renamed


def to_properties(item: Mapping[str, Any], marks: Mapping[str, Any]) -> dict[str, Any]:
    """An object as properties, secret where the properties `marks` are."""
    properties: dict[str, Any] = _renamed(dict(item), lambda key: key.replace("-", "_"), _EXTENSION)
    return _marked(properties, marks)


def _renamed(value: Any, rename: Callable[[str], str], prefix: str) -> Any:
    if isinstance(value, dict):
        return {
            rename(key) if key.startswith(prefix) else key: _renamed(child, rename, prefix)
            for key, child in value.items()
        }
    return [_renamed(child, rename, prefix) for child in value] if isinstance(value, list) else value


def _marked(values: dict[str, Any], marks: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with what is secret in `marks`: an object by its members, anything else as a whole."""
    if is_secret(values):
        return {key: Secret(value) if key in SECRET_PARTS else value for key, value in values.items()}
    return {key: _marked_value(value, marks.get(key)) for key, value in values.items()}


def _marked_value(value: Any, mark: Any) -> Any:
    if isinstance(value, dict) and isinstance(mark, dict):
        return {key: _marked_value(child, mark.get(key)) for key, child in value.items()}
    return Secret(value) if any(_secrets_of(mark)) else value


def _secrets_of(value: Any) -> Iterator[Any]:
    """The values within that are marked as secret."""
    if isinstance(value, Secret) or (isinstance(value, Output) and value.is_secret):
        yield value.value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _secrets_of(child)


def secret_texts(properties: Mapping[str, Any]) -> frozenset[str]:
    """The texts that are marked as secret; a Secret's data decoded, too."""
    hidden = [text for value in _secrets_of(dict(properties)) for text in texts_in(plain(value))]
    return frozenset(filter(None, (*hidden, *filter(None, map(_decoded, hidden)))))


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def normalized(item: Object) -> Object:
    """The object as the server would keep it, as far as a comparison needs that.

    What the server writes in metadata is left out, and texts of a Secret become data.
    """
    item = copy.deepcopy(item)
    metadata = item.get("metadata")
    if isinstance(metadata, dict):
        for name in _OF_SERVER:
            metadata.pop(name, None)
    if is_secret(item) and isinstance(item.get("stringData"), dict) and not any(unknowns(item)):
        texts = item.pop("stringData")
        encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
        item["data"] = {**(item.get("data") or {}), **encoded}
    if Kind.of(item).name == CRD:
        item.pop("status", None)
        if at(item, "spec", "preserveUnknownFields") is False:
            del item["spec"]["preserveUnknownFields"]
    return item


def drifted(inputs: Any, before: Any, now: Any) -> Any:
    """Recorded inputs with what has changed live since: the value `now` where it is not the one `before`.

    What the server writes otherwise than the program, ``1024Mi`` as ``1Gi``, is so no drift.
    """
    if before is not None and before == now:
        return inputs
    if isinstance(inputs, dict) and isinstance(now, dict):
        return {
            key: drifted(value, at(before, key), now.get(key))
            for key, value in inputs.items()
            if key in now or (isinstance(before, dict) and key not in before)
        }
    if isinstance(inputs, list) and isinstance(now, list):
        return [
            drifted(value, at(before, index), now[index]) for index, value in enumerate(inputs[: len(now)])
        ]
    return inputs if now is None else now


def imported(live: Object) -> Object:
    """The inputs of an object that no program has described yet: all of it that the server does not write."""
    inputs = normalized({key: value for key, value in live.items() if key != "status"})
    for name in ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"):
        (at(inputs, "metadata", "annotations") or {}).pop(name, None)
    return inputs
