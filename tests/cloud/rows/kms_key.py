"""Row of `KmsKey`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.kms_key import KmsKey
from edgefleet.io.aws import Aws


def remove(aws: Aws, identity: str) -> None:
    kms = aws.client("kms")
    for alias in kms.list_aliases(KeyId=identity)["Aliases"]:
        kms.delete_alias(AliasName=alias["AliasName"])
    kms.schedule_key_deletion(KeyId=identity, PendingWindowInDays=7)


ROW = Row(
    resource=KmsKey(),
    inputs=lambda _: {"alias": "retail", "tags": {"team": "edge"}},
    changed=lambda _: {"alias": "retail-eu", "rotation": False, "description": "Disks of the hub."},
    drift=lambda aws, identity: aws.client("kms").disable_key_rotation(KeyId=identity),
    remove=remove,
)
