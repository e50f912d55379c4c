"""`edgefleet:aws:Crl`: the certificates that IAM Roles Anywhere no longer believes."""

from collections.abc import Iterable
from typing import Annotated, Any

from cryptography.x509 import load_pem_x509_crl

from edgefleet.cloud.base import ArnOutputs, Change, Table, Tagged
from edgefleet.cloud.base.constraints import Api
from edgefleet.cloud.base.services import RolesAnywhereResource, enabling
from edgefleet.errors import Problem
from edgefleet.model.spec import Canonical, spec
from edgefleet.model.unknown import is_known


def revocations_of(data: Any) -> Any:
    """Issuer, week of issue and revoked serial numbers of a list; other values are unchanged."""
    try:
        parsed = load_pem_x509_crl(str(data).encode())
    except ValueError:
        return data
    week = parsed.last_update_utc.isocalendar()[:2]
    return parsed.issuer.rfc4514_string(), week, sorted(entry.serial_number for entry in parsed)


@spec
class CrlSpec(Tagged):
    """A list of revoked certificates (IAM Roles Anywhere API, ImportCrl)."""

    name: Annotated[str, Api("rolesanywhere.ImportCrl.name")]
    """Name."""
    trust_anchor: Annotated[str, Api("rolesanywhere.ImportCrl.trustAnchorArn")]
    """ARN of the trust anchor whose certificates are meant."""
    data: Annotated[str, Canonical(revocations_of), Api("rolesanywhere.ImportCrl.crlData")]
    """The list as PEM; none of it is secret. Lists of one week with the same entries are equal."""
    enabled: bool = True
    """Whether it is in use; a list that is not revokes nothing."""


def _text(data: bytes | str) -> str:
    return data.decode() if isinstance(data, bytes) else data


class Crl(RolesAnywhereResource, spec=CrlSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"trustAnchor"})
    TABLE = Table(
        create="import_crl",
        read="get_crl",
        delete="delete_crl",
        answer="crl",
        key="crlId",
        fields={"name": "name", "trustAnchor": "trustAnchorArn", "enabled": "enabled"},
        settings={"data": lambda current: _text(current["crlData"])},
        besides=lambda spec: {"crlData": spec.data.encode()},
        outputs={"arn": "crlArn"},
        changes=(
            Change(
                ("name", "data"),
                "update_crl",
                lambda spec: {"name": spec.name, "crlData": spec.data.encode()},
            ),
            enabling("crl"),
        ),
    )

    def inspect(self, spec: CrlSpec) -> Iterable[Problem]:
        """Something that is no list."""
        yield from super().inspect(spec)
        if is_known(spec.data) and "BEGIN X509 CRL" not in spec.data:
            yield Problem(code="pem", path="data", problem="is not a list", hint="write it as PEM")
