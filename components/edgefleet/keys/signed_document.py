"""Signed documents of the channel: a DSSE envelope in one strict form, of keys on P-256. Pure.

A node reads them with a shell. So the form is one line that a regular expression matches before anything
else happens, of at most 64 KiB, and each document has one text: a blank, another order or another spelling
of base64 is refused. The order of verification: size, form, signature; what it says comes after that.

A signature over a document of one kind is none over another, as the payload type is signed.
"""

import re
from collections.abc import Collection, Sequence
from typing import Literal, Protocol

from edgefleet.keys import dsse
from edgefleet.keys.channel_key import ChannelKey

Kind = Literal["pointer", "delegation"]
LARGEST = 64 * 1024
"""Most bytes of a signed document."""
MOST = 4
"""Signatures of a document."""
_BASE64 = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?"
"""With the unused bits of its last letter zero, so that no bytes have two spellings."""
_SIGNATURE = rf'\{{"keyid":"[0-9a-f]{{64}}","sig":"{_BASE64}"\}}'


class Signer(Protocol):
    """A private key, in a file or in KMS."""

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`, ECDSA's in DER."""
        ...


def payload_type(kind: Kind) -> str:
    """The payload type of a kind."""
    return f"application/vnd.edgefleet.{kind}.v1"


def form(kind: Kind) -> str:
    """The form of a signed document of a kind: an extended regular expression of its whole line.

    Python and ``grep -E`` read it alike.
    """
    named = payload_type(kind).replace(".", r"\.")
    return (
        rf'^\{{"payload":"{_BASE64}","payloadType":"{named}",'
        rf'"signatures":\[{_SIGNATURE}(,{_SIGNATURE}){{0,{MOST - 1}}}\]\}}$'
    )


def signed(kind: Kind, payload: bytes, by: Sequence[tuple[ChannelKey, Signer]]) -> bytes:
    """The signed document of a payload.

    Args:
        kind: what it is.
        payload: its bytes.
        by: the public and the private half of each key that signs, one to four.

    Raises:
        ValueError: it is too large, or a signature is not by the key that it names.
    """
    over = dsse.signed_bytes(payload, payload_type(kind))
    signatures = tuple(dsse.Signature(data=signer.sign(over), key=key.id) for key, signer in by)
    data = dsse.to_line(dsse.Envelope(payload=payload, signatures=signatures, kind=payload_type(kind)))
    for key, _ in by:
        verified(data, kind, (key,))
    return data


def opened(data: bytes, kind: Kind) -> dsse.Envelope:
    """The envelope of a document, in its one form; nothing in it is verified yet.

    Raises:
        ValueError: it is too large, or has another form.
    """
    if len(data) > LARGEST:
        raise ValueError(f"has {len(data):,} bytes, and {LARGEST:,} are allowed")
    try:
        line = data.decode("ascii")
        is_formed = line.endswith("\n") and re.fullmatch(form(kind), line[:-1])
        envelope = dsse.from_bytes(data, payload_type(kind)) if is_formed else None
    except ValueError:
        envelope = None
    if envelope is None or dsse.to_line(envelope) != data:
        raise ValueError(f"is not in the form of a signed {kind}")
    return envelope


def verified(data: bytes, kind: Kind, keys: Collection[ChannelKey]) -> bytes:
    """The payload of a document that one of `keys` has signed.

    Raises:
        ValueError: it is too large, has another form, or none of them has signed it.
    """
    envelope = opened(data, kind)
    over = dsse.signed_bytes(envelope.payload, envelope.kind)
    by_id = {key.id: key for key in keys}
    for signature in envelope.signatures:
        key = by_id.get(signature.key)
        if key is not None and key.has_signed(over, signature.data):
            return envelope.payload
    names = ", ".join(signature.key[:16] for signature in envelope.signatures)
    raise ValueError(f"is not signed by a key that may sign it; it names {names}")
