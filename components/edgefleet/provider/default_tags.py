"""A provider's default and ignored tags in the inputs of resources. Pure.

Default tags become part of the inputs in Check, so a preview shows them, and a change of them, like any tag.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgefleet.model.cloud import Cloud
from edgefleet.provider.properties import Output, Secret


def with_defaults(inputs: dict[str, Any], defaults: Mapping[str, str]) -> dict[str, Any]:
    """`inputs` with `defaults` for the tags that they do not have; tags that are not known stay so."""
    tags = inputs.get("tags")
    held = tags.value if isinstance(tags, Secret | Output) else tags or {}
    if not isinstance(held, Mapping):
        return inputs
    merged: Any = {**defaults, **held}
    return inputs | {"tags": replace(tags, value=merged) if isinstance(tags, Secret | Output) else merged}


def without_ignored(inputs: Mapping[str, Any], cloud: Cloud) -> dict[str, Any]:
    """Live inputs without the tags that the provider ignores."""
    if not inputs.get("tags"):
        return dict(inputs)
    kept = {key: value for key, value in inputs["tags"].items() if not cloud.ignore_tags.covers(key)}
    return {**inputs, "tags": kept}
