"""Public SSH keys: the only credential in a fleet file."""

import base64
import binascii
import re
from typing import Annotated

from edgefleet.model.syntax import Grammar, wrong

TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
"""Types that OpenSSH accepts by default (sshd_config(5), PubkeyAcceptedAlgorithms)."""
HINT = "paste the one line of the .pub file: ssh-ed25519 AAAA... comment"


def _public_key(text: str) -> str:
    kind, body, *_ = text.split()
    blob = _decoded(body)
    if not blob.startswith(len(kind).to_bytes(4, "big") + kind.encode()) or not _is_whole(blob):
        raise wrong("bad-ssh-key", f"this {kind} key is cut off or damaged", HINT)
    return text


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_whole(blob: bytes) -> bool:
    """Whether `blob` is a sequence of complete length-prefixed fields (RFC 4253, section 6.6)."""
    fields = 0
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            return False
        blob, fields = blob[4 + length :], fields + 1
    return fields > 1


def _hint(text: str) -> str:
    if "PRIVATE KEY" in text:
        return f"create a new pair, because this one is no longer secret; {HINT}"
    return HINT


public_key = Grammar(
    rf"\s*({'|'.join(re.escape(kind) for kind in TYPES)}) +[A-Za-z0-9+/]+=*( [A-Za-z0-9@._+:,/=()# -]*)?",
    "bad-ssh-key",
    "a public SSH key, whole and of a type that nodes accept",
    _hint,
    4000,
    _public_key,
    is_trimmed=True,
)
PublicKey = Annotated[str, public_key]
