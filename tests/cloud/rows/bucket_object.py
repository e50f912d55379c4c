"""Row of `BucketObject`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.bucket_object import BucketObject
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    aws.s3.create_bucket(Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    aws.s3.put_bucket_versioning(Bucket="releases", VersioningConfiguration={"Status": "Enabled"})
    return {}


def drift(aws: Aws, identity: str) -> None:
    bucket, _, key = identity.partition("/")
    aws.s3.put_object(Bucket=bucket, Key=key, Body=b"somebody's")


def remove(aws: Aws, identity: str) -> None:
    bucket, _, key = identity.partition("/")
    aws.s3.delete_object(Bucket=bucket, Key=key)


ROW = Row(
    resource=BucketObject(),
    needs=needs,
    inputs=lambda _: {
        "bucket": "releases",
        "key": "hub/manifests/plans.yaml",
        "content": "a: 1\n",
        "contentType": "application/yaml",
        "metadata": {"release": "1"},
    },
    changed=lambda _: {
        "bucket": "releases",
        "key": "hub/manifests/plans.yaml",
        "content": "a: 2\n",
        "contentType": "application/yaml",
        "cacheControl": "no-cache",
    },
    drift=drift,
    remove=remove,
    keeps=frozenset({"content"}),
)
