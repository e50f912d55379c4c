"""Signed statements: the envelope that cosign, in-toto and SLSA's verifiers read. Pure.

Source: secure-systems-lab/dsse, protocol.md and envelope.md, version 1: an envelope has one signature or
more, a key's name is optional, and unknown fields are ignored. Each kind of document has its own payload
type, so that a signature of one kind is none of another.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any, Protocol

from edgefleet.model import strict_json

IN_TOTO = "application/vnd.in-toto+json"
"""Payload type of statements about images and packages."""
LARGEST = 8 * 1024**2
"""Most bytes of an envelope."""
MOST = 16
"""Signatures of an envelope: each costs a verification for each trusted key."""


class Verifier(Protocol):
    """A public key."""

    def has_signed(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature` over `data` is by this key."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature."""

    data: bytes
    key: str = ""
    """Digest of the public key; only a hint, as it is not signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A statement and who signed it."""

    payload: bytes
    signatures: tuple[Signature, ...]
    kind: str = IN_TOTO
    """Its payload type."""

    def is_signed_by(self, key: Verifier) -> bool:
        """Whether one of the signatures is by `key`."""
        over = signed_bytes(self.payload, self.kind)
        return any(key.has_signed(over, signature.data) for signature in self.signatures)


def signed_bytes(payload: bytes, kind: str = IN_TOTO) -> bytes:
    """The signed bytes of a payload of the type `kind`: the pre-authentication encoding."""
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)


def to_bytes(envelope: Envelope) -> bytes:
    """The envelope as JSON."""
    return strict_json.write(_plain(envelope))


def to_line(envelope: Envelope) -> bytes:
    """The envelope as JSON without blanks, in one line."""
    return json.dumps(_plain(envelope), separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _plain(envelope: Envelope) -> dict[str, Any]:
    return {
        "payloadType": envelope.kind,
        "payload": base64.b64encode(envelope.payload).decode(),
        "signatures": [
            {"keyid": signature.key, "sig": base64.b64encode(signature.data).decode()}
            for signature in envelope.signatures
        ],
    }


def from_bytes(data: bytes, kind: str = IN_TOTO) -> Envelope:
    """The envelope of its JSON, with a payload of the type `kind`.

    Raises:
        ValueError: it is none, is of another payload type, or has no or too many signatures.
    """
    try:
        plain = strict_json.parse(data, limit=LARGEST)
        found, payload, signatures = plain["payloadType"], plain["payload"], [*plain["signatures"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"not a DSSE envelope: {error}") from error
    if found != kind:
        raise ValueError(f"payload type is {found}")
    if not 1 <= len(signatures) <= MOST:
        raise ValueError(f"{len(signatures)} signatures, where 1 to {MOST} are expected")
    read = tuple(map(_signature, signatures))
    return Envelope(payload=_decoded("payload", payload), signatures=read, kind=kind)


def _signature(plain: Any) -> Signature:
    key = plain.get("keyid", "") if isinstance(plain, dict) else None
    if not isinstance(key, str) or "sig" not in plain:
        raise ValueError("a signature is incomplete")
    return Signature(data=_decoded("signature", plain["sig"]), key=key)


def _decoded(name: str, text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError(f"the {name} is not base64")  # noqa: TRY004 - data from outside, not a caller's mistake
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"the {name} is not base64") from error
