"""Row of `InstanceProfile`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.instance_profile import InstanceProfile
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    iam = aws.client("iam")
    return {
        name: iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["RoleName"]
        for name in ("hub", "other")
    }


def drift(aws: Aws, identity: str) -> None:
    aws.client("iam").remove_role_from_instance_profile(InstanceProfileName=identity, RoleName="hub")


def remove(aws: Aws, identity: str) -> None:
    drift(aws, identity)
    aws.client("iam").delete_instance_profile(InstanceProfileName=identity)


ROW = Row(
    resource=InstanceProfile(),
    needs=needs,
    inputs=lambda _: {"name": "hub", "role": "hub", "tags": {"team": "edge"}},
    changed=lambda _: {"name": "hub", "role": "other"},
    drift=drift,
    remove=remove,
)
