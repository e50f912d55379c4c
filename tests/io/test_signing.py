"""Keys in files and in KMS: the right kinds sign, openssl agrees; wrong ones are one clear sentence."""

import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.images.conftest import needs

from edgefleet.errors import EdgefleetError, InvalidInput
from edgefleet.io import signing
from edgefleet.io.aws import Aws
from edgefleet.model.cloud import Cloud

pytestmark = needs("openssl")
KINDS = {
    "ed25519": ("-algorithm", "ed25519"),
    "ecdsa-p256-sha256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "rsa": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "p384": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "x25519": ("-algorithm", "x25519"),
}


def made(folder: Path, kind: str, *more: str) -> Path:
    """A private key, made by openssl."""
    path = folder / f"{kind}.pem"
    subprocess.run(["openssl", "genpkey", *KINDS[kind], *more, "-out", path], check=True, capture_output=True)
    return path


def public_of(key: Path) -> Path:
    """Its public half."""
    path = key.with_suffix(".pub")
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", path], check=True)
    return path


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa-p256-sha256"])
def test_a_signature_is_one_that_openssl_accepts(kind: str, tmp_path: Path) -> None:
    """The same one every time, and by this key alone."""
    key = made(tmp_path, kind)
    found = signing.signing(key.name, tmp_path)
    signature = found.open().sign(b"said")
    assert signature == found.open().sign(b"said")
    assert kind == found.public.algorithm
    assert found.public == signing.read_public(public_of(key))
    assert (True, False) == (
        found.public.has_signed(b"said", signature),
        found.public.has_signed(b"sad", signature),
    )
    (tmp_path / "said").write_bytes(b"said")
    (tmp_path / "sig").write_bytes(signature)
    how: list[str] = ["-rawin"] if kind == "ed25519" else ["-rawin", "-digest", "sha256"]
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(key.with_suffix(".pub")), *how]
    done = subprocess.run(
        [*command, "-in", tmp_path / "said", "-sigfile", tmp_path / "sig"], check=False, capture_output=True
    )
    assert (0, b"Successfully" in done.stdout) == (done.returncode, True)
    assert str(key) not in repr(found)
    assert b"PRIVATE" not in repr(found).encode()


@pytest.mark.parametrize("kind", ["rsa", "p384", "x25519"])
def test_a_key_of_another_kind_is_refused(kind: str, tmp_path: Path) -> None:
    """With the command that makes a right one."""
    for place in (made(tmp_path, kind), public_of(tmp_path / f"{kind}.pem")):
        read = (
            signing.read_public if place.suffix == ".pub" else lambda path: signing.signing(str(path), Path())
        )
        with pytest.raises(InvalidInput, match=r"of another kind.*openssl genpkey"):
            read(place)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a private key in PEM"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "not a private key in PEM"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "key of SSH"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "is a public key"),
    ],
)
def test_what_is_no_key_is_refused(text: str, said: str, tmp_path: Path) -> None:
    """Each for what it is."""
    (tmp_path / "key").write_text(text)
    with pytest.raises(InvalidInput, match=said):
        signing.signing("file:key", tmp_path)


def test_a_key_that_is_missing_encrypted_or_private_is_reported(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(InvalidInput, match="there is no such key; create one with"):
        signing.signing("nowhere.pem", tmp_path)
    with pytest.raises(InvalidInput, match="there is no such key"):
        signing.read_public(tmp_path / "nowhere.pub")
    key = made(tmp_path, "ed25519", "-aes256", "-pass", "pass:secret")
    with pytest.raises(InvalidInput, match=r"is encrypted.*decrypt it first"):
        signing.signing(str(key), tmp_path)
    with pytest.raises(InvalidInput, match="is a private key; a public key is expected"):
        signing.read_public(key)
    with pytest.raises(InvalidInput, match="not a public key"):
        signing.public_from(b"x", "x")
    with pytest.raises(InvalidInput, match="names no key"):
        signing.signing("awskms:", tmp_path)


def in_kms(aws: Aws, spec: str, usage: str = "SIGN_VERIFY") -> str:
    """The ARN of a new key."""
    found = aws.call("kms", "create_key", "a key", KeySpec=spec, KeyUsage=usage)
    return str(found["KeyMetadata"]["Arn"])


def test_kms_signs_with_a_key_that_it_keeps(aws: Aws, tmp_path: Path) -> None:
    """Its public half is requested once, and goes along to the signer."""
    name = in_kms(aws, "ECC_NIST_P256")
    for text in (f"awskms:{name}", f"awskms:///{name}"):
        found = signing.signing(text, tmp_path, aws=aws)
        assert ("ecdsa-p256-sha256", "eu-central-1", name) == (
            found.public.algorithm,
            found.region,
            found.kms,
        )
        assert found.public.has_signed(b"said", signing.KmsSigner(aws=aws, name=name).sign(b"said"))


def test_a_key_in_kms_that_does_not_fit_is_refused(aws: Aws, tmp_path: Path) -> None:
    """One of another kind, and one that is not there."""
    with pytest.raises(InvalidInput, match=r"another kind.*RSA_2048.*--key-spec ECC_NIST_P256"):
        signing.signing(f"awskms:{in_kms(aws, 'RSA_2048')}", tmp_path, aws=aws)
    with pytest.raises(EdgefleetError, match="kms:GetPublicKey failed"):
        signing.signing("awskms:alias/nobody", tmp_path, aws=aws)


class FakeKms(Aws):
    """KMS as AWS documents `Sign`: 4,096 bytes at most, and digests as they are; moto digests these again."""

    def __init__(self) -> None:
        super().__init__(Cloud(region="eu-central-1"))
        self.key = ec.generate_private_key(ec.SECP256R1())

    def call(self, service: str, method: str, place: str, **parameters: Any) -> dict[str, Any]:
        """Sign, or tell the public key."""
        del service, place
        if method == "get_public_key":
            der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return {"PublicKey": der, "SigningAlgorithms": ["ECDSA_SHA_256"]}
        message, kind = parameters["Message"], parameters["MessageType"]
        assert "ECDSA_SHA_256" == parameters["SigningAlgorithm"]
        assert len(message) <= 4096
        digest = message if kind == "DIGEST" else sha256(message).digest()
        assert 32 == len(digest)
        return {"Signature": self.key.sign(digest, ec.ECDSA(utils.Prehashed(SHA256())))}


@pytest.mark.parametrize("length", [5, 4096, 4097, 100_000])
def test_kms_is_sent_no_more_than_it_takes(length: int) -> None:
    """What is longer is digested here; the signature is over the whole all the same."""
    signer = signing.KmsSigner(aws=FakeKms(), name="alias/images")
    said = b"x" * length
    assert signer.public().has_signed(said, signer.sign(said))
