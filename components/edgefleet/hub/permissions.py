"""Policy documents of a hub's servers and sites. Pure.

Sources: Systems Manager user guide (what its agent needs, AmazonSSMManagedInstanceCore); IAM Roles Anywhere
user guide (trust policy, certificate attributes as session tags).
"""

from collections.abc import Mapping
from typing import Any

from edgefleet.boot.hub_identity import MANIFESTS
from edgefleet.boot.hub_k3s import SNAPSHOTS

VERSION = "2012-10-17"
AGENT: Mapping[str, tuple[str, ...]] = {
    "ssm": (
        *("DescribeAssociation", "GetDeployablePatchSnapshotForInstance", "GetDocument", "DescribeDocument"),
        *(
            "GetManifest",
            "ListAssociations",
            "ListInstanceAssociations",
            "PutInventory",
            "PutComplianceItems",
        ),
        *("PutConfigurePackageResult", "UpdateAssociationStatus", "UpdateInstanceAssociationStatus"),
        "UpdateInstanceInformation",
    ),
    "ssmmessages": ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"),
    "ec2messages": (
        *("AcknowledgeMessage", "DeleteMessage", "FailMessage", "GetEndpoint", "GetMessages", "SendReply"),
    ),
}
"""dict[service -> actions] of Systems Manager's agent; unlike AWS's own policy, it reads no parameter."""


def agent_policy() -> dict[str, Any]:
    """The policy document of a machine's agent."""
    actions = sorted(f"{service}:{action}" for service, names in AGENT.items() for action in names)
    return _document({"Effect": "Allow", "Action": actions, "Resource": "*"})


def service_trust(service: str) -> dict[str, Any]:
    """The trust policy of a role that a service assumes for a machine."""
    principal = {"Service": service}
    return _document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def server_policies(partition: str, region: str, parameters: str, bucket: str) -> dict[str, dict[str, Any]]:
    """dict[name -> policy document] of the hub's servers: their own secrets, files and agent."""
    path = f"arn:{partition}:ssm:{region}:*:parameter{parameters}"
    files = f"arn:{partition}:s3:::{bucket}"
    prefixes = [MANIFESTS, f"{SNAPSHOTS}/"]
    return {
        "secrets": _document(
            {"Effect": "Allow", "Action": ["ssm:GetParametersByPath"], "Resource": [path, f"{path}/*"]}
        ),
        "files": _document(
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": [files],
                "Condition": {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
            },
            {"Effect": "Allow", "Action": ["s3:GetBucketLocation"], "Resource": [files]},
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{files}/{MANIFESTS}*"]},
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
                "Resource": [f"{files}/{SNAPSHOTS}/*"],
            },
        ),
        "agent": agent_policy(),
    }


def site_trust(trust_anchor: str) -> dict[str, Any]:
    """The trust policy of the role that sites assume by a certificate of this authority alone."""
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "rolesanywhere.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
            "Condition": {"ArnEquals": {"aws:SourceArn": trust_anchor}},
        }
    )


def site_policies(partition: str, store: str) -> dict[str, dict[str, Any]]:
    """dict[name -> policy document] of a site: read its own releases, write its own statuses and backups.

    Roles Anywhere sets the session's tag ``x509Subject/CN`` to the certificate's common name, the name of the
    site. A resource with a variable that has no value is like no resource. `store` is ``s3://bucket/prefix``.
    """
    objects = f"arn:{partition}:s3:::{store.removeprefix('s3://').rstrip('/')}"
    tag = "aws:PrincipalTag/x509Subject/CN"
    site = f"${{{tag}}}"
    readable = ("delegation.json", f"pointers/{site}.json", f"releases/{site}/*", f"backups/{site}/*")
    writable = (f"status/{site}/*", f"backups/{site}/*")
    return {
        "own-files": _document(
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": [f"{objects}/{key}" for key in readable],
                "Condition": {"Null": {tag: "false"}},
            },
            {
                "Effect": "Allow",
                "Action": ["s3:PutObject"],
                "Resource": [f"{objects}/{key}" for key in writable],
            },
        )
    }


def encrypted_only(partition: str, *, bucket: str) -> dict[str, Any]:
    """The policy of a bucket that requires TLS."""
    files = f"arn:{partition}:s3:::{bucket}"
    return _document(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": [files, f"{files}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": VERSION, "Statement": list(statements)}
