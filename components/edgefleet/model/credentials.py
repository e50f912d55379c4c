"""Public SSH keys: the only credential in a fleet file."""

import base64
import binascii
from typing import Annotated

from pydantic import Field

from edgefleet.model.syntax import checked, shown, wrong

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


def public_key(text: str) -> str:
    """`text` without surrounding blanks, if it is a whole public key in OpenSSH's one-line form.

    Raises:
        PydanticCustomError: it is none; a private key is never repeated in the message.
    """
    if "PRIVATE KEY" in text:
        raise wrong(
            "private-key",
            "this is a private key",
            f"create a new pair, because this one is no longer secret; {HINT}",
        )
    kind, _, rest = text.strip().partition(" ")
    if "\n" in text.strip() or kind not in TYPES:
        raise wrong("bad-ssh-key", f"{shown(kind)} is not a type of SSH key that nodes accept", HINT)
    blob = _decoded(rest.split(" ", 1)[0])
    if not blob.startswith(len(kind).to_bytes(4, "big") + kind.encode()) or not _is_whole(blob):
        raise wrong("bad-ssh-key", f"this {kind} key is cut off or damaged", HINT)
    return text.strip()


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


PublicKey = Annotated[
    str, checked(public_key), Field(json_schema_extra={"pattern": "^(ssh|ecdsa|sk)-[a-z0-9@.-]+ AAAA"})
]
