"""Keys that images are signed with: in a file, or in AWS KMS, which never gives them out.

Ed25519, and ECDSA over P-256 with SHA-256: cosign and openssl support both, KMS the latter. Keys are PEM.
A key that is missing or of a wrong kind raises InvalidInput; KMS that does not answer or does not let these
credentials use the key raises OutsideFailure.

securesystemslib 1.6.0 was tried in place of this module and `edgefleet.keys.dsse` and is worse. Its ECDSA
signatures differ each time, where a second build must write the same bytes. Its KMS signer creates a boto3
client of its own: without the region of the key's ARN, without an emulated endpoint, and with botocore's
own errors. The import of its envelope loads boto3, 0.4 s of CPU for 30 lines.
"""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from edgefleet.errors import InvalidInput
from edgefleet.io import disk
from edgefleet.io.aws import Aws
from edgefleet.model.cloud import Cloud

KMS = "awskms:"
ED25519, P256 = "ed25519", "ecdsa-p256-sha256"
MAKE_ONE = "create one with: openssl genpkey -algorithm ed25519 -out signing.pem"
KMS_LONGEST = 4096
"""Bytes that KMS digests itself."""
KMS_KIND, KMS_ALGORITHM = "ECC_NIST_P256", "ECDSA_SHA_256"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """The public half of a key, which verifies signatures."""

    pem: str
    algorithm: str
    """`ED25519` or `P256`."""

    @property
    def id(self) -> str:
        """``sha256:<hex>`` of its DER form, as cosign names a key."""
        der = load_pem_public_key(self.pem.encode()).public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        return f"sha256:{hashlib.sha256(der).hexdigest()}"

    def has_signed(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature` over `data` is by this key."""
        key = load_pem_public_key(self.pem.encode())
        try:
            if isinstance(key, Ed25519PublicKey):
                key.verify(signature, data)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, data, ec.ECDSA(SHA256()))
            else:
                return False
        except InvalidSignature:
            return False
        return True


class Signer(Protocol):
    """A signer."""

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`: 64 bytes of Ed25519, or ECDSA's in DER."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSigner:
    """A private key in memory; the same signature for the same bytes every time."""

    key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """See `Signer`."""
        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(data)
        return self.key.sign(data, ec.ECDSA(SHA256(), deterministic_signing=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsSigner:
    """A key in AWS KMS; another signature for the same bytes each time."""

    aws: Aws
    name: str
    """ARN, or ``alias/...``."""

    def sign(self, data: bytes) -> bytes:
        """See `Signer`."""
        is_short = len(data) <= KMS_LONGEST
        answer = self.aws.call(
            "kms",
            "sign",
            f"KMS key {self.name}",
            KeyId=self.name,
            Message=data if is_short else hashlib.sha256(data).digest(),
            MessageType="RAW" if is_short else "DIGEST",
            SigningAlgorithm=KMS_ALGORITHM,
        )
        signature: bytes = answer["Signature"]
        return signature

    def public(self) -> PublicKey:
        """The public half."""
        where = f"KMS key {self.name}"
        answer = self.aws.call("kms", "get_public_key", where, KeyId=self.name)
        if KMS_ALGORITHM not in answer.get("SigningAlgorithms", ()):
            kind = answer.get("KeySpec") or answer.get("CustomerMasterKeySpec")
            problem = f"is of another kind ({kind}, {answer.get('KeyUsage')})"
            hint = f"create one with: aws kms create-key --key-usage SIGN_VERIFY --key-spec {KMS_KIND}"
            raise _wrong(where, problem, hint)
        return _public(load_der_public_key(answer["PublicKey"]), where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A signer in a form that processes can exchange."""

    public: PublicKey
    private: bytes = field(default=b"", repr=False)
    """PEM of the key, where it is from a file."""
    kms: str = ""
    """Name of the key in KMS."""
    region: str | None = None
    endpoint: str | None = None

    def open(self) -> Signer:
        """A signer."""
        if self.kms:
            return _kms(self.kms, self.region, self.endpoint)
        return FileSigner(key=_private(self.private, "the signing key"))


@lru_cache(maxsize=4)
def _kms(name: str, region: str | None, endpoint: str | None) -> KmsSigner:
    """One a process, as its clients are slow to make."""
    return KmsSigner(aws=Aws(Cloud(region=region, endpoint=endpoint)), name=name)


def signing(text: str, root: Path, *, aws: Aws | None = None) -> Signing:
    """Who signs with the key that `text` names.

    Args:
        text: a file, or ``awskms:`` and an ARN or alias.
        root: what a file's path is relative to.
        aws: clients to ask for the public key, in place of those of AWS's own chain.
    """
    if not text.startswith(KMS):
        path = root / text.removeprefix("file:")
        data = disk.read(path)
        if data is None:
            raise _wrong(str(path), "there is no such key", MAKE_ONE)
        key = _private(data, str(path))
        return Signing(public=_public(key.public_key(), str(path)), private=data)
    name = text.removeprefix(KMS).lstrip("/")
    parts = name.split(":")
    region = parts[3] if name.startswith("arn:") and len(parts) > 4 else None  # noqa: PLR2004 - arn:aws:kms:REGION:...
    if not name:
        raise _wrong(text, "names no key", "write awskms: and the key's ARN, or alias/NAME")
    found = KmsSigner(aws=aws or Aws(Cloud(region=region)), name=name)
    endpoint = aws.endpoint if aws is not None else None
    return Signing(public=found.public(), kms=name, region=region, endpoint=endpoint)


def new_p256() -> tuple[bytes, PublicKey]:
    """A new private key on P-256, as PEM, and its public half."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, _public(key.public_key(), "a new key")


def read_public(path: Path) -> PublicKey:
    """The public key in a file."""
    data = disk.read(path)
    if data is None:
        raise _wrong(str(path), "there is no such key", "name the public key that you trust, as PEM")
    return public_from(data, str(path))


def public_from(data: bytes, where: str) -> PublicKey:
    """The public key in PEM."""
    if b"PRIVATE KEY-----" in data:
        hint = "keep it where it is, and name the other half: openssl pkey -pubout -in KEY"
        raise _wrong(where, "is a private key; a public key is expected", hint)
    try:
        return _public(load_pem_public_key(data), where)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _wrong(
            where, "is not a public key in PEM", "write it with: openssl pkey -pubout -in KEY"
        ) from error


def _public(key: Any, where: str) -> PublicKey:
    if isinstance(key, Ed25519PublicKey):
        algorithm = ED25519
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        algorithm = P256
    else:
        raise _wrong(where, f"is a key of another kind ({_kind(key)})", f"use Ed25519 or P-256; {MAKE_ONE}")
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return PublicKey(pem=pem, algorithm=algorithm)


def _kind(key: Any) -> str:
    curve = getattr(key, "curve", None)
    return curve.name if curve is not None else type(key).__name__.strip("_").removesuffix("PublicKey")


def _private(data: bytes, where: str) -> Ed25519PrivateKey | ec.EllipticCurvePrivateKey:
    if b"PUBLIC KEY-----" in data:
        raise _wrong(where, "is a public key; signing needs the private key", MAKE_ONE)
    if b"BEGIN OPENSSH" in data:
        raise _wrong(where, "is a key of SSH", MAKE_ONE)
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError as error:
        hint = "decrypt it first (openssl pkey -in KEY -out PLAIN), or keep it in AWS KMS (awskms:ARN)"
        raise _wrong(where, "is encrypted, and its passphrase cannot be entered here", hint) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _wrong(where, "is not a private key in PEM", MAKE_ONE) from error
    _public(key.public_key(), where)
    assert isinstance(key, Ed25519PrivateKey | ec.EllipticCurvePrivateKey)  # noqa: S101 - see above
    return key


def _wrong(where: str, problem: str, hint: str) -> InvalidInput:
    return InvalidInput.at(where, "signing-key", problem, hint)
