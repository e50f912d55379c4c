"""Row of `Volume`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.volume import Volume
from edgefleet.io.aws import Aws


def drift(aws: Aws, identity: str) -> None:
    aws.client("ec2").create_tags(Resources=[identity], Tags=[{"Key": "Name", "Value": "somebody's"}])


ROW = Row(
    resource=Volume(),
    inputs=lambda _: {"zone": "eu-central-1a", "size": 40, "tags": {"Name": "etcd"}},
    changed=lambda _: {"zone": "eu-central-1a", "size": 80, "tags": {"team": "edge"}},
    drift=drift,
    remove=lambda aws, identity: aws.client("ec2").delete_volume(VolumeId=identity),
)
