"""Secrets are derived, not stored: HKDF-SHA256 (RFC 5869) from the fleet secret.

The fleet secret gives each site a key over (fleet, region, site, generation); the site's key gives each of
its credentials over (purpose, node). A node holds only its own credentials, so a lost node opens nothing
else. Each part of an `info` is preceded by its length, so that no two paths collide.

k3s tokens are passwords here; the ``K10`` form of an agent's token also names the digest of the site's
authority (`edgefleet.keys.site_authorities`).
"""

import base64
import binascii
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from edgefleet.errors import InvalidInput

LETTERS = "bcdefghijknprstv"
"""Letters on the same keys of English, German and French keyboards: a console may have any layout."""
SECRET_BYTES = 32
"""Length of the fleet secret and of a site's key, bytes."""
MARK_BYTES = 4
"""Bytes behind a site's key that are derived from it and its site: any other secret or key lacks them."""


def site_key(fleet_secret: str, *, fleet: str, region: str, site: str, generation: int) -> str:
    """The key of one site, base64 of 32 bytes and their mark.

    Raises:
        InvalidInput: `fleet_secret` is not base64 of at least 32 bytes.
    """
    place = (fleet, region, site, str(generation))
    key = _hkdf(_secret_bytes(fleet_secret), ("site", *place), SECRET_BYTES)
    return base64.b64encode(key + _hkdf(key, ("mark", *place), MARK_BYTES)).decode()


def is_site_key(key: str, *, fleet: str, region: str, site: str, generation: int) -> bool:
    """Whether `key` was derived for this site: not the fleet secret, and no other site's key."""
    data = base64.b64decode(key)
    place = ("mark", fleet, region, site, str(generation))
    return data[SECRET_BYTES:] == _hkdf(data[:SECRET_BYTES], place, MARK_BYTES)


def hub_master(fleet_secret: str, *, fleet: str, region: str) -> str:
    """The master of a region's hub, base64 of 32 bytes: it opens the hub and no site.

    Raises:
        InvalidInput: `fleet_secret` is not base64 of at least 32 bytes.
    """
    return base64.b64encode(_hkdf(_secret_bytes(fleet_secret), ("hub", fleet, region), SECRET_BYTES)).decode()


def stack_holder(fleet_secret: str, *, fleet: str, region: str) -> str:
    """Distinguishes two stacks of one name: 16 hexadecimal digits that reveal nothing of the secret."""
    return _hkdf(_secret_bytes(fleet_secret), ("holder", fleet, region), 8).hex()


def derive(key: str, purpose: str, *, node: str = "", length: int = SECRET_BYTES) -> bytes:
    """`length` bytes for one purpose of one node (or of the whole site, where `node` is empty)."""
    return _hkdf(base64.b64decode(key)[:SECRET_BYTES], ("credential", purpose, node), length)


def token(key: str, purpose: str) -> str:
    """A password of 128 bits for k3s, in hexadecimal."""
    return derive(key, purpose, length=16).hex()


def letters(key: str, purpose: str, *, node: str = "", length: int) -> str:
    """`length` letters of 4 bits each, for a person to type on any keyboard."""
    return "".join(LETTERS[byte & 15] for byte in derive(key, purpose, node=node, length=length))


def netboot_word(key: str, *, node: str) -> str:
    """The word by which a node behind a router gets its seed; 60 bits in three groups."""
    word = letters(key, "netboot-word", node=node, length=15)
    return f"{word[:5]}-{word[5:10]}-{word[10:]}"


def ssh_host_key(key: str, *, node: str, comment: str) -> tuple[str, str]:
    """A node's Ed25519 host key: (private key in OpenSSH's form, public key line); the same every time."""
    private = Ed25519PrivateKey.from_private_bytes(derive(key, "ssh-host-ed25519", node=node))
    seed = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    blob = _string(b"ssh-ed25519") + _string(public)
    line = f"ssh-ed25519 {base64.b64encode(blob).decode()} {comment}"
    check = derive(key, "ssh-host-ed25519-check", node=node, length=4)
    return _openssh_private(seed + public, blob, check, comment.encode()), line


def _openssh_private(pair: bytes, public_blob: bytes, check: bytes, comment: bytes) -> str:
    """OpenSSH's private key file (PROTOCOL.key), unencrypted, with a given check instead of a random one."""
    inner = check + check + public_blob + _string(pair) + _string(comment)
    inner += bytes(range(1, 1 + -len(inner) % 8))
    outer = b"openssh-key-v1\0" + _string(b"none") + _string(b"none") + _string(b"")
    outer += struct.pack(">I", 1) + _string(public_blob) + _string(inner)
    text = base64.b64encode(outer).decode()
    lines = [text[start : start + 70] for start in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN OPENSSH PRIVATE KEY-----", *lines, "-----END OPENSSH PRIVATE KEY-----", ""])


def _string(data: bytes) -> bytes:
    """SSH's string: length, then bytes (RFC 4251, section 5)."""
    return struct.pack(">I", len(data)) + data


def _hkdf(secret: bytes, parts: tuple[str, ...], length: int) -> bytes:
    info = b"edgefleet/1" + b"".join(_string(part.encode()) for part in parts)
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info).derive(secret)


def _secret_bytes(fleet_secret: str) -> bytes:
    try:
        secret = base64.b64decode(fleet_secret, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) < SECRET_BYTES:
        raise InvalidInput.at(
            "",
            "fleet-secret",
            f"the fleet secret is not base64 of at least {SECRET_BYTES} random bytes",
            "write a new one with edgefleet init, or restore the one that the fleet was built with",
            path="fleet:secret",
        )
    return secret
