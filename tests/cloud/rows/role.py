"""Row of `Role`."""

import json
from typing import Any

from tests.cloud.rows.row import Row

from edgefleet.cloud.role import Role
from edgefleet.io.aws import Aws


def trust(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allow(*actions: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def needs(aws: Aws) -> dict[str, str]:
    document = json.dumps(allow("ssm:UpdateInstanceInformation"))
    made = aws.client("iam").create_policy(PolicyName="agent", PolicyDocument=document)
    return {"agent": made["Policy"]["Arn"]}


def drift(aws: Aws, identity: str) -> None:
    aws.client("iam").delete_role_policy(RoleName=identity, PolicyName="bucket")


def remove(aws: Aws, identity: str) -> None:
    iam = aws.client("iam")
    drift(aws, identity)
    iam.detach_role_policy(RoleName=identity, PolicyArn=aws.arn("iam", "policy/agent", region=""))
    iam.delete_role(RoleName=identity)


ROW = Row(
    resource=Role(),
    needs=needs,
    inputs=lambda made: {
        "name": "hub",
        "assumePolicy": trust("ec2.amazonaws.com"),
        "policies": {"bucket": allow("s3:PutObject", "s3:GetObject")},
        "managedPolicies": [made["agent"]],
        "tags": {"team": "edge"},
    },
    changed=lambda _: {
        "name": "hub",
        "assumePolicy": trust("rolesanywhere.amazonaws.com"),
        "policies": {"bucket": allow("s3:GetObject"), "keys": allow("kms:Decrypt")},
        "description": "What the hub may do.",
        "sessionSeconds": 7200,
    },
    drift=drift,
    remove=remove,
)
