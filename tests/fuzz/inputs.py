"""Hostile inputs: whole documents with a few changes, each of a kind that has broken a parser somewhere."""

import base64
import json
import string
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from hypothesis import strategies as st

DEEP = 100_000
"""Levels of nesting, more than any stack has."""
SHORT = 1000
"""Bytes of an input that a failure shows as they are."""
BYTES = (
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "\u202e".encode(),
    b"\r\n",
    b"\n",
    b"..",
    b"/../../",
    b"%s%n",
    b"'",
    b'"',
    b"\\",
    b"${x}",
    b"9" * 5000,
    b"-1",
    b"1e999",
    b"0x7fffffffffffffff",
    b"\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\xff" * 8,
    b"A" * 5000,
    b"[" * DEEP,
)
YAML = (
    b"&a ",
    b"*a",
    b"<<: ",
    b"- ",
    b"? ",
    b": ",
    b"!!python/object/apply:os.getpid []",
    b"!!binary x",
    b"!!timestamp 2026-13-99",
    b"!!bool 2",
    b"!!int ''",
    b"{",
    b"}",
    b"|\n",
    b"#",
    b"\t",
    b"---\n",
    b"%YAML 9.9\n",
    b"~",
    b".inf",
    b"0o8",
    b"1_000",
    b"2026-02-30",
    b"{a: 1, a: 2}",
    b"[&b [*b]]",
)
HTTP = (
    b"GET ",
    b"HTTP/9.9",
    b"HTTP/0.9",
    b"Content-Length: -1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Expect: 100-continue\r\n",
    b"Host: evil.example\r\n",
    b"X: y\r\n" * 200,
    b"%2e%2e/",
    b"/boot/seed/",
    b"?",
    b"\r\n\r\n",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**30,
    1.5,
    1e308,
    "",
    "\0",
    "../../x",
    "\u202e\x1b[2J",
    "a" * 5000,
    "sha256:" + "0" * 64,
    [],
    {},
    [[]],
    {"": None},
)
ALPHABET = string.printable.encode()


def _cut(data: bytearray, draw: st.DrawFn, at: int, tokens: Sequence[bytes]) -> None:  # noqa: ARG001 - as all
    del data[at : at + draw(st.integers(1, 64))]


def _end(data: bytearray, draw: st.DrawFn, at: int, tokens: Sequence[bytes]) -> None:  # noqa: ARG001 - as all
    del data[at:]


def _flip(data: bytearray, draw: st.DrawFn, at: int, tokens: Sequence[bytes]) -> None:  # noqa: ARG001 - as all
    data[at : at + 1] = bytes([draw(st.integers(0, 255))])


def _print(data: bytearray, draw: st.DrawFn, at: int, tokens: Sequence[bytes]) -> None:  # noqa: ARG001 - as all
    data[at : at + 1] = bytes([draw(st.sampled_from(ALPHABET))])


def _insert(data: bytearray, draw: st.DrawFn, at: int, tokens: Sequence[bytes]) -> None:
    data[at:at] = draw(st.sampled_from(tokens))


def _replace(data: bytearray, draw: st.DrawFn, at: int, tokens: Sequence[bytes]) -> None:
    token = draw(st.sampled_from(tokens))
    data[at : at + len(token)] = token


def _again(data: bytearray, draw: st.DrawFn, at: int, tokens: Sequence[bytes]) -> None:  # noqa: ARG001 - as all
    start, size = draw(st.integers(0, len(data))), draw(st.integers(1, 200))
    data[at:at] = data[start : start + size]


CHANGES = (_cut, _end, _flip, _print, _insert, _replace, _again)


@st.composite
def changed(draw: st.DrawFn, seeds: Sequence[bytes], tokens: Sequence[bytes] = ()) -> bytes:
    """One of `seeds` after up to eight changes of its bytes."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(data)))
        draw(st.sampled_from(CHANGES))(data, draw, at, (*BYTES, *tokens))
    return bytes(data)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """(list or object, index or key) of everything below `value`."""
    if isinstance(value, dict):
        below: list[tuple[Any, Any]] = [(value, key) for key in value]
    else:
        below = [(value, index) for index in range(len(value))] if isinstance(value, list) else []
    return below + [place for parent, key in below for place in _places(parent[key])]


@st.composite
def changed_json(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of `seeds`, which are JSON, after up to four changes of its values, keys and types."""
    document = {"": json.loads(draw(st.sampled_from(seeds)))}
    for _ in range(draw(st.integers(0, 4))):
        places = _places(document)
        parent, key = places[draw(st.integers(0, len(places) - 1))]
        other_parent, other = places[draw(st.integers(0, len(places) - 1))]
        change = draw(st.sampled_from(("value", "remove", "add")))
        value = json.loads(json.dumps(draw(st.sampled_from((*VALUES, other_parent[other])))))
        if change == "remove":
            del parent[key]
        elif change == "add" and isinstance(parent[key], dict):
            parent[key][draw(st.text(max_size=3))] = value
        elif change == "add" and isinstance(parent[key], list):
            parent[key].append(value)
        else:
            parent[key] = value
        if "" not in document:
            break
    return json.dumps(document.get("")).encode()


class Input(bytes):
    """An input, whose text in a failure is short enough to read and says how to get it again."""

    __slots__ = ()

    def __repr__(self) -> str:
        if len(self) <= SHORT:
            return super().__repr__()
        return f"zlib.decompress(base64.b85decode({base64.b85encode(zlib.compress(self))!r}))"


def texts(*seeds: bytes, tokens: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """`seeds` with changed bytes."""
    return changed(seeds, tokens).map(Input)


def documents(*seeds: bytes) -> st.SearchStrategy[bytes]:
    """`seeds`, which are JSON, with changed values and with changed bytes."""
    return st.one_of(changed_json(seeds), changed(seeds)).map(Input)


Strategy = Callable[..., st.SearchStrategy[bytes]]
yaml_texts: Strategy = partial(texts, tokens=YAML)
requests: Strategy = partial(texts, tokens=HTTP)
