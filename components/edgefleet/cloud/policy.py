"""`edgefleet:aws:Policy`: permissions that several roles share."""

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import ChosenId, IamResource, Labelled
from edgefleet.cloud.base.names import iam_name_problems
from edgefleet.cloud.base.policy_documents import canonical, parsed
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import iam
from edgefleet.io.ec2 import as_list
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Canonical, spec

MOST_VERSIONS = 5
"""Versions of a policy that AWS keeps (IAM quotas)."""


@spec
class PolicySpec(Labelled):
    """Permissions that several roles share (IAM API, CreatePolicy)."""

    name: Annotated[str, Effect.NONE]
    """Name, unique in the account."""
    document: Annotated[dict[str, Any], Canonical(canonical), Effect.NONE]
    """Policy document."""
    description: Annotated[str, Effect.NONE] = ""
    """What it is for; AWS lets nobody change it."""
    path: Annotated[str, Effect.NONE] = "/"
    """Path of the name."""


@spec
class PolicyOutputs:
    """What is known of a policy."""

    arn: str
    """Amazon Resource Name."""


class Policy(ChosenId, IamResource):
    """The kind; its id is its ARN."""

    TOKEN = "edgefleet:aws:Policy"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = PolicySpec
    Outputs: ClassVar[type[Any]] = PolicyOutputs
    REPLACE_ON = frozenset({"name", "path", "description"})
    CLAIMS = ("name",)
    TAGGING = iam("policy", "PolicyArn")
    TAGGED_BY = "Arn"
    ID = "Arn"
    LOOKS_FIRST = False
    EXISTS = frozenset({"EntityAlreadyExists"})

    def name_of(self, spec: PolicySpec) -> str:
        """Path and name."""
        return f"{spec.path}{spec.name}"

    def inspect(self, spec: PolicySpec) -> Iterable[Problem]:
        """A name that cannot be."""
        yield from super().inspect(spec)
        yield from iam_name_problems(spec.name)

    def make(self, spec: PolicySpec, outside: Outside, place: str) -> None:
        """Make it."""
        outside.aws.call(
            "iam",
            "create_policy",
            place,
            PolicyName=spec.name,
            Path=spec.path,
            PolicyDocument=json.dumps(spec.document),
            Description=spec.description or None,
            Tags=as_list(self.tags(spec, outside)),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By ARN, or path and name."""
        aws = outside.aws
        arn = identity if identity.startswith("arn:") else aws.arn("iam", f"policy{identity}", region="")
        found = aws.seek("iam", "get_policy", self.place(outside, identity), PolicyArn=arn)
        return None if found is None else dict(found["Policy"])

    def settle(self, found: Mapping[str, Any], spec: PolicySpec, outside: Outside) -> None:
        """Another version where the document means something else; the oldest makes room for it."""
        arn = found["Arn"]
        aws, place = outside.aws, self.place(outside, arn)
        if canonical(self._document(found, outside)) == canonical(spec.document):
            return
        versions = aws.call("iam", "list_policy_versions", place, PolicyArn=arn)["Versions"]
        spare = [each["VersionId"] for each in versions if not each["IsDefaultVersion"]]
        if len(versions) >= MOST_VERSIONS:
            oldest = min(spare, key=lambda version: int(version[1:]))
            aws.seek("iam", "delete_policy_version", place, PolicyArn=arn, VersionId=oldest)
        document = json.dumps(spec.document)
        aws.call(
            "iam", "create_policy_version", place, PolicyArn=arn, PolicyDocument=document, SetAsDefault=True
        )

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its document."""
        return {
            "name": found["PolicyName"],
            "path": found["Path"],
            "description": found.get("Description") or "",
            "document": self._document(found, outside),
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> PolicyOutputs:
        """Its name."""
        del outside
        return PolicyOutputs(arn=found["Arn"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove its other versions, then it."""
        arn, aws = found["Arn"], outside.aws
        listed = aws.seek("iam", "list_policy_versions", place, PolicyArn=arn) or {"Versions": []}
        for each in listed["Versions"]:
            if not each["IsDefaultVersion"]:
                version = each["VersionId"]
                aws.seek("iam", "delete_policy_version", place, PolicyArn=arn, VersionId=version)
        aws.seek("iam", "delete_policy", place, PolicyArn=arn)

    def _document(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        arn, version = found["Arn"], found["DefaultVersionId"]
        place = self.place(outside, arn)
        answer = outside.aws.call("iam", "get_policy_version", place, PolicyArn=arn, VersionId=version)
        return parsed(answer["PolicyVersion"]["Document"])
