"""Row of `RolesAnywhereProfile`."""

from tests.cloud.rows.role import allow
from tests.cloud.rows.row import Row

from edgefleet.cloud.roles_anywhere_profile import RolesAnywhereProfile

ROLES = [f"arn:aws:iam::123456789012:role/{name}" for name in ("sites", "other")]

ROW = Row(
    resource=RolesAnywhereProfile(),
    inputs=lambda _: {
        "name": "sites",
        "roles": ROLES[:1],
        "sessionPolicy": allow("s3:GetObject"),
        "tags": {"team": "edge"},
    },
    changed=lambda _: {"name": "sites", "roles": ROLES, "sessionSeconds": 900},
    drift=lambda aws, identity: aws.client("rolesanywhere").update_profile(
        profileId=identity, durationSeconds=7200
    ),
    remove=lambda aws, identity: aws.client("rolesanywhere").delete_profile(profileId=identity),
)
