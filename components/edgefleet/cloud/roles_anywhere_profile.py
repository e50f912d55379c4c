"""`edgefleet:aws:RolesAnywhereProfile`: which roles a certificate may take, and for how long."""

import json
from collections.abc import Iterable
from typing import Annotated, Any

from edgefleet.cloud.base import (
    ArnOutputs,
    Change,
    Described,
    Table,
    Tagged,
)
from edgefleet.cloud.base.constraints import (
    range_problems,
)
from edgefleet.cloud.base.policy_documents import VERSION, canonical, parsed
from edgefleet.cloud.base.services import RolesAnywhereResource, enabling
from edgefleet.errors import Problem
from edgefleet.io.environment import Environment
from edgefleet.model.spec import Canonical, Unordered, spec

UNBOUND = {"Version": VERSION, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
"""What stands in the place of no policy, as the API cannot take one away: it bounds nothing."""
SHORTEST, LONGEST = 900, 43_200
"""Seconds of a session (IAM Roles Anywhere API, CreateProfile)."""


@spec
class RolesAnywhereProfileSpec(Tagged):
    """Which roles a certificate may take (IAM Roles Anywhere API, CreateProfile)."""

    name: str
    """Name."""
    roles: Annotated[tuple[str, ...], Unordered()]
    """ARNs of the roles."""
    session_policy: Annotated[dict[str, Any] | None, Canonical(canonical)] = None
    """Policy document that bounds what a session may do."""
    session_seconds: int = 3_600
    """Seconds of a session."""
    enabled: bool = True
    """Whether it is in use."""


class RolesAnywhereProfile(RolesAnywhereResource, spec=RolesAnywhereProfileSpec, outputs=ArnOutputs):
    """The kind."""

    TABLE = Table(
        create="create_profile",
        read="get_profile",
        delete="delete_profile",
        answer="profile",
        key="profileId",
        fields={
            "name": "name",
            "roles": "roleArns",
            "sessionSeconds": "durationSeconds",
            "enabled": "enabled",
        },
        outputs={"arn": "profileArn"},
        changes=(
            Change(
                ("name", "roles", "sessionPolicy", "sessionSeconds"),
                "update_profile",
                lambda spec: {
                    "name": spec.name,
                    "roleArns": sorted(spec.roles),
                    "durationSeconds": spec.session_seconds,
                    "sessionPolicy": json.dumps(spec.session_policy or UNBOUND),
                },
            ),
            enabling("profile"),
        ),
    )

    def inspect(self, spec: RolesAnywhereProfileSpec) -> Iterable[Problem]:
        """A time that cannot be, or no role."""
        yield from super().inspect(spec)
        if not spec.roles:
            yield Problem(code="roles", path="roles", problem="is empty", hint="name at least one role")
        yield from range_problems("sessionSeconds", spec.session_seconds, SHORTEST, LONGEST)

    def request(self, spec: RolesAnywhereProfileSpec, environment: Environment) -> dict[str, Any]:
        """Its roles and bounds."""
        policy = None if spec.session_policy is None else json.dumps(spec.session_policy)
        return {**super().request(spec, environment), "sessionPolicy": policy}

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its roles and bounds."""
        policy = parsed(current.get("sessionPolicy") or UNBOUND)
        return {
            **super().inputs(current, environment),
            "sessionPolicy": None if policy == UNBOUND else policy,
        }
