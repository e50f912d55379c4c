"""Row of `Crl`."""

from datetime import UTC, datetime

from tests.cloud.rows.row import Row
from tests.cloud.rows.trust_anchor import MASTER, ONE

from edgefleet.cloud.crl import Crl
from edgefleet.io.aws import Aws
from edgefleet.keys.certificates import pem
from edgefleet.keys.site_certificate import revocation_list, site_authority

BY = site_authority(MASTER, fleet="retail", region="eu")
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
NONE, SOME = (pem(revocation_list(BY, serials, NOW)) for serials in ((), (7, 11)))


def needs(aws: Aws) -> dict[str, str]:
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": ONE}}
    made = aws.client("rolesanywhere").create_trust_anchor(name="sites", source=source, enabled=True)
    return {"anchor": made["trustAnchor"]["trustAnchorArn"]}


ROW = Row(
    resource=Crl(),
    needs=needs,
    inputs=lambda made: {
        "name": "sites",
        "trustAnchor": made["anchor"],
        "data": NONE,
        "tags": {"team": "edge"},
    },
    changed=lambda made: {"name": "sites", "trustAnchor": made["anchor"], "data": SOME},
    drift=lambda aws, identity: aws.client("rolesanywhere").disable_crl(crlId=identity),
    remove=lambda aws, identity: aws.client("rolesanywhere").delete_crl(crlId=identity),
)
