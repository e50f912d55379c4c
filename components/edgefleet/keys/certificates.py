"""Reproducible certificates: keys are derived, signatures deterministic, dates given. Pure.

Keys are EC P-256, from HKDF output reduced to the curve's order (FIPS 186-5, A.2.1: 64 bits more than the
order has, so that no key is likelier than another). Signatures are ECDSA after RFC 6979. Serial numbers are
digests. No function reads the clock.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edgefleet.keys.derivation import derive

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of P-256 (SEC 2, secp256r1)."""
KEY_BYTES = 40
BACKDATED = datetime(2020, 1, 1, tzinfo=UTC)
"""Start of validity: long ago, as the clock of a board without a battery starts in the past."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> str:
        """The certificate as PEM."""
        return pem(self.certificate)

    @property
    def key_pem(self) -> str:
        """The key as PEM, in the form that k3s writes, ``EC PRIVATE KEY``."""
        return key_pem(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Names and validity of a certificate."""

    common_name: str
    organizations: tuple[str, ...] = ()
    unit: str = ""
    uris: tuple[str, ...] = ()
    """URIs in the subject's alternative names."""
    host: str = ""
    """Host name, or address, of a server in them."""
    not_before: datetime = BACKDATED
    not_after: datetime


def private_key(master: str, purpose: str, *, of: str = "") -> ec.EllipticCurvePrivateKey:
    """The key for one purpose, the same every time."""
    number = int.from_bytes(derive(master, purpose, node=of, length=KEY_BYTES))
    return ec.derive_private_key(number % (ORDER - 1) + 1, ec.SECP256R1())


def authority(
    subject: Subject,
    key: ec.EllipticCurvePrivateKey,
    *,
    path_length: int,
    by: Holder | None = None,
    is_for_tls: bool = False,
) -> Holder:
    """A certificate authority, signed by another one or by itself.

    Args:
        subject: its names and validity.
        key: its key.
        path_length: how many authorities may follow below it.
        by: who signs it; itself where it is None.
        is_for_tls: whether all certificates below it are of TLS's clients and servers, and of nothing else.
    """
    usage = _usage(is_authority=True)
    builder = _builder(subject, key, by).add_extension(usage, True)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), True)
    if is_for_tls:
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
    return Holder(_signed(builder, key if by is None else by.key), key)


def client(subject: Subject, key: ec.EllipticCurvePrivateKey, *, by: Holder) -> Holder:
    """A client certificate."""
    return _leaf(subject, key, by, ExtendedKeyUsageOID.CLIENT_AUTH)


def server(subject: Subject, key: ec.EllipticCurvePrivateKey, *, by: Holder) -> Holder:
    """The certificate of a server at the subject's `host`."""
    return _leaf(subject, key, by, ExtendedKeyUsageOID.SERVER_AUTH)


def _leaf(
    subject: Subject, key: ec.EllipticCurvePrivateKey, by: Holder, purpose: x509.ObjectIdentifier
) -> Holder:
    usage = _usage(is_authority=False)
    builder = _builder(subject, key, by).add_extension(usage, True)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
    names: list[x509.GeneralName] = [*map(x509.UniformResourceIdentifier, subject.uris)]
    names += [_host(subject.host)] if subject.host else []
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    return Holder(_signed(builder, by.key), key)


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def revocations(
    by: Holder, serials: tuple[int, ...], *, number: int, since: datetime, until: datetime
) -> x509.CertificateRevocationList:
    """A list of revoked certificates.

    Args:
        by: the authority that issued them.
        serials: their serial numbers.
        number: number of the list; a later one has a higher number.
        since: its date of issue.
        until: the last date on which it may be believed.
    """
    builder = x509.CertificateRevocationListBuilder(by.certificate.subject, since, until)
    for serial in sorted(serials):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(BACKDATED)
        builder = builder.add_revoked_certificate(entry.build())
    key = by.key.public_key()
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key), False)
    builder = builder.add_extension(x509.CRLNumber(number), False)
    return builder.sign(by.key, hashes.SHA256(), ecdsa_deterministic=True)


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """A key as PEM, in the form that k3s writes, ``EC PRIVATE KEY``."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def pem(certificate: x509.Certificate | x509.CertificateRevocationList) -> str:
    """As PEM."""
    return certificate.public_bytes(Encoding.PEM).decode()


def der(certificate: x509.Certificate) -> bytes:
    """As DER."""
    return certificate.public_bytes(Encoding.DER)


def base64_text(text: str) -> str:
    """`text` in base64, for kubeconfigs."""
    return base64.b64encode(text.encode()).decode()


def serial_of(issuer: x509.Name | None, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> int:
    """A serial number of 159 bits (RFC 5280: positive, at most 20 bytes), the same every time."""
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    named = f"{issuer.rfc4514_string() if issuer else ''}\0{subject.rfc4514_string()}\0".encode()
    return int.from_bytes(hashlib.sha256(named + spki).digest()[:20]) >> 1


def client_serial(subject: Subject, key: ec.EllipticCurvePrivateKey, *, by: Holder) -> int:
    """The serial number of `client` with these arguments, without signing it."""
    return serial_of(by.certificate.subject, _name(subject), key)


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    """An authority signs certificates and lists, a client its handshakes."""
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _name(subject: Subject) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in subject.organizations]
    if subject.unit:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, subject.unit))
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name)])


def _builder(subject: Subject, key: ec.EllipticCurvePrivateKey, by: Holder | None) -> x509.CertificateBuilder:
    name = _name(subject)
    issuer = name if by is None else by.certificate.subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial_of(None if by is None else issuer, name, key))
        .not_valid_before(subject.not_before)
        .not_valid_after(subject.not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    if by is None:
        return builder
    issuer_key = by.key.public_key()
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), False)


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
