"""Signed statements: the envelope that cosign, in-toto and SLSA's verifiers read. Pure.

Source: secure-systems-lab/dsse, protocol.md and envelope.md, version 1.
"""

import base64
import json
from dataclasses import dataclass

PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A statement and its signer."""

    payload: bytes
    key: str
    """Digest of the public key; only a hint, as it is not signed."""
    signature: bytes


def signed_bytes(payload: bytes) -> bytes:
    """The signed bytes: the pre-authentication encoding."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def to_bytes(envelope: Envelope) -> bytes:
    """The envelope as JSON."""
    signature = {"keyid": envelope.key, "sig": base64.b64encode(envelope.signature).decode()}
    plain = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(envelope.payload).decode(),
        "signatures": [signature],
    }
    return json.dumps(plain, indent=1).encode() + b"\n"


def from_bytes(data: bytes) -> Envelope:
    """The envelope that `to_bytes` wrote.

    Raises:
        ValueError: it is none, is of another payload type, or has not exactly one signature.
    """
    try:
        plain = json.loads(data)
        kind, payload, signatures = plain["payloadType"], plain["payload"], [*plain["signatures"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("not a DSSE envelope") from error
    if kind != PAYLOAD_TYPE:
        raise ValueError(f"payload type is {kind}")
    if len(signatures) != 1:
        raise ValueError(f"{len(signatures)} signatures, where one is expected")
    try:
        key, signature = str(signatures[0]["keyid"]), signatures[0]["sig"]
    except (KeyError, TypeError) as error:
        raise ValueError("the signature is incomplete") from error
    return Envelope(payload=_decoded("payload", payload), key=key, signature=_decoded("signature", signature))


def _decoded(name: str, text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError(f"the {name} is not base64")  # noqa: TRY004 - data from outside, not a caller's mistake
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"the {name} is not base64") from error
