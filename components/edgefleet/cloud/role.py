"""`edgefleet:aws:Role`: what a machine or service may do, and who may take it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import IamResource, Labelled
from edgefleet.cloud.base.names import iam_name_problems
from edgefleet.cloud.base.policy_documents import canonical, canonical_each, parsed
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import iam
from edgefleet.io.ec2 import as_list
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Canonical, Unordered, spec

SHORTEST, LONGEST = 3_600, 43_200
"""Seconds of a session (IAM API, CreateRole)."""


@spec
class RoleSpec(Labelled):
    """What a machine or service may do (IAM API, CreateRole)."""

    name: Annotated[str, Effect.NONE]
    """Name, unique in the account."""
    assume_policy: Annotated[dict[str, Any], Canonical(canonical), Effect.NONE]
    """Policy document that says who may take the role."""
    policies: Annotated[dict[str, dict[str, Any]], Canonical(canonical_each), Effect.NONE] = field(
        default_factory=dict
    )
    """dict[name -> policy document] of what it may do."""
    managed_policies: Annotated[tuple[str, ...], Unordered(), Effect.NONE] = ()
    """ARNs of policies beside these."""
    description: Annotated[str, Effect.NONE] = ""
    """What it is for."""
    path: Annotated[str, Effect.NONE] = "/"
    """Path of the name."""
    boundary: Annotated[str | None, Effect.NONE] = None
    """ARN of the policy that bounds what it may do."""
    session_seconds: Annotated[int, Effect.NONE] = SHORTEST
    """Seconds of a session at most."""


@spec
class RoleOutputs:
    """What is known of a role."""

    arn: str
    """Amazon Resource Name."""


class Role(IamResource):
    """The kind."""

    TOKEN = "edgefleet:aws:Role"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = RoleSpec
    Outputs: ClassVar[type[Any]] = RoleOutputs
    REPLACE_ON = frozenset({"name", "path"})
    CLAIMS = ("name",)
    TAGGING = iam("role", "RoleName")
    TAGGED_BY = "RoleName"
    EXISTS = frozenset({"EntityAlreadyExists"})

    def inspect(self, spec: RoleSpec) -> Iterable[Problem]:
        """Names and documents that cannot be."""
        yield from super().inspect(spec)
        yield from iam_name_problems(spec.name)
        if not SHORTEST <= spec.session_seconds <= LONGEST:
            hint = f"write {SHORTEST} to {LONGEST} seconds"
            problem = f"{spec.session_seconds} is out of range"
            yield Problem(code="range", path="sessionSeconds", problem=problem, hint=hint)

    def make(self, spec: RoleSpec, outside: Outside, place: str) -> None:
        """Make it; what it may do follows."""
        outside.aws.call(
            "iam",
            "create_role",
            place,
            RoleName=spec.name,
            Path=spec.path,
            AssumeRolePolicyDocument=json.dumps(spec.assume_policy),
            Description=spec.description or None,
            MaxSessionDuration=spec.session_seconds,
            PermissionsBoundary=spec.boundary,
            Tags=as_list(self.tags(spec, outside)),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By name."""
        found = outside.aws.seek("iam", "get_role", self.place(outside, identity), RoleName=identity)
        return None if found is None else dict(found["Role"])

    def settle(self, found: Mapping[str, Any], spec: RoleSpec, outside: Outside) -> None:
        """Its documents and settings; only what differs is sent."""
        name = found["RoleName"]
        aws, place = outside.aws, self.place(outside, name)
        if canonical(parsed(found["AssumeRolePolicyDocument"])) != canonical(spec.assume_policy):
            document = json.dumps(spec.assume_policy)
            aws.call("iam", "update_assume_role_policy", place, RoleName=name, PolicyDocument=document)
        if (found.get("Description", ""), found["MaxSessionDuration"]) != (
            spec.description,
            spec.session_seconds,
        ):
            aws.call(
                "iam",
                "update_role",
                place,
                RoleName=name,
                Description=spec.description,
                MaxSessionDuration=spec.session_seconds,
            )
        self._set_boundary(found, spec, outside)
        self._set_policies(name, spec, outside)
        self._set_managed(name, spec, outside)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its documents and settings."""
        name = found["RoleName"]
        return {
            "name": name,
            "path": found["Path"],
            "assumePolicy": parsed(found["AssumeRolePolicyDocument"]),
            "policies": self._policies(name, outside),
            "managedPolicies": self._managed(name, outside),
            "description": found.get("Description", ""),
            "boundary": found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "sessionSeconds": found["MaxSessionDuration"],
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> RoleOutputs:
        """Its name."""
        del outside
        return RoleOutputs(arn=found["Arn"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Take everything from it, then remove it."""
        name, aws = found["RoleName"], outside.aws
        for each in self._managed(name, outside):
            aws.seek("iam", "detach_role_policy", place, RoleName=name, PolicyArn=each)
        for each in self._names(name, outside):
            aws.seek("iam", "delete_role_policy", place, RoleName=name, PolicyName=each)
        aws.seek("iam", "delete_role", place, RoleName=name)

    def _set_boundary(self, found: Mapping[str, Any], spec: RoleSpec, outside: Outside) -> None:
        name, live = found["RoleName"], found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        place = self.place(outside, name)
        if spec.boundary is None and live is not None:
            outside.aws.call("iam", "delete_role_permissions_boundary", place, RoleName=name)
        elif spec.boundary != live:
            outside.aws.call(
                "iam",
                "put_role_permissions_boundary",
                place,
                RoleName=name,
                PermissionsBoundary=spec.boundary,
            )

    def _set_policies(self, name: str, spec: RoleSpec, outside: Outside) -> None:
        place, live = self.place(outside, name), self._policies(name, outside)
        for each in sorted(set(live) - set(spec.policies)):
            outside.aws.seek("iam", "delete_role_policy", place, RoleName=name, PolicyName=each)
        for each, document in sorted(spec.policies.items()):
            if each not in live or canonical(live[each]) != canonical(document):
                text = json.dumps(document)
                outside.aws.call(
                    "iam", "put_role_policy", place, RoleName=name, PolicyName=each, PolicyDocument=text
                )

    def _set_managed(self, name: str, spec: RoleSpec, outside: Outside) -> None:
        place, live = self.place(outside, name), set(self._managed(name, outside))
        for arn in sorted(live - set(spec.managed_policies)):
            outside.aws.seek("iam", "detach_role_policy", place, RoleName=name, PolicyArn=arn)
        for arn in sorted(set(spec.managed_policies) - live):
            outside.aws.call("iam", "attach_role_policy", place, RoleName=name, PolicyArn=arn)

    def _names(self, name: str, outside: Outside) -> list[str]:
        place = self.place(outside, name)
        found = outside.aws.seek("iam", "list_role_policies", place, RoleName=name)
        return list((found or {}).get("PolicyNames", ()))

    def _policies(self, name: str, outside: Outside) -> dict[str, dict[str, Any]]:
        place, ask = self.place(outside, name), outside.aws.call
        return {
            each: parsed(
                ask("iam", "get_role_policy", place, RoleName=name, PolicyName=each)["PolicyDocument"]
            )
            for each in self._names(name, outside)
        }

    def _managed(self, name: str, outside: Outside) -> list[str]:
        place = self.place(outside, name)
        found = outside.aws.seek("iam", "list_attached_role_policies", place, RoleName=name)
        return sorted(each["PolicyArn"] for each in (found or {}).get("AttachedPolicies", ()))
