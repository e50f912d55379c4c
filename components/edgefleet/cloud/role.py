"""`edgefleet:aws:Role`: what a machine or service may do, and who may take it."""

import json
from dataclasses import field
from typing import Annotated, Any

from pydantic import Field

from edgefleet.cloud.base import ArnOutputs, Change, Described, Labelled, NamedResource, Table
from edgefleet.cloud.base.constraints import IamName
from edgefleet.cloud.base.policy_documents import canonical, canonical_each, parsed
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import iam
from edgefleet.model.spec import Canonical, Unordered, spec


@spec
class RoleSpec(Labelled):
    """What a machine or service may do (IAM API, CreateRole)."""

    name: IamName
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
    session_seconds: Annotated[int, Field(ge=3_600, le=43_200)] = 3_600
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
            "assumePolicy": lambda current: parsed(current["AssumeRolePolicyDocument"]),
            "description": "Description",
            "boundary": "PermissionsBoundary.PermissionsBoundaryArn",
        },
        besides=lambda spec: {
            "AssumeRolePolicyDocument": json.dumps(spec.assume_policy),
            "Description": spec.description or None,
            "PermissionsBoundary": spec.boundary,
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

    def settle(self, current: Described, spec: RoleSpec, environment: Environment) -> Described:
        """Set its documents and settings; only differences are sent."""
        current = super().settle(current, spec, environment)
        live = self._policies(current, environment)
        for policy in sorted(set(live) - set(spec.policies)):
            self.seek(current, environment, "delete_role_policy", PolicyName=policy)
        for policy, document in sorted(spec.policies.items()):
            if policy not in live or canonical(live[policy]) != canonical(document):
                about = {"PolicyName": policy, "PolicyDocument": json.dumps(document)}
                self.call(current, environment, "put_role_policy", **about)
        attached, declared = set(self._managed(current, environment)), set(spec.managed_policies)
        for arn in sorted(attached - declared):
            self.seek(current, environment, "detach_role_policy", PolicyArn=arn)
        for arn in sorted(declared - attached):
            self.call(current, environment, "attach_role_policy", PolicyArn=arn)
        return current

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its documents and settings."""
        return {
            **super().inputs(current, environment),
            "policies": self._policies(current, environment),
            "managedPolicies": self._managed(current, environment),
        }

    def remove(self, current: Described, environment: Environment) -> None:
        """Take everything from it, then remove it."""
        for arn in self._managed(current, environment):
            self.seek(current, environment, "detach_role_policy", PolicyArn=arn)
        for policy in self._names(current, environment):
            self.seek(current, environment, "delete_role_policy", PolicyName=policy)
        super().remove(current, environment)

    def _names(self, current: Described, environment: Environment) -> list[str]:
        return list(self.seek(current, environment, "list_role_policies").get("PolicyNames", ()))

    def _policies(self, current: Described, environment: Environment) -> dict[str, dict[str, Any]]:
        policies = {}
        for policy in self._names(current, environment):
            answer = self.call(current, environment, "get_role_policy", PolicyName=policy)
            policies[policy] = parsed(answer["PolicyDocument"])
        return policies

    def _managed(self, current: Described, environment: Environment) -> list[str]:
        answer = self.seek(current, environment, "list_attached_role_policies")
        return sorted(item["PolicyArn"] for item in answer.get("AttachedPolicies", ()))
