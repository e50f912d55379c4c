"""Envelopes of signed statements are those of DSSE."""

import base64
import json

import pytest

from edgefleet.keys import dsse


def test_a_signature_is_over_type_and_payload_with_their_lengths() -> None:
    """As DSSE's protocol.md has it: neither can be taken for the other."""
    assert b"DSSEv1 28 application/vnd.in-toto+json 5 hello" == dsse.signed_bytes(b"hello")


def test_an_envelope_is_what_other_tools_read() -> None:
    """Names and base64 as in envelope.md; it comes back as it was."""
    made = dsse.Envelope(payload=b"{}\n", key="sha256:ab", signature=b"\x00\xff")
    plain = json.loads(dsse.to_bytes(made))
    assert {
        "payloadType": "application/vnd.in-toto+json",
        "payload": base64.b64encode(b"{}\n").decode(),
        "signatures": [{"keyid": "sha256:ab", "sig": "AP8="}],
    } == plain
    assert made == dsse.from_bytes(dsse.to_bytes(made))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"payloadType": "text/plain", "payload": "", "signatures": []}',
        '{"payloadType": "application/vnd.in-toto+json", "payload": "", "signatures": []}',
        '{"payloadType": "application/vnd.in-toto+json", "payload": 1, "signatures": [{"keyid": ""}]}',
        '{"payloadType": "application/vnd.in-toto+json", "payload": "", "signatures": [1]}',
    ],
)
def test_what_is_no_envelope_is_refused(text: str) -> None:
    """Nor one of something else, nor one without a signature."""
    with pytest.raises(ValueError):  # noqa: PT011 - the words are the JSON reader's
        dsse.from_bytes(text.encode())
