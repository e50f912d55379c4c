"""`edgefleet:aws:Role`: what a machine or service may do, and who may take it."""

import json
from collections.abc import Iterable
from dataclasses import field
from typing import Annotated, Any

from edgefleet.cloud.base import (
    ArnOutputs,
    Change,
    Described,
    Labelled,
    NamedResource,
    Table,
)
from edgefleet.cloud.base.constraints import (
    iam_name_problems,
    range_problems,
)
from edgefleet.cloud.base.policy_documents import canonical, canonical_each, parsed
from edgefleet.errors import Problem
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import iam
from edgefleet.model.spec import Canonical, Unordered, spec

SHORTEST, LONGEST = 3_600, 43_200
"""Seconds of a session (IAM API, CreateRole)."""


@spec
class RoleSpec(Labelled):
    """What a machine or service may do (IAM API, CreateRole)."""

    name: str
    """Name, unique in the account."""
    assume_policy: Annotated[dict[str, Any], Canonical(canonical)]
    """Policy document of the principals that may assume the role."""
    policies: Annotated[dict[str, dict[str, Any]], Canonical(canonical_each)] = field(default_factory=dict)
    """dict[name -> policy document] of what it may do."""
    managed_policies: Annotated[tuple[str, ...], Unordered()] = ()
    """ARNs of policies beside these."""
    description: str = ""
    """Description."""
    path: str = "/"
    """Path of the name."""
    boundary: str | None = None
    """ARN of the policy that bounds what it may do."""
    session_seconds: int = SHORTEST
    """Seconds of a session at most."""


class Role(NamedResource, spec=RoleSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name", "path"})
    CLAIMS = ("name",)
    TAGGING = iam("role", "RoleName")
    EXISTS = frozenset({"EntityAlreadyExists"})
    TABLE = Table(
        create="create_role",
        read="get_role",
        delete="delete_role",
        answer="Role",
        key="RoleName",
        fields={"name": "RoleName", "path": "Path", "sessionSeconds": "MaxSessionDuration"},
        settings={
            "assumePolicy": "AssumeRolePolicyDocument",
            "description": "Description",
            "boundary": "PermissionsBoundary.PermissionsBoundaryArn",
        },
        outputs={"arn": "Arn"},
        changes=(
            Change(
                ("assumePolicy",),
                "update_assume_role_policy",
                lambda spec: {"PolicyDocument": json.dumps(spec.assume_policy)},
            ),
            Change(
                ("description", "sessionSeconds"),
                "update_role",
                lambda spec: {"Description": spec.description, "MaxSessionDuration": spec.session_seconds},
            ),
            Change(
                ("boundary",),
                "put_role_permissions_boundary",
                lambda spec: {"PermissionsBoundary": spec.boundary},
                otherwise="delete_role_permissions_boundary",
            ),
        ),
    )

    def inspect(self, spec: RoleSpec) -> Iterable[Problem]:
        """Names and times that cannot be."""
        yield from super().inspect(spec)
        yield from iam_name_problems(spec.name)
        yield from range_problems("sessionSeconds", spec.session_seconds, SHORTEST, LONGEST)

    def request(self, spec: RoleSpec, environment: Environment) -> dict[str, Any]:
        """Its name and settings; what it may do follows."""
        return {
            **super().request(spec, environment),
            "AssumeRolePolicyDocument": json.dumps(spec.assume_policy),
            "Description": spec.description or None,
            "PermissionsBoundary": spec.boundary,
        }

    def settle(self, current: Described, spec: RoleSpec, environment: Environment) -> Described:
        """Set its documents and settings; only differences are sent."""
        current = super().settle(current, spec, environment)
        self._set_policies(spec, environment)
        self._set_managed(spec, environment)
        return current

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its documents and settings."""
        name = self.id_of(current)
        return {
            **super().inputs(current, environment),
            "assumePolicy": parsed(current["AssumeRolePolicyDocument"]),
            "policies": self._policies(name, environment),
            "managedPolicies": self._managed(name, environment),
        }

    def remove(self, current: Described, environment: Environment, place: str) -> None:
        """Take everything from it, then remove it."""
        seek, name = environment.aws.seek, self.id_of(current)
        for arn in self._managed(name, environment):
            seek("iam", "detach_role_policy", place, RoleName=name, PolicyArn=arn)
        for policy in self._names(name, environment):
            seek("iam", "delete_role_policy", place, RoleName=name, PolicyName=policy)
        super().remove(current, environment, place)

    def _set_policies(self, spec: RoleSpec, environment: Environment) -> None:
        name, aws, place = spec.name, environment.aws, self.place(environment, spec.name)
        live = self._policies(name, environment)
        for policy in sorted(set(live) - set(spec.policies)):
            aws.seek("iam", "delete_role_policy", place, RoleName=name, PolicyName=policy)
        for policy, document in sorted(spec.policies.items()):
            if policy not in live or canonical(live[policy]) != canonical(document):
                about = {"PolicyName": policy, "PolicyDocument": json.dumps(document)}
                aws.call("iam", "put_role_policy", place, RoleName=name, **about)

    def _set_managed(self, spec: RoleSpec, environment: Environment) -> None:
        name, aws, place = spec.name, environment.aws, self.place(environment, spec.name)
        live, asked = set(self._managed(name, environment)), set(spec.managed_policies)
        for arn in sorted(live - asked):
            aws.seek("iam", "detach_role_policy", place, RoleName=name, PolicyArn=arn)
        for arn in sorted(asked - live):
            aws.call("iam", "attach_role_policy", place, RoleName=name, PolicyArn=arn)

    def _names(self, name: str, environment: Environment) -> list[str]:
        place = self.place(environment, name)
        answer = environment.aws.seek("iam", "list_role_policies", place, RoleName=name) or {}
        return list(answer.get("PolicyNames", ()))

    def _policies(self, name: str, environment: Environment) -> dict[str, dict[str, Any]]:
        place, policies = self.place(environment, name), {}
        for policy in self._names(name, environment):
            answer = environment.aws.call("iam", "get_role_policy", place, RoleName=name, PolicyName=policy)
            policies[policy] = parsed(answer["PolicyDocument"])
        return policies

    def _managed(self, name: str, environment: Environment) -> list[str]:
        place = self.place(environment, name)
        answer = environment.aws.seek("iam", "list_attached_role_policies", place, RoleName=name) or {}
        return sorted(each["PolicyArn"] for each in answer.get("AttachedPolicies", ()))
