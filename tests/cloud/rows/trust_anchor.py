"""Row of `TrustAnchor`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.trust_anchor import TrustAnchor
from edgefleet.keys.site_certificate import site_authority

MASTER = "YSBtYXN0ZXIgdGhhdCBvbmx5IHRoZXNlIHRlc3RzIHVzZSE="
ONE, OTHER = (site_authority(MASTER, fleet="retail", region=name).certificate_pem for name in ("eu", "us"))

ROW = Row(
    resource=TrustAnchor(),
    inputs=lambda _: {"name": "retail-eu-sites", "certificates": ONE, "tags": {"team": "edge"}},
    changed=lambda _: {"name": "retail-eu", "certificates": OTHER},
    drift=lambda aws, identity: aws.client("rolesanywhere").disable_trust_anchor(trustAnchorId=identity),
    remove=lambda aws, identity: aws.client("rolesanywhere").delete_trust_anchor(trustAnchorId=identity),
)
