"""`edgefleet:aws:RolesAnywhereProfile`: which roles a certificate may take, and for how long."""

from typing import Annotated, Any

from pydantic import Field

from edgefleet.cloud.base import ArnOutputs, Change, Described, Table, Tagged
from edgefleet.cloud.base.constraints import Api, fits
from edgefleet.cloud.base.policy_documents import VERSION, canonical, compact, parsed
from edgefleet.cloud.base.services import RolesAnywhereResource, enabling
from edgefleet.model.spec import Canonical, Unordered, spec

UNBOUND = {"Version": VERSION, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
"""What stands in the place of no policy, as the API cannot take one away: it bounds nothing."""


@spec
class RolesAnywhereProfileSpec(Tagged):
    """Which roles a certificate may take (IAM Roles Anywhere API, CreateProfile)."""

    name: Annotated[str, Api("rolesanywhere.CreateProfile.name")]
    """Name."""
    roles: Annotated[
        tuple[Annotated[str, Api("rolesanywhere.CreateProfile.roleArns.[]")], ...],
        Unordered(),
        Field(min_length=1),
        Api("rolesanywhere.CreateProfile.roleArns"),
    ]
    """ARNs of the roles."""
    session_policy: Annotated[dict[str, Any] | None, Canonical(canonical), fits(2_048)] = None
    """Policy document that bounds what a session may do."""
    session_seconds: Annotated[int, Api("rolesanywhere.CreateProfile.durationSeconds")] = 900
    """Seconds of a session; one of a revoked certificate lives on for that long."""
    enabled: bool = True
    """Whether it is in use."""


def _bound(current: Described) -> dict[str, Any] | None:
    policy = parsed(current.get("sessionPolicy") or UNBOUND)
    return None if policy == UNBOUND else policy


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
        settings={"sessionPolicy": _bound},
        besides=lambda spec: {
            "sessionPolicy": None if spec.session_policy is None else compact(spec.session_policy)
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
                    "sessionPolicy": compact(spec.session_policy or UNBOUND),
                },
            ),
            enabling("profile"),
        ),
    )
