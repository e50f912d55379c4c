"""What a server answered: bounded by `edgefleet.io.web`, and an error in one sentence where it is no file."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from edgefleet.errors import OutsideFailure

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that another attempt may change."""
DIGITS = 18
"""Digits of the largest number that is read from a header."""
_MISSING = frozenset({404, 410})
_SHUT = frozenset({401, 403, 407})


class Passing(OutsideFailure):
    """An attempt failed in a way that may pass."""

    has_moved = False
    """Whether it made progress, so that it does not count as failed."""
    after = 0.0
    """Seconds that the server asks to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer whose body is still to be read."""

    status: int
    headers: Mapping[str, str]
    """Names are found in either case."""
    pieces: Iterator[bytes]
    """The body as sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A small answer, read."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def shown(address: str) -> str:
    """`address` without login and query, which may be secret."""
    with suppress(ValueError):
        parts = urlsplit(address)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return address.partition("?")[0].rpartition("@")[2]


def length_of(answer: Answer) -> int | None:
    """Bytes of the body as announced."""
    length = answer.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() and len(length) <= DIGITS else None


def refuse(address: str, answer: Answer) -> None:
    """Do nothing where `answer` is success.

    Raises:
        Passing: another attempt may succeed.
        OutsideFailure: none will.
    """
    status, where = answer.status, shown(address)
    if status in range(200, 300):
        return
    if status in _PASSING:
        hint = "wait until the server is healthy, then run again to resume"
        passing = Passing.at(where, "server-error", f"answers with {status}, again and again", hint)
        delay = answer.headers.get("retry-after", "")
        passing.after = float(delay) if delay.isascii() and delay.isdecimal() else 0
        raise passing
    if status in _MISSING:
        problem = f"there is no such file ({status})"
        raise OutsideFailure.at(where, "not-found", problem, "check version and address")
    if status in _SHUT:
        hint = "put the login into ~/.netrc, or for a registry run docker login (or skopeo login)"
        if where.startswith("http:"):
            hint += "; by http no login is sent but to this machine"
        raise OutsideFailure.at(where, "no-login", f"access denied ({status})", hint)
    problem = f"answers with {status} where a file was expected"
    raise OutsideFailure.at(where, "bad-answer", problem, "check the address")


def page(address: str) -> OutsideFailure:
    """The error of a web page in a file's place."""
    problem = "answers with a web page instead of the file: a login, an error or a portal of the network"
    hint = "open the address in a browser, log in by ~/.netrc where it asks, or add another mirror"
    return OutsideFailure.at(shown(address), "web-page", problem, hint)


def refuse_page(address: str, answer: Answer) -> None:
    """Do nothing unless `answer` is a web page.

    Raises:
        OutsideFailure: it is one.
    """
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        raise page(address)
