"""Keys of the channel: one kind, one form, one name; openssl agrees."""

import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.images.conftest import needs
from tests.keys.channel import openssl_verifies, pair

from edgefleet.keys.channel_key import ChannelKey

OTHERS: dict[str, Callable[[], PrivateKeyTypes]] = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "secp384r1": lambda: ec.generate_private_key(ec.SECP384R1()),
}


@needs("openssl")
def test_a_key_has_the_name_that_openssl_gives_it(tmp_path: Path) -> None:
    """The SHA-256 of its DER, so that a node computes it too."""
    key = pair(1).key
    (tmp_path / "key.pem").write_text(key.pem)
    command = ["openssl", "pkey", "-pubin", "-in", "key.pem", "-outform", "DER"]
    der = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout
    assert (der, sha256(der).hexdigest()) == (key.der, key.id)
    assert key == ChannelKey.of_pem(key.pem) == ChannelKey.of_der(key.der)


@needs("openssl")
def test_a_node_verifies_a_signature_by_openssl(tmp_path: Path) -> None:
    """Of a changed text, or of another key, it is none, there and here."""
    key, signature = pair(1).key, pair(1).signer.sign(b"text")
    assert openssl_verifies(tmp_path, key, b"text", signature)
    assert key.has_signed(b"text", signature)
    for other, text in ((key, b"other"), (pair(2).key, b"text")):
        assert not openssl_verifies(tmp_path, other, text, signature)
        assert not other.has_signed(text, signature)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_key_of_another_kind_is_refused_by_its_name(kind: str) -> None:
    """KMS and the openssl of each node have P-256."""
    public = OTHERS[kind]().public_key()
    with pytest.raises(ValueError, match=rf"another kind \({kind}\); the channel takes ECDSA keys on P-256"):
        ChannelKey.of_pem(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    with pytest.raises(ValueError, match=rf"another kind \({kind}\)"):
        ChannelKey.of_der(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def test_what_is_no_key_is_refused() -> None:
    """Text, bytes, and a point that is on no curve."""
    with pytest.raises(ValueError, match="is not a public key in PEM"):
        ChannelKey.of_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    off_the_curve = pair(1).key.der[:-1] + bytes([pair(1).key.der[-1] ^ 1])
    for data in (b"", b"x", off_the_curve):
        with pytest.raises(ValueError, match="is not a public key in DER"):
            ChannelKey.of_der(data)


def test_a_key_has_one_form() -> None:
    """A compressed point is the same key under another name."""
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), pair(1).key.der[-65:])
    compressed = point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    data = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + compressed
    with pytest.raises(ValueError, match="compressed point"):
        ChannelKey.of_der(data)
