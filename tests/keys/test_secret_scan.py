"""Secrets are found in bytes, whatever they are wrapped into, and words that are none are not."""

import base64
import gzip
import json
import textwrap
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.keys.secret_scan import Known, mark, marks, words

TOKEN = "3f1c9a7be2d84f60a1b2c3d4e5f60718"  # noqa: S105 - made up
KEY = base64.b64encode(bytes(range(1, 33))).decode()
LINE = base64.b64encode(bytes(range(48))).decode()
KNOWN = Known(
    marks={
        mark(TOKEN.encode()): ("munich", "a token"),
        mark(KEY.encode()): ("munich", "a key"),
        mark(LINE.encode()): ("munich", "a line"),
        mark(b"correct horse"): ("", "shop"),
    },
    values=frozenset({13}),
)


def wrapped(data: bytes, width: int = 76) -> bytes:
    """base64 in lines, as encoders write it."""
    return "\n".join(textwrap.wrap(base64.b64encode(data).decode(), width)).encode()


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda text: text,
    "base64": base64.b64encode,
    "base64 at another place in its group": lambda text: base64.b64encode(b"x" + text),
    "base64 at the third": lambda text: base64.b64encode(b"xy" + text),
    "base64 in lines": wrapped,
    "base64 in indented lines": lambda text: textwrap.indent(wrapped(text).decode(), "      ").encode(),
    "base64 in JSON": lambda text: json.dumps(
        {"a": "data:;base64," + base64.b64encode(text).decode()}
    ).encode(),
    "lines in JSON": lambda text: json.dumps({"contents": text.decode()}).encode(),
    "base64 twice": lambda text: base64.b64encode(b"say: " + base64.b64encode(text)),
    "gzip": lambda text: gzip.compress(text),  # noqa: PLW0108 - it takes more
    "gzip after something": lambda text: b"\x00\x1f\x8b\x08 no" + gzip.compress(text),
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(text)),
    "gzip in base64 in lines": lambda text: wrapped(gzip.compress(text)),
    "among binary": lambda text: bytes(range(256)) * 40 + text + bytes(5000),
}
"""dict[name -> how a text comes into an image]."""
TEXTS = {
    "token": f"server: x\ntoken: {TOKEN}\n",
    "token in quotes": f"token: '{TOKEN}'\n",
    "token of an argument": f"--token={TOKEN}\n",
    "token in an address": f"https://user:{TOKEN}@registry.example/v2/\n",
    "token in a folder": f"/etc/{TOKEN}/x\n",
    "key": f"PrivateKey = {KEY}\n",
    "key without a space": f"PrivateKey={KEY}\n",
    "key in a path": f"a/{KEY}\n",
    "line": f"-----BEGIN PRIVATE KEY-----\n{LINE}\nAAAA\n-----END PRIVATE KEY-----\n",
    "indented line": f"  key: |\n    -----BEGIN PRIVATE KEY-----\n    {LINE}\n    AAAA\n",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_is_found_however_it_is_wrapped(text: str, way: str) -> None:
    """As formats write files, and as people would by mistake."""
    data = WAYS[way](("# a file of some length, as files are\n" + TEXTS[text]).encode())
    whose = KNOWN.others(marks(data), "berlin", frozenset())
    assert whose is not None
    assert "munich" == whose[0]
    assert KNOWN.others(marks(data), "munich", frozenset()) is None


def test_what_a_person_made_up_is_found_as_a_value() -> None:
    """Of the stack's secrets those that a site does not use."""
    for text in ('password: "correct horse"\n', "psk=correct horse\n", "a: correct horse"):
        data = base64.b64encode(b"# networks of this node\n" + text.encode())
        assert ("", "shop") == KNOWN.others(marks(data, KNOWN.values), "berlin", frozenset())
        assert KNOWN.others(marks(data, KNOWN.values), "berlin", frozenset({"shop"})) is None


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_surroundings_that_are_no_part_of_a_word_leave_it_found(before: bytes, after: bytes) -> None:
    """Whatever bytes come before and after."""
    data = before + b"\n" + TOKEN.encode() + b"\n" + after
    assert TOKEN.encode() in set(words(data))


@given(st.binary(max_size=2000))
def test_other_bytes_are_no_secret(data: bytes) -> None:
    """Nor do they make it fail."""
    assert KNOWN.others(marks(data, KNOWN.values), "berlin", frozenset()) is None
