"""Public keys of the channel: ECDSA over P-256 with SHA-256, which a node's openssl and AWS KMS have. Pure.

Of other kinds (Ed25519 needs openssl 3 on the node, and KMS lacks it) each is refused by its name.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

ALGORITHM = ec.ECDSA(SHA256())


@dataclass(frozen=True)
class ChannelKey:
    """A public key that a root or a release is signed with."""

    der: bytes
    """Its SubjectPublicKeyInfo, with the point uncompressed: 91 bytes."""

    @classmethod
    def of_pem(cls, text: str) -> "ChannelKey":
        """The key in PEM.

        Raises:
            ValueError: it is none, or a key of another kind, which the message names.
        """
        try:
            return cls._of(load_pem_public_key(text.encode()))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ValueError(_reason(error, "is not a public key in PEM")) from error

    @classmethod
    def of_der(cls, data: bytes) -> "ChannelKey":
        """The key in DER.

        Raises:
            ValueError: it is none, is not in its one form, or is of another kind.
        """
        try:
            key = cls._of(load_der_public_key(data))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ValueError(_reason(error, "is not a public key in DER")) from error
        if key.der != data:
            raise ValueError("is a public key with a compressed point")
        return key

    @classmethod
    def _of(cls, key: Any) -> "ChannelKey":
        curve = key.curve if isinstance(key, ec.EllipticCurvePublicKey) else None
        if not isinstance(curve, ec.SECP256R1):
            kind = type(key).__name__.removesuffix("PublicKey").strip("_") if curve is None else curve.name
            raise _OtherKindError(f"is a key of another kind ({kind}); the channel takes ECDSA keys on P-256")
        return cls(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    @cached_property
    def id(self) -> str:
        """Hex SHA-256 of its DER form, by which documents name it."""
        return hashlib.sha256(self.der).hexdigest()

    @cached_property
    def pem(self) -> str:
        """Its PEM."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def has_signed(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature`, in DER, over `data` is by this key."""
        try:
            self._key.verify(signature, data, ALGORITHM)
        except InvalidSignature:
            return False
        return True

    @cached_property
    def _key(self) -> ec.EllipticCurvePublicKey:
        key = load_der_public_key(self.der)
        assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101 - `_of` has seen it
        return key


class _OtherKindError(ValueError):
    pass


def _reason(error: Exception, otherwise: str) -> str:
    """What our own error states; the library's are replaced."""
    return str(error) if isinstance(error, _OtherKindError) else otherwise
