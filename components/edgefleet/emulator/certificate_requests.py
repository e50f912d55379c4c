"""Requests that a certificate's key has signed, as IAM Roles Anywhere believes them.

A stand-in of that check: for one authority without intermediate ones, keys of ECDSA. Sources: IAM Roles
Anywhere user guide, "Signing process for the CreateSession API" and "Trust model".
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from edgefleet.emulator.requests import Call, Refusal

ALGORITHM = "AWS4-X509-ECDSA-SHA256"
LATE = timedelta(minutes=5)
"""By which the clock of a client may be wrong."""
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<serial>\d+)/(?P<scope>\d{{8}}/[a-z0-9-]+/rolesanywhere/aws4_request), "
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]+)"
)
DENIED = "AccessDeniedException"


def signer_of(call: Call, anchor: str, lists: Iterable[str], now: datetime) -> x509.Certificate:
    """The certificate whose key has signed `call`.

    Args:
        call: the request.
        anchor: PEM of the authority that is believed.
        lists: PEM of its lists of revoked certificates.
        now: the time.

    Raises:
        Refusal: nobody, somebody else, or somebody whose certificate is revoked.
    """
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(call.headers["x-amz-x509"]))
        _verify_signature(call, certificate, now)
        _verify_issuer(certificate, x509.load_pem_x509_certificate(anchor.encode()), now)
    except (KeyError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as error:
        raise Refusal(DENIED) from error
    for text in lists:
        listed = x509.load_pem_x509_crl(text.encode())
        if listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
            raise Refusal(DENIED)
    return certificate


def _verify_signature(call: Call, certificate: x509.Certificate, now: datetime) -> None:
    given = _AUTHORIZATION.fullmatch(call.headers["authorization"])
    stamp = call.headers["x-amz-date"]
    time = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    key = certificate.public_key()
    if given is None or int(given["serial"]) != certificate.serial_number or abs(now - time) > LATE:
        raise Refusal(DENIED)
    signed = given["headers"].split(";")
    if not {"host", "x-amz-date", "x-amz-x509"} <= set(signed) or not isinstance(
        key, ec.EllipticCurvePublicKey
    ):
        raise Refusal(DENIED)
    query = urlencode(sorted(parse_qsl(call.query)), quote_via=quote, safe="")
    headers = "".join(f"{name}:{' '.join(call.headers[name].split())}\n" for name in signed)
    body = hashlib.sha256(call.body).hexdigest()
    canonical = "\n".join((call.method, call.path, query, headers, given["headers"], body))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join((ALGORITHM, stamp, given["scope"], digest))
    key.verify(bytes.fromhex(given["signature"]), text.encode(), ec.ECDSA(hashes.SHA256()))


def _verify_issuer(certificate: x509.Certificate, anchor: x509.Certificate, now: datetime) -> None:
    certificate.verify_directly_issued_by(anchor)
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    of_authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    if of_authority or ExtendedKeyUsageOID.CLIENT_AUTH not in uses:
        raise Refusal(DENIED)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Refusal(DENIED)
