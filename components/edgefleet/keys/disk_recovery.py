"""Recovery of a data disk without its node's TPM: the owner derives the key, no image holds it. Pure.

A node gets the public half of a pair that is derived from the site's key. It generates its own pair, uses the
shared secret of the two (X25519, RFC 7748) as the disk's recovery passphrase, writes the public half of its
own pair into the disk's header and deletes the private one. So neither the medium nor the system's disk,
which are not encrypted, opens the data disk; the owner, who can derive the site's private half, needs only
the header.
"""

import base64
import binascii
import hashlib

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from edgefleet.errors import InvalidInput
from edgefleet.keys.derivation import derive


def recovery_public_key(key: str, *, node: str) -> str:
    """PEM of the public half for one node of the site with this key; no secret."""
    public = _private(key, node).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def recovery_passphrase(key: str, *, node: str, node_public_key: str) -> str:
    """The disk's recovery passphrase for cryptsetup, in hexadecimal.

    Args:
        key: the site's key, of the generation in which the disk was created.
        node: name of the node.
        node_public_key: base64, as the disk's header has it (``cryptsetup token export``, "public").

    Raises:
        InvalidInput: `node_public_key` is not a public key.
    """
    try:
        public = load_der_public_key(base64.b64decode(node_public_key, validate=True))
    except (binascii.Error, ValueError) as error:
        raise _refused() from error
    if not isinstance(public, X25519PublicKey):
        raise _refused()
    return hashlib.sha256(_private(key, node).exchange(public)).hexdigest()


def _private(key: str, node: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(derive(key, "data-disk-recovery", node=node))


def _refused() -> InvalidInput:
    return InvalidInput.at(
        "",
        "disk-public-key",
        "this is not a public key of a data disk",
        'copy "public" from what `cryptsetup token export --token-id 9 <device>` prints',
    )
