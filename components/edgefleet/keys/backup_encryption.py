"""Encryption of a node's backups, of what the node has itself: openssl, and coreutils. Pure.

A backup is encrypted as bundles are (`edgefleet.keys.release_encryption`), and its HMAC-SHA256 over the
encrypted bytes follows in a line: encryption alone would let who has the store change what a restore writes
as root. Both keys are derived from the site's key, and so of one site, node and key generation.

The node computes the HMAC by its definition (RFC 2104), from the two blocks of its key: a key among the
arguments of openssl is seen by every user of the node.
"""

import base64
import hmac

from edgefleet.keys.derivation import derive
from edgefleet.keys.release_encryption import decrypted, encrypted

TRAILER = 65
"""Bytes of the HMAC's line."""
_BLOCK, _LINE = 64, 64


def backup_password(site_key: str, *, node: str) -> str:
    """The password by which one node encrypts: 64 hexadecimal digits, a line of a file for openssl."""
    return derive(site_key, "backup-encryption", node=node).hex()


def backup_blocks(site_key: str, *, node: str) -> str:
    """The inner and the outer block of the key of one node's HMAC, in base64.

    Each has two lines, the first one of 64 letters: a word that is found in other sites' images.
    """
    key = _mac_key(site_key, node).ljust(_BLOCK, b"\0")
    texts = (base64.b64encode(bytes(byte ^ pad for byte in key)).decode() for pad in (0x36, 0x5C))
    return "".join(f"{text[:_LINE]}\n{text[_LINE:]}\n" for text in texts)


def opened_backup(data: bytes, site_key: str, *, node: str) -> bytes:
    """The archive in a backup.

    Raises:
        ValueError: it is damaged, or of another node or key generation.
    """
    body, mac = data[:-TRAILER], data[-TRAILER:]
    if not hmac.compare_digest(_mac(body, site_key, node), mac):
        raise ValueError("is damaged, or of another node or key generation")
    return decrypted(body, backup_password(site_key, node=node))


def closed_backup(archive: bytes, site_key: str, *, node: str) -> bytes:
    """The backup of an archive, for a node to restore."""
    body = encrypted(archive, backup_password(site_key, node=node))
    return body + _mac(body, site_key, node)


def _mac(body: bytes, site_key: str, node: str) -> bytes:
    return f"{hmac.digest(_mac_key(site_key, node), body, 'sha256').hex()}\n".encode()


def _mac_key(site_key: str, node: str) -> bytes:
    return derive(site_key, "backup-authentication", node=node)
