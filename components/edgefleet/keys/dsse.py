"""Signed statements: the envelope that cosign, in-toto and SLSA's verifiers read. Pure.

Source: secure-systems-lab/dsse, protocol.md and envelope.md, version 1.
"""

import base64
import binascii
import json
from dataclasses import dataclass

PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A statement and who signed it."""

    payload: bytes
    key: str
    """Digest of the public key; a hint, as anybody may write it."""
    signature: bytes


def signed_bytes(payload: bytes) -> bytes:
    """What a signature is over: the pre-authentication encoding."""
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
        ValueError: it is none, or of something else.
    """
    try:
        plain = json.loads(data)
        if plain["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(plain["payloadType"])
        (signature,) = plain["signatures"]
        return Envelope(
            payload=base64.b64decode(plain["payload"], validate=True),
            key=str(signature["keyid"]),
            signature=base64.b64decode(signature["sig"], validate=True),
        )
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise ValueError(str(error) or type(error).__name__) from error
