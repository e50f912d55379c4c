"""Row of `ElasticIp`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.elastic_ip import ElasticIp
from edgefleet.io.aws import Aws


def drift(aws: Aws, identity: str) -> None:
    aws.client("ec2").create_tags(Resources=[identity], Tags=[{"Key": "Name", "Value": "somebody's"}])


ROW = Row(
    resource=ElasticIp(),
    inputs=lambda _: {"tags": {"Name": "hub"}},
    changed=lambda _: {"tags": {"Name": "nat", "team": "edge"}},
    drift=drift,
    remove=lambda aws, identity: aws.client("ec2").release_address(AllocationId=identity),
)
