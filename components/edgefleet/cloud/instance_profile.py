"""`edgefleet:aws:InstanceProfile`: how a machine gets a role."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import IamResource, Labelled
from edgefleet.cloud.base.names import iam_name_problems
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import iam
from edgefleet.io.ec2 import as_list
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec


@spec
class InstanceProfileSpec(Labelled):
    """How a machine gets a role (IAM API, CreateInstanceProfile)."""

    name: Annotated[str, Effect.NONE]
    """Name, unique in the account."""
    role: Annotated[str, Effect.NONE]
    """Name of the role."""


@spec
class InstanceProfileOutputs:
    """What is known of an instance profile."""

    arn: str
    """Amazon Resource Name."""


class InstanceProfile(IamResource):
    """The kind."""

    TOKEN = "edgefleet:aws:InstanceProfile"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = InstanceProfileSpec
    Outputs: ClassVar[type[Any]] = InstanceProfileOutputs
    REPLACE_ON = frozenset({"name"})
    CLAIMS = ("name",)
    TAGGING = iam("instance_profile", "InstanceProfileName")
    TAGGED_BY = "InstanceProfileName"
    EXISTS = frozenset({"EntityAlreadyExists"})

    def inspect(self, spec: InstanceProfileSpec) -> Iterable[Problem]:
        """A name that cannot be."""
        yield from super().inspect(spec)
        yield from iam_name_problems(spec.name)

    def make(self, spec: InstanceProfileSpec, outside: Outside, place: str) -> None:
        """Make it; its role follows."""
        tags = as_list(self.tags(spec, outside))
        outside.aws.call("iam", "create_instance_profile", place, InstanceProfileName=spec.name, Tags=tags)

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By name."""
        place = self.place(outside, identity)
        found = outside.aws.seek("iam", "get_instance_profile", place, InstanceProfileName=identity)
        return None if found is None else dict(found["InstanceProfile"])

    def settle(self, found: Mapping[str, Any], spec: InstanceProfileSpec, outside: Outside) -> None:
        """Its one role."""
        name, roles = found["InstanceProfileName"], _roles(found)
        place = self.place(outside, name)
        for role in roles:
            if role != spec.role:
                outside.aws.seek(
                    "iam",
                    "remove_role_from_instance_profile",
                    place,
                    InstanceProfileName=name,
                    RoleName=role,
                )
        if spec.role not in roles:
            outside.aws.call(
                "iam", "add_role_to_instance_profile", place, InstanceProfileName=name, RoleName=spec.role
            )

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its role."""
        del outside
        return {"name": found["InstanceProfileName"], "role": next(iter(_roles(found)), "")}

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> InstanceProfileOutputs:
        """Its name."""
        del outside
        return InstanceProfileOutputs(arn=found["Arn"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Take its role, then remove it."""
        name = found["InstanceProfileName"]
        for role in _roles(found):
            outside.aws.seek(
                "iam", "remove_role_from_instance_profile", place, InstanceProfileName=name, RoleName=role
            )
        outside.aws.seek("iam", "delete_instance_profile", place, InstanceProfileName=name)


def _roles(found: Mapping[str, Any]) -> list[str]:
    return [role["RoleName"] for role in found.get("Roles") or ()]
