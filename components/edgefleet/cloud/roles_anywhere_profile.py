"""`edgefleet:aws:RolesAnywhereProfile`: which roles a certificate may take, and for how long."""

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import ChosenId, Tagged
from edgefleet.cloud.base.policy_documents import VERSION, canonical, parsed
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import ROLES_ANYWHERE
from edgefleet.io.environment import Outside
from edgefleet.io.roles_anywhere import Thing
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Canonical, Unordered, spec

THING = Thing("profile", "profile")
UNBOUND = {"Version": VERSION, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
"""What stands in the place of no policy, as the API cannot take one away: it bounds nothing."""
SHORTEST, LONGEST = 900, 43_200
"""Seconds of a session (IAM Roles Anywhere API, CreateProfile)."""


@spec
class RolesAnywhereProfileSpec(Tagged):
    """Which roles a certificate may take (IAM Roles Anywhere API, CreateProfile)."""

    name: Annotated[str, Effect.NONE]
    """Name."""
    roles: Annotated[tuple[str, ...], Unordered(), Effect.NONE]
    """ARNs of the roles."""
    session_policy: Annotated[dict[str, Any] | None, Canonical(canonical), Effect.NONE] = None
    """Policy document that bounds what a session may do."""
    session_seconds: Annotated[int, Effect.NONE] = 3_600
    """Seconds of a session."""
    enabled: Annotated[bool, Effect.NONE] = True
    """Whether it is in use."""


@spec
class RolesAnywhereProfileOutputs:
    """What is known of a profile."""

    arn: str
    """Amazon Resource Name."""


class RolesAnywhereProfile(ChosenId):
    """The kind."""

    TOKEN = "edgefleet:aws:RolesAnywhereProfile"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = RolesAnywhereProfileSpec
    Outputs: ClassVar[type[Any]] = RolesAnywhereProfileOutputs
    TAGGING = ROLES_ANYWHERE
    TAGGED_BY = "profileArn"
    ID = "profileId"

    def inspect(self, spec: RolesAnywhereProfileSpec) -> Iterable[Problem]:
        """A time that cannot be, or no role."""
        yield from super().inspect(spec)
        if not spec.roles:
            yield Problem(code="roles", path="roles", problem="is empty", hint="name at least one role")
        if not SHORTEST <= spec.session_seconds <= LONGEST:
            hint, problem = (
                f"write {SHORTEST} to {LONGEST} seconds",
                f"{spec.session_seconds} is out of range",
            )
            yield Problem(code="range", path="sessionSeconds", problem=problem, hint=hint)

    def make(self, spec: RolesAnywhereProfileSpec, outside: Outside, place: str) -> None:
        """Make it."""
        outside.aws.call(
            "rolesanywhere",
            "create_profile",
            place,
            enabled=spec.enabled,
            tags=ROLES_ANYWHERE.form(self.tags(spec, outside)),
            **_settings(spec),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By id, or by the name that this very resource has."""
        return THING.get(outside, identity, self.place(outside, identity))

    def settle(self, found: Mapping[str, Any], spec: RolesAnywhereProfileSpec, outside: Outside) -> None:
        """Its roles, bounds and whether it is in use."""
        identity = found["profileId"]
        place, live = self.place(outside, identity), self.inputs(found, outside)
        wanted = {
            "name": spec.name,
            "roles": sorted(spec.roles),
            "sessionPolicy": canonical(spec.session_policy),
            "sessionSeconds": spec.session_seconds,
        }
        if {**live, "sessionPolicy": canonical(live["sessionPolicy"])} != {
            **wanted,
            "enabled": live["enabled"],
        }:
            settings = {"sessionPolicy": json.dumps(UNBOUND), **_settings(spec)}
            outside.aws.call("rolesanywhere", "update_profile", place, profileId=identity, **settings)
        if found["enabled"] != spec.enabled:
            THING.enable(outside, identity, place, is_enabled=spec.enabled)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its roles and bounds."""
        del outside
        policy = found.get("sessionPolicy")
        return {
            "name": found["name"],
            "roles": sorted(found["roleArns"]),
            "sessionPolicy": None if not policy or parsed(policy) == UNBOUND else parsed(policy),
            "sessionSeconds": found["durationSeconds"],
            "enabled": found["enabled"],
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> RolesAnywhereProfileOutputs:
        """Its name."""
        del outside
        return RolesAnywhereProfileOutputs(arn=found["profileArn"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it."""
        outside.aws.seek("rolesanywhere", "delete_profile", place, profileId=found["profileId"])


def _settings(spec: RolesAnywhereProfileSpec) -> dict[str, Any]:
    policy = {} if spec.session_policy is None else {"sessionPolicy": json.dumps(spec.session_policy)}
    return {
        "name": spec.name,
        "roleArns": sorted(spec.roles),
        "durationSeconds": spec.session_seconds,
        **policy,
    }
