"""Row of `Bucket`; what else holds for it is in `test_bucket`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.bucket import Bucket
from edgefleet.io.aws import Aws

NAME = "retail-eu-releases"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": [f"arn:aws:s3:::{NAME}/*", f"arn:aws:s3:::{NAME}"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


def drift(aws: Aws, identity: str) -> None:
    aws.s3.delete_public_access_block(Bucket=identity)


def remove(aws: Aws, identity: str) -> None:
    aws.s3.delete_bucket(Bucket=identity)


ROW = Row(
    resource=Bucket(),
    inputs=lambda _: {
        "name": NAME,
        "policy": POLICY,
        "lifecycle": [{"prefix": "logs/", "expireDays": 30}, {"earlierDays": 90}],
        "tags": {"team": "edge"},
    },
    changed=lambda _: {
        "name": NAME,
        "versioning": False,
        "encryption": "aws:kms",
        "lifecycle": [{"prefix": "logs/", "expireDays": 7}],
    },
    drift=drift,
    remove=remove,
    keeps=frozenset({"forceDestroy"}),
)
