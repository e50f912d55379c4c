"""Row of `Repository`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.repository import Repository

ROW = Row(
    resource=Repository(),
    inputs=lambda _: {"name": "retail/till", "keepImages": 10, "tags": {"team": "edge"}},
    changed=lambda _: {"name": "retail/till", "immutable": False, "scanOnPush": False},
    drift=lambda aws, identity: aws.client("ecr").put_image_tag_mutability(
        repositoryName=identity, imageTagMutability="MUTABLE"
    ),
    remove=lambda aws, identity: aws.client("ecr").delete_repository(repositoryName=identity),
)
