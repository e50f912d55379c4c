"""A hub from plain data: what a program hands in, with the keys of ``controlPlane`` in a fleet file."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.hub_reading import read_hub
from edgefleet.fleetfile.partial import partial
from edgefleet.model.hub import ControlPlane
from edgefleet.model.paths import format_path


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(partial(ControlPlane))


def hub_from_plain(plain: Mapping[str, Any]) -> ControlPlane:
    """The hub that `plain` describes.

    Raises:
        InvalidInput: with every problem.
    """
    try:
        part = _adapter().validate_python(dict(plain))
    except ValidationError as error:
        raise InvalidInput(
            Problem(
                code=str(each.get("ctx", {}).get("code", each["type"])),
                path=format_path(("hub", *each["loc"])),
                problem=str(each.get("ctx", {}).get("problem", each["msg"])),
                hint=str(each.get("ctx", {}).get("hint", "correct the value")),
            )
            for each in error.errors(include_url=False, include_input=False)
        ) from error
    made, problems = read_hub(part, default_k3s="")
    if problems:
        raise InvalidInput(replace(each, path=f"hub.{each.path}".rstrip(".")) for each in problems)
    return made
