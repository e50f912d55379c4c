"""Envelopes of signed statements are those of DSSE."""

import base64
import json
from typing import Any

import pytest

from edgefleet.keys import dsse


def test_a_signature_is_over_type_and_payload_with_their_lengths() -> None:
    """As DSSE's protocol.md has it: neither can be taken for the other."""
    assert b"DSSEv1 28 application/vnd.in-toto+json 5 hello" == dsse.signed_bytes(b"hello")


SIGNATURE = dsse.Signature(data=b"\x00\xff", key="sha256:ab")


def test_an_envelope_is_what_other_tools_read() -> None:
    """Names and base64 as in envelope.md; it comes back as it was."""
    made = dsse.Envelope(payload=b"{}\n", signatures=(SIGNATURE,))
    plain = json.loads(dsse.to_bytes(made))
    assert {
        "payloadType": "application/vnd.in-toto+json",
        "payload": base64.b64encode(b"{}\n").decode(),
        "signatures": [{"keyid": "sha256:ab", "sig": "AP8="}],
    } == plain
    assert made == dsse.from_bytes(dsse.to_bytes(made))


WHOLE: dict[str, Any] = {
    "payloadType": "application/vnd.in-toto+json",
    "payload": "e30=",
    "signatures": [{"keyid": "sha256:ab", "sig": "AP8="}],
}


@pytest.mark.parametrize("text", ["", "[]", "1", "{}", '"payloadType"', "{"])
def test_what_is_no_json_object_of_an_envelope_is_refused(text: str) -> None:
    """Before anything is looked up in it."""
    with pytest.raises(ValueError, match="not a DSSE envelope"):
        dsse.from_bytes(text.encode())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"payloadType": "text/plain"}, "payload type is text/plain"),
        ({"payloadType": None}, "payload type is None"),
        ({"payload": 1}, "payload is not base64"),
        ({"payload": "e30"}, "payload is not base64"),
        ({"payload": "e3-_"}, "payload is not base64"),
        ({"signatures": []}, "0 signatures"),
        ({"signatures": None}, "not a DSSE envelope"),
        ({"signatures": WHOLE["signatures"] * 17}, "17 signatures"),
        ({"signatures": [*WHOLE["signatures"], 1]}, "signature is incomplete"),
        ({"signatures": [1]}, "signature is incomplete"),
        ({"signatures": [{"keyid": "sha256:ab"}]}, "signature is incomplete"),
        ({"signatures": [{"keyid": 1, "sig": "AP8="}]}, "signature is incomplete"),
        ({"signatures": [{"keyid": "sha256:ab", "sig": "!"}]}, "signature is not base64"),
    ],
)
def test_an_envelope_that_is_damaged_in_one_place_is_refused(change: dict[str, Any], reason: str) -> None:
    """The message names the place; unchanged, the envelope is read."""
    assert dsse.Envelope(payload=b"{}", signatures=(SIGNATURE,)) == dsse.from_bytes(
        json.dumps(WHOLE).encode()
    )
    with pytest.raises(ValueError, match=reason):
        dsse.from_bytes(json.dumps(WHOLE | change).encode())


def test_an_envelope_may_have_several_signatures_and_unknown_fields() -> None:
    """The format allows them, and a key's name is optional."""
    plain = WHOLE | {"signatures": [*WHOLE["signatures"], {"sig": "AA==", "cert": "x"}], "more": 1}
    read = dsse.from_bytes(json.dumps(plain).encode())
    assert (SIGNATURE, dsse.Signature(data=b"\0")) == read.signatures


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (json.dumps(WHOLE)[:-1] + ', "payloadType": "application/vnd.in-toto+json"}', "a key twice"),
        (json.dumps(WHOLE)[:-1] + ', "more": ' + "[" * 200_000, "levels"),
        (json.dumps(WHOLE)[:-1] + ', "more": ' + "[" * 40 + "]" * 40 + "}", "levels"),
        (json.dumps(WHOLE | {"payload": "A" * 9 * 2**20}), "are allowed"),
        (json.dumps(WHOLE)[:-1] + ', "more": NaN}', "NaN is not JSON"),
    ],
)
def test_an_envelope_that_two_readers_may_read_differently_is_refused(text: str, reason: str) -> None:
    """A key twice, too deep, too large, no JSON: before a signature is looked at."""
    with pytest.raises(ValueError, match=reason):
        dsse.from_bytes(text.encode())
