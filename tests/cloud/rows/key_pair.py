"""Row of `KeyPair`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.key_pair import KeyPair
from edgefleet.io.aws import Aws

# An example: the private half was thrown away.
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAdWTir664y2SylPXTmezFVyd60QnEiB1WNSzvoIs2Ot row"


def drift(aws: Aws, identity: str) -> None:
    aws.client("ec2").create_tags(Resources=[identity], Tags=[{"Key": "team", "Value": "somebody's"}])


def remove(aws: Aws, identity: str) -> None:
    (found,) = aws.client("ec2").describe_key_pairs(Filters=[{"Name": "key-pair-id", "Values": [identity]}])[
        "KeyPairs"
    ]
    aws.client("ec2").delete_key_pair(KeyName=found["KeyName"])


ROW = Row(
    resource=KeyPair(),
    inputs=lambda _: {"name": "ops", "publicKey": KEY, "tags": {"team": "edge"}},
    changed=lambda _: {"name": "ops", "publicKey": KEY, "tags": {"team": "hub"}},
    drift=drift,
    remove=remove,
)
