"""`edgefleet:aws:InstanceProfile`: how a machine gets a role."""

from collections.abc import Iterable
from typing import Any

from edgefleet.cloud.base import ArnOutputs, Described, Labelled, NamedResource, Table
from edgefleet.cloud.base.constraints import iam_name_problems
from edgefleet.errors import Problem
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import iam
from edgefleet.model.spec import spec


@spec
class InstanceProfileSpec(Labelled):
    """How a machine gets a role (IAM API, CreateInstanceProfile)."""

    name: str
    """Name, unique in the account."""
    role: str
    """Name of the role."""


class InstanceProfile(NamedResource, spec=InstanceProfileSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name"})
    CLAIMS = ("name",)
    TAGGING = iam("instance_profile", "InstanceProfileName")
    EXISTS = frozenset({"EntityAlreadyExists"})
    TABLE = Table(
        create="create_instance_profile",
        read="get_instance_profile",
        delete="delete_instance_profile",
        answer="InstanceProfile",
        key="InstanceProfileName",
        fields={"name": "InstanceProfileName"},
        outputs={"arn": "Arn"},
    )

    def inspect(self, spec: InstanceProfileSpec) -> Iterable[Problem]:
        """A name that cannot be."""
        yield from super().inspect(spec)
        yield from iam_name_problems(spec.name)

    def settle(self, current: Described, spec: InstanceProfileSpec, environment: Environment) -> Described:
        """Its one role."""
        place = self.place(environment, self.id_of(current))
        self._take(current, environment, place, but=spec.role)
        if spec.role not in _roles(current):
            method = "add_role_to_instance_profile"
            environment.aws.call("iam", method, place, **self.named(current), RoleName=spec.role)
        return current

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its role."""
        return {**super().inputs(current, environment), "role": next(iter(_roles(current)), "")}

    def remove(self, current: Described, environment: Environment, place: str) -> None:
        """Take its role, then remove it."""
        self._take(current, environment, place)
        super().remove(current, environment, place)

    def _take(
        self, current: Described, environment: Environment, place: str, *, but: str | None = None
    ) -> None:
        for role in _roles(current):
            if role != but:
                method = "remove_role_from_instance_profile"
                environment.aws.seek("iam", method, place, **self.named(current), RoleName=role)


def _roles(current: Described) -> list[str]:
    return [role["RoleName"] for role in current.get("Roles") or ()]
