"""Encryption of what a node fetches, so that a store or its reader learns nothing but sizes. Pure.

The bytes are those of ``openssl enc -aes-256-ctr -pbkdf2 -iter 1 -md sha256``, which every node has (openssl
1.1.1 to 3.x): ``Salted__``, 8 bytes of salt, then the text in counter mode. The password has 256 bits, so
iterations add nothing. It is derived from the site's key, and so of one site, node and key generation.

The salt is of the text itself (HMAC), so that the same text gives the same object, and different ones
different counters. Nothing here protects integrity: another key gives other bytes and no error. A node
verifies size and digest of the encrypted object against the signed pointer before it decrypts.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from edgefleet.keys.derivation import derive

MAGIC = b"Salted__"
SALT_BYTES = 8
ITERATIONS = 1
_KEY_BYTES, _COUNTER_BYTES = 32, 16


def encryption_password(site_key: str, *, node: str) -> str:
    """The password by which one node decrypts: 64 hexadecimal digits, a line of a file for openssl."""
    return derive(site_key, "channel-encryption", node=node).hex()


def encrypted(data: bytes, password: str) -> bytes:
    """`data` encrypted; the same bytes each time."""
    salt = hmac.digest(password.encode(), data, "sha256")[:SALT_BYTES]
    cipher = _cipher(password, salt).encryptor()
    return MAGIC + salt + cipher.update(data) + cipher.finalize()


def decrypted(data: bytes, password: str) -> bytes:
    """What `data` was before; other bytes with another password.

    Raises:
        ValueError: it has another form.
    """
    start = len(MAGIC) + SALT_BYTES
    if len(data) < start or not data.startswith(MAGIC):
        raise ValueError("is not encrypted by openssl")
    cipher = _cipher(password, data[len(MAGIC) : start]).decryptor()
    return cipher.update(data[start:]) + cipher.finalize()


def _cipher(password: str, salt: bytes) -> Cipher[modes.CTR]:
    derived = hashlib.pbkdf2_hmac(
        "sha256", password.encode(), salt, ITERATIONS, dklen=_KEY_BYTES + _COUNTER_BYTES
    )
    return Cipher(algorithms.AES256(derived[:_KEY_BYTES]), modes.CTR(derived[_KEY_BYTES:]))
