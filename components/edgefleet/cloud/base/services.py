"""Bases for the kinds of one service: load balancing, and IAM Roles Anywhere."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from edgefleet.cloud.base.described import ChosenId
from edgefleet.cloud.base.table import Change, Described
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import ELB, ROLES_ANYWHERE

IDENTITY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""An id of IAM Roles Anywhere."""


class ElbResource(ChosenId):
    """A kind of Elastic Load Balancing's: found by ARN or name, and partly set by attributes."""

    TAGGING = ELB
    ATTRIBUTES: ClassVar[Mapping[str, tuple[str, int]]] = MappingProxyType({})
    """dict[input -> (attribute of the API, its value where none is set)]."""
    ATTRIBUTE_CALLS: ClassVar[str] = ""
    """Operation that reads attributes, without ``describe_``."""

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By ARN or name."""
        by = f"{self.TABLE.key}s" if identity.startswith("arn:") else "Names"
        place = self.place(environment, identity)
        answer = environment.aws.seek("elbv2", self.TABLE.read, place, **{by: [identity]})
        return None if answer is None else next(iter(answer[self.TABLE.answer]), None)

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """The inputs, attributes among them."""
        return {**super().inputs(current, environment), **self._attributes(current, environment)}

    def _attributes(self, current: Described, environment: Environment) -> dict[str, Any]:
        place, method = self.place(environment, self.id_of(current)), f"describe_{self.ATTRIBUTE_CALLS}"
        answer = environment.aws.call("elbv2", method, place, **self.named(current))
        live = {each["Key"]: each["Value"] for each in answer["Attributes"]}
        return {
            name: _value(live[key], default) if key in live else default
            for name, (key, default) in self.ATTRIBUTES.items()
        }


def attributes(values: Mapping[str, int]) -> dict[str, Any]:
    """The parameter that sets attributes; dict[attribute -> value]."""
    return {"Attributes": [{"Key": key, "Value": str(value).lower()} for key, value in values.items()]}


def _value(text: str, like: int) -> int:
    return text == "true" if isinstance(like, bool) else int(text)


class RolesAnywhereResource(ChosenId):
    """A kind of IAM Roles Anywhere. Names are not unique: the tags identify the stack's own."""

    TAGGING = ROLES_ANYWHERE

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By its id, or by name and owner."""
        place = self.place(environment, identity)
        if IDENTITY.fullmatch(identity):
            return super().describe(identity, environment)
        method = f"{self.TABLE.read.replace('get_', 'list_')}s"
        for current in environment.aws.pages("rolesanywhere", method, place, key=f"{self.TABLE.answer}s"):
            if current["name"] == identity and self._is_mine(current, environment, place):
                return current
        return None

    def tagged_by(self, current: Described) -> str:
        """Its ARN."""
        return str(current[f"{self.TABLE.answer}Arn"])

    def _is_mine(self, current: Described, environment: Environment, place: str) -> bool:
        return environment.owner is not None and environment.owner.is_mine(
            self.live_tags(current, environment), place
        )


def enabling(kind: str) -> Change:
    """The calls that turn a `kind` of IAM Roles Anywhere's, ``crl``, on and off."""
    return Change(("enabled",), f"enable_{kind}", lambda _: {}, otherwise=f"disable_{kind}")
