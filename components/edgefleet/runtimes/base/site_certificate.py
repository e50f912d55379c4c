"""The texts of a site's certificate for the Secrets of its workloads. Pure."""

from edgefleet.errors import InvalidInput
from edgefleet.model.firstboot import Target
from edgefleet.workloads.base.kind import Object


def certificate_of(target: Target, _: Object) -> dict[str, str]:
    """dict[key of a Secret -> text] of the site's own certificate, as `composing.certified` has it.

    Raises:
        InvalidInput: the site has none.
    """
    from edgefleet.keys.certificates import key_pem  # noqa: PLC0415 - cryptography, which validate does without
    from edgefleet.keys.site_certificate import certificate_key  # noqa: PLC0415 - as above

    identity = target.site.identity
    if identity is None:
        problem, hint = "has no certificate for the hub", "pass identity, which a fleet does by itself"
        raise InvalidInput.at("", "no-identity", problem, hint, path=f"sites.{target.site.name}")
    key = key_pem(certificate_key(target.key))
    return {"tls.crt": identity.certificate, "tls.key": key, "ca.crt": identity.authority}
