"""Site identity in the cloud: until it is revoked, a certificate grants access to its site's objects."""

from collections.abc import Mapping

import pulumi

from edgefleet.fleet import aws
from edgefleet.fleet.hub.wiring import Wiring
from edgefleet.hub.permissions import site_policies, site_trust
from edgefleet.keys.certificates import pem
from edgefleet.keys.derivation import hub_master
from edgefleet.keys.site_certificate import revocation_list, revoked_serials, site_authority


def site_identity(wiring: Wiring, revoked: Mapping[str, int]) -> dict[str, pulumi.Output[str]]:
    """Register it; returns the dict[name -> ARN] that a site needs.

    Args:
        wiring: the hub.
        revoked: dict[site -> last revoked key generation].
    """
    fleet, region = wiring.fleet, wiring.region
    name = f"{fleet}-{region}-sites"

    def certificate(master: str) -> str:
        return site_authority(master, fleet=fleet, region=region).certificate_pem

    def revocations(secret: str) -> str:
        master = hub_master(secret, fleet=fleet, region=region)
        by = site_authority(master, fleet=fleet, region=region)
        return pem(revocation_list(by, revoked_serials(secret, by, region=(fleet, region), revoked=revoked)))

    shown = pulumi.Output.unsecret(wiring.master.apply(certificate))
    anchor = aws.TrustAnchor(
        "sites", {"name": name, "certificates": shown, "tags": wiring.tags}, wiring.options()
    )
    role = aws.Role(
        "sites",
        {
            "name": name,
            "description": f"Sites of {fleet} in {region}, by certificate.",
            "assumePolicy": anchor.arn.apply(site_trust),
            "policies": site_policies(wiring.partition, bucket=wiring.hub.bucket or ""),
            "tags": wiring.tags,
        },
        wiring.options(),
    )
    profile = aws.RolesAnywhereProfile(
        "sites", {"name": name, "roles": [role.arn], "tags": wiring.tags}, wiring.options()
    )
    aws.Crl(
        "sites",
        {
            "name": name,
            "trustAnchor": anchor.arn,
            "data": pulumi.Output.unsecret(wiring.secret.apply(revocations)),
            "tags": wiring.tags,
        },
        wiring.options(),
    )
    return {"trustAnchor": anchor.arn, "profile": profile.arn, "role": role.arn}
