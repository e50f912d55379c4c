"""Finds secrets in bytes where they do not belong. Pure.

A derived secret is a word of one of a few lengths: a token, a key in base64, a line of a PEM. So the words of
these lengths are looked up by their digest, whatever the number of secrets; a scanner holds marks of other
sites' secrets, not the secrets. Bytes are also scanned with base64 and gzip decoded.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

WORDS, KEY, LINES = frozenset({20, 32}), 44, frozenset({64, 70})
"""Lengths of passwords and tokens; of 32 bytes in base64; of lines of PEM and of OpenSSH's own."""
SHORTEST = min(WORDS)
MARK = 8
"""Bytes of a mark."""
DEEPEST = 3
"""Nested encodings that are decoded."""
LONGEST = 64 * 1024**2
"""Most bytes that are unpacked of one gzip."""
GZIP = b"\x1f\x8b\x08"
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_TABLE = bytes(ord("A") if each in _LETTERS else ord(" ") for each in range(256))
_RUN = b"A" * SHORTEST
_MIXED = tuple(re.compile(letters) for letters in (rb"[A-Z]", rb"[a-z]", rb"[0-9]"))
"""Base64 of the length of a secret has all of these; words and paths mostly have not."""
_SPLIT = re.compile(rb"[+/]")
_BASE64 = re.compile(
    rb"[A-Za-z0-9+/]{24,}={0,2}(?:(?:\r?\n|\\n)[ \t]*[A-Za-z0-9+/]{4,}={0,2}(?![A-Za-z0-9+/:.,_-]))*"
)
Whose = tuple[str, str]
"""(site, name of the secret); the site is empty for a secret of the whole stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Marks of secrets."""

    marks: Mapping[bytes, Whose] = field(repr=False)
    """dict[mark -> whose]."""
    values: frozenset[int] = frozenset()
    """Lengths of secrets that a person chose."""

    def others(self, found: Iterator[bytes], site: str, used: frozenset[str]) -> Whose | None:
        """The first mark of a secret that `site` must not hold; it may hold the stack's secrets `used`."""
        for mark in found:
            whose = self.marks.get(mark)
            if whose is not None and whose[0] != site and not (not whose[0] and whose[1] in used):
                return whose
        return None


def mark(word: bytes) -> bytes:
    """The mark of a word."""
    return blake2b(word, digest_size=MARK).digest()


def words(data: bytes | memoryview) -> Iterator[bytes]:
    """The words in `data` that could be secrets."""
    data = bytes(data)
    flat = data.translate(_TABLE)
    at = flat.find(_RUN)
    while at >= 0:
        end = flat.find(b" ", at + SHORTEST)
        end = len(flat) if end < 0 else end
        yield from _of_run(data[at:end])
        at = flat.find(_RUN, end)


def _of_run(run: bytes) -> Iterator[bytes]:
    for piece in run.split(b"="):
        if len(piece) in LINES:
            yield piece
        if len(piece) >= SHORTEST:
            yield from (word for word in _SPLIT.split(piece) if len(word) in WORDS)
    at = run.find(b"=")
    while at >= 0:
        key = run[max(0, at + 1 - KEY) : at + 1]
        if len(key) == KEY and b"=" not in key[:-1]:
            yield key
        at = run.find(b"=", at + 1)


def marks(data: bytes, values: frozenset[int] = frozenset()) -> Iterator[bytes]:
    """Marks of all words in a small piece of an image, with base64 and gzip decoded.

    Args:
        data: the bytes.
        values: lengths of secrets that a person chose, which are searched as values at the end of a line.
    """
    for view in views(data):
        yield from map(mark, words(view))
        if values:
            yield from (mark(value) for value in _values(view) if len(value) in values)


def _values(data: bytes) -> Iterator[bytes]:
    for line in data.split(b"\n"):
        for sign in (b": ", b"="):
            value = line.partition(sign)[2]
            if value:
                yield value.strip(b" \t\r\"'")


def views(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """`data`, and its contents with base64 and gzip decoded."""
    yield data
    if data[:1] == b"{" and not depth:
        yield data.replace(b"\\n", b"\n")  # as JSON has it
    if depth == DEEPEST:
        return
    for found in (*_decoded(data), *_unpacked(data)):
        yield from views(found, depth + 1)


def _decoded(data: bytes) -> Iterator[bytes]:
    for found in _BASE64.finditer(data):
        text = b"".join(found[0].replace(b"\\n", b"\n").split())
        lines = found[0].split()
        for each in dict.fromkeys([text, *lines]) if len(lines) > 1 else [text]:
            whole = each.rstrip(b"=")
            if len(whole) >= SHORTEST and all(letters.search(whole) for letters in _MIXED):
                try:
                    yield base64.b64decode(whole[: len(whole) // 4 * 4] + _rest(whole))
                except binascii.Error:
                    continue


def _rest(text: bytes) -> bytes:
    """The last, incomplete group of base64."""
    rest = text[len(text) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _unpacked(data: bytes) -> Iterator[bytes]:
    at = data.find(GZIP)
    while at >= 0:
        try:
            unpacked = zlib.decompressobj(31).decompress(data[at:], LONGEST)
        except zlib.error:
            unpacked = b""
        if unpacked:
            yield unpacked
        at = data.find(GZIP, at + 1)


def key_lines(pem: str) -> list[str]:
    """The whole lines of a key in PEM, each a word by which the key is found."""
    return [line for line in pem.splitlines() if len(line) in LINES and "-" not in line]
