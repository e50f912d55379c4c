"""`edgefleet:aws:TrustAnchor`: an authority whose certificates IAM Roles Anywhere believes."""

from collections.abc import Iterable
from typing import Annotated, Any

from edgefleet.cloud.base import ArnOutputs, Change, Table, Tagged
from edgefleet.cloud.base.constraints import Api
from edgefleet.cloud.base.services import RolesAnywhereResource, enabling
from edgefleet.errors import Problem
from edgefleet.model.spec import spec
from edgefleet.model.unknown import is_known


@spec
class TrustAnchorSpec(Tagged):
    """An authority whose certificates are believed (IAM Roles Anywhere API, CreateTrustAnchor)."""

    name: Annotated[str, Api("rolesanywhere.CreateTrustAnchor.name")]
    """Name."""
    certificates: Annotated[str, Api("rolesanywhere.CreateTrustAnchor.source.sourceData.x509CertificateData")]
    """The authority's certificate as PEM; none of it is secret."""
    enabled: bool = True
    """Whether it is in use."""


class TrustAnchor(RolesAnywhereResource, spec=TrustAnchorSpec, outputs=ArnOutputs):
    """The kind."""

    TABLE = Table(
        create="create_trust_anchor",
        read="get_trust_anchor",
        delete="delete_trust_anchor",
        answer="trustAnchor",
        key="trustAnchorId",
        fields={"name": "name", "enabled": "enabled"},
        settings={"certificates": "source.sourceData.x509CertificateData"},
        besides=lambda spec: {"source": _source(spec.certificates)},
        outputs={"arn": "trustAnchorArn"},
        changes=(
            Change(
                ("name", "certificates"),
                "update_trust_anchor",
                lambda spec: {"name": spec.name, "source": _source(spec.certificates)},
            ),
            enabling("trust_anchor"),
        ),
    )

    def inspect(self, spec: TrustAnchorSpec) -> Iterable[Problem]:
        """Something that is no certificate, or worse, a key."""
        yield from super().inspect(spec)
        if not is_known(spec.certificates):
            return
        if "PRIVATE KEY" in spec.certificates:
            hint = "pass only the certificate; create a new key, because this one is no longer secret"
            yield Problem(code="private-key", path="certificates", problem="holds a private key", hint=hint)
        elif "BEGIN CERTIFICATE" not in spec.certificates:
            hint = "write the certificate as PEM"
            yield Problem(code="pem", path="certificates", problem="is not a certificate", hint=hint)


def _source(certificates: str) -> dict[str, Any]:
    return {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": certificates}}
