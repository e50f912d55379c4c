"""`edgefleet:aws:InstanceProfile`: how a machine gets a role."""

from typing import Annotated

from edgefleet.cloud.base import ArnOutputs, Described, Labelled, NamedResource, Table
from edgefleet.cloud.base.constraints import Api
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import iam
from edgefleet.model.spec import spec


@spec
class InstanceProfileSpec(Labelled):
    """How a machine gets a role (IAM API, CreateInstanceProfile)."""

    name: Annotated[str, Api("iam.CreateInstanceProfile.InstanceProfileName")]
    """Name, unique in the account."""
    role: Annotated[str, Api("iam.CreateRole.RoleName")]
    """Name of the role."""


def _roles(current: Described) -> list[str]:
    return [role["RoleName"] for role in current.get("Roles") or ()]


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
        settings={"role": lambda current: next(iter(_roles(current)), "")},
        outputs={"arn": "Arn"},
    )

    def settle(self, current: Described, spec: InstanceProfileSpec, environment: Environment) -> Described:
        """Its one role."""
        self._take(current, environment, but=spec.role)
        if spec.role not in _roles(current):
            self.call(current, environment, "add_role_to_instance_profile", RoleName=spec.role)
        return current

    def remove(self, current: Described, environment: Environment) -> None:
        """Take its role, then remove it."""
        self._take(current, environment)
        super().remove(current, environment)

    def _take(self, current: Described, environment: Environment, *, but: str | None = None) -> None:
        for role in _roles(current):
            if role != but:
                self.seek(current, environment, "remove_role_from_instance_profile", RoleName=role)
