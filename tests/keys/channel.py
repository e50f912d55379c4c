"""Keys and documents of the channel for tests."""

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgefleet.io.signing import FileSigner
from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.delegation import Delegation, ReleaseKey
from edgefleet.keys.pointer import Addressee, NodeRelease, Pointer

NOW = 1_796_050_000
DAY = 24 * 3600


@dataclass(frozen=True)
class Pair:
    """A key of the channel."""

    key: ChannelKey
    signer: FileSigner


@cache
def pair(number: int) -> Pair:
    """The key of a number, the same every time."""
    private = ec.derive_private_key(number + 1_000_000, ec.SECP256R1())
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Pair(ChannelKey.of_der(der), FileSigner(key=private))


def signer(*numbers: int) -> list[tuple[ChannelKey, FileSigner]]:
    """Keys that sign, by their numbers."""
    return [(pair(number).key, pair(number).signer) for number in numbers]


BERLIN = Addressee(fleet="retail", region="eu", site="berlin", generation=1)
POINTER = Pointer(
    addressee=BERLIN,
    sequence=42,
    issued=NOW,
    not_before=NOW,
    expires=NOW + 30 * DAY,
    floor=40,
    release="sha256:" + "a" * 64,
    nodes=(
        NodeRelease(node="n1", ciphertext="b" * 64, size=4096, part="c" * 64),
        NodeRelease(node="n2", ciphertext="d" * 64, size=1, part="e" * 64),
    ),
)


def delegation(*numbers: int, version: int = 3, days: int = 180) -> Delegation:
    """One of the keys of these numbers."""
    keys = sorted((pair(number).key for number in numbers), key=lambda key: key.id)
    named = tuple(ReleaseKey(key=key, expires=NOW + days * DAY) for key in keys)
    return Delegation(fleet="retail", version=version, issued=NOW, keys=named)


def openssl_verifies(folder: Path, key: ChannelKey, data: bytes, signature: bytes) -> bool:
    """Whether the program of a node takes a signature."""
    for name, content in (("key", key.pem.encode()), ("data", data), ("sig", signature)):
        (folder / name).write_bytes(content)
    command = ["openssl", "dgst", "-sha256", "-verify", "key", "-signature", "sig", "data"]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 0
