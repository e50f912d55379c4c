"""Row of `Policy`."""

import json

from tests.cloud.rows.role import allow
from tests.cloud.rows.row import Row

from edgefleet.cloud.policy import Policy
from edgefleet.io.aws import Aws


def drift(aws: Aws, identity: str) -> None:
    document = json.dumps(allow("*"))
    aws.client("iam").create_policy_version(PolicyArn=identity, PolicyDocument=document, SetAsDefault=True)


ROW = Row(
    resource=Policy(),
    inputs=lambda _: {"name": "sites", "document": allow("s3:GetObject"), "tags": {"team": "edge"}},
    changed=lambda _: {"name": "sites", "document": allow("s3:GetObject", "s3:ListBucket")},
    drift=drift,
    remove=lambda aws, identity: aws.client("iam").delete_policy(PolicyArn=identity),
)
