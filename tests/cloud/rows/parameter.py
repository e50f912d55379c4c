"""Row of `Parameter`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.parameter import Parameter
from edgefleet.io.aws import Aws

NAME = "/retail/hub/token"


def drift(aws: Aws, identity: str) -> None:
    aws.client("ssm").put_parameter(Name=identity, Value="somebody's", Type="SecureString", Overwrite=True)


ROW = Row(
    resource=Parameter(),
    inputs=lambda _: {
        "name": NAME,
        "value": "first",
        "description": "Joins servers.",
        "tags": {"team": "edge"},
    },
    changed=lambda _: {"name": NAME, "value": "second", "tags": {"team": "hub"}},
    drift=drift,
    remove=lambda aws, identity: aws.client("ssm").delete_parameter(Name=identity),
)
