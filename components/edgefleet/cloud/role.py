"""`edgefleet:aws:Role`: what a machine or service may do, and who may take it."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any

from edgefleet.cloud.base import RENAME, ArnOutputs, Change, Described, Labelled, NamedResource, Table
from edgefleet.cloud.base.constraints import Api, Arn, fits
from edgefleet.cloud.base.policy_documents import canonical, canonical_each, compact, parsed
from edgefleet.cloud.base.quotas import QUOTAS, at_most
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import iam
from edgefleet.model.spec import Canonical, Unordered, spec
from edgefleet.model.syntax import checked, wrong

LONGEST = QUOTAS["characters of a role's own policies"].most
"""Characters of all documents of a role without blanks."""


def _inline(policies: Mapping[str, Any]) -> Mapping[str, Any]:
    size = sum(len("".join(compact(document).split())) for document in policies.values())
    if size > LONGEST:
        problem, hint = f"have {size:,} characters", f"IAM takes {LONGEST:,}: put some into managedPolicies"
        raise wrong("too-large", problem, hint)
    return policies


@spec
class RoleSpec(Labelled):
    """What a machine or service may do (IAM API, CreateRole)."""

    name: Annotated[str, Api("iam.CreateRole.RoleName")] | None = None
    """Name, unique in the account. By default edgefleet chooses one for each replacement."""
    assume_policy: Annotated[
        dict[str, Any], Canonical(canonical), fits(QUOTAS["characters of a trust policy"].most)
    ]
    """Policy document of the principals that may assume the role."""
    policies: Annotated[
        dict[Annotated[str, Api("iam.PutRolePolicy.PolicyName")], dict[str, Any]],
        Canonical(canonical_each),
        checked(_inline),
    ] = field(default_factory=dict)
    """dict[name -> policy document] of what it may do."""
    managed_policies: Annotated[tuple[Arn, ...], Unordered(), at_most("managed policies of a role")] = ()
    """ARNs of policies beside these."""
    description: Annotated[str, Api("iam.CreateRole.Description")] = ""
    """Description."""
    path: Annotated[str, Api("iam.CreateRole.Path")] = "/"
    """Path of the name."""
    boundary: Arn | None = None
    """ARN of the policy that bounds what it may do."""
    session_seconds: Annotated[int, Api("iam.CreateRole.MaxSessionDuration")] = 3_600
    """Seconds of a session at most."""


class Role(NamedResource, spec=RoleSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name", "path"})
    CLAIMS = ("name",)
    HELD = RENAME
    LONGEST_NAME = 64
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
            "AssumeRolePolicyDocument": compact(spec.assume_policy),
            "Description": spec.description or None,
            "PermissionsBoundary": spec.boundary,
        },
        outputs={"arn": "Arn"},
        changes=(
            Change(
                ("assumePolicy",),
                "update_assume_role_policy",
                lambda spec: {"PolicyDocument": compact(spec.assume_policy)},
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
                about = {"PolicyName": policy, "PolicyDocument": compact(document)}
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
