"""Downloading one file, resumed where an earlier attempt or run ended.

A part on the disk is resumed by a range request. If the same address sent a validator with the first part (an
ETag or a date), it is sent along (If-Range), so a file that has changed starts over. The caller verifies the
file against its digest, so a part from elsewhere costs at worst an attempt.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from edgefleet.errors import OutsideFailure
from edgefleet.io import disk
from edgefleet.io.answers import DIGITS, Answer, Passing, length_of, refuse, refuse_page, shown
from edgefleet.io.web import Request, Web

Progress = Callable[[int, int | None], None]
"""Receives (bytes downloaded, bytes of the whole where known)."""
NOTE = ".from"
RELEASED_AGAIN = (
    "if the file was released again: edgefleet artifacts lock -s STACK --upgrade; or add another mirror"
)
_PARTIAL, _BEYOND = 206, 416
STEP = 64 * 1024**2
"""Bytes of a file of unknown size after which the free space is looked at again."""
LEAST = 64 * 1024
"""Bytes beyond all earlier attempts that make an attempt one with progress."""
_PAGE = (b"<!doctype html", b"<html")


def silent(done: int, whole: int | None) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file to download."""

    address: str
    part: Path
    """Where it is kept while it is not whole."""
    size: int | None = None
    """Bytes of the whole, where known."""
    headers: Callable[[], Mapping[str, str]] = field(default=dict)
    """Headers for the next attempt: a token may have to be renewed."""
    has_netrc: bool = True
    """See `Request`."""
    progress: Progress = silent


def download(web: Web, file: Download) -> bool:
    """Download the whole file to ``file.part``; whether a part of it was there before.

    Raises:
        OutsideFailure: the server does not have it, fails too often, or sends another size or too much; or
            the disk is full.
    """
    before = furthest = _size(file.part)

    def attempt() -> None:
        nonlocal furthest
        try:
            _attempt(web, file)
        except Passing as error:
            error.has_moved = _size(file.part) >= furthest + LEAST
            furthest = max(furthest, _size(file.part))
            raise

    web.patiently(attempt)
    return before > 0


def forget(part: Path) -> None:
    """Remove `part` and its note."""
    disk.remove(part)
    disk.remove(_note(part))


def _attempt(web: Web, download: Download) -> None:
    have = _size(download.part)
    if download.size is not None and have > download.size:
        forget(download.part)
        have = 0
    if have == download.size:
        return
    headers = {**download.headers(), **_range(download, have)}
    request = Request(address=download.address, headers=headers, has_netrc=download.has_netrc)
    with web.asking(request) as answer:
        if answer.status == _BEYOND:  # the local part is not a part of the server's file
            forget(download.part)
            raise _broke_off(download, have, None)
        refuse(download.address, answer)
        refuse_page(download.address, answer)
        start = _start(answer, have)
        _check_size(web, download, _announced(answer))
        _take(web, download, answer, start)


def _check_size(web: Web, download: Download, announced: int | None) -> None:
    """Refuse a file of another size than is known, or beyond the limit, before its first byte."""
    if announced is not None and download.size is not None and announced != download.size:
        problem = f"has {announced:,} bytes, and {download.size:,} are expected"
        raise OutsideFailure.at(shown(download.address), "wrong-size", problem, RELEASED_AGAIN)
    if announced is not None and announced > web.policy.file:
        raise _too_large(web, download)


def _too_large(web: Web, download: Download) -> OutsideFailure:
    problem = f"has more than {web.policy.file:,} bytes, the limit for a file of unknown size"
    hint = "check the address; a file of a known size is in the artifacts lock"
    return OutsideFailure.at(shown(download.address), "too-large", problem, hint)


def _range(download: Download, have: int) -> dict[str, str]:
    if not have:
        return {}
    headers = {"range": f"bytes={have}-"}
    note = disk.read(_note(download.part))
    origin = json.loads(note) if note else {}
    if origin.get("address") == shown(download.address) and origin.get("validator"):
        headers["if-range"] = origin["validator"]
    return headers


def _announced(answer: Answer) -> int | None:
    """Bytes of the whole file as the server states them."""
    if answer.status != _PARTIAL:
        return length_of(answer)
    whole = answer.headers.get("content-range", "").rpartition("/")[2]
    return int(whole) if whole.isascii() and whole.isdecimal() and len(whole) <= DIGITS else None


def _start(answer: Answer, have: int) -> int:
    """Byte that the answer begins with."""
    if answer.status != _PARTIAL:
        return 0
    first = answer.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
    is_number = first.isascii() and first.isdecimal() and len(first) <= DIGITS
    return int(first) if is_number and int(first) <= have else 0


def _take(web: Web, download: Download, answer: Answer, start: int) -> None:
    whole = download.size
    if whole is None and (length := length_of(answer)) is not None:
        whole = start + length
    try:
        with disk.explaining(download.part, "cannot be written"):
            disk.make_directory(download.part.parent)
            with _opened(download.part) as file:
                file.truncate(start)
                check_room(web, download.part, STEP if whole is None else whole - start)
                file.seek(start)
                _note_validator(download, answer)
                done = _copy(web, download, answer, file, whole)
    except Passing as error:
        raise _broke_off(download, _size(download.part), whole, error) from None
    except OutsideFailure as error:
        if error.problem.code in {"disk-full", "too-large"}:  # it gives its room back
            forget(download.part)
        raise
    if whole is not None and done < whole:
        raise _broke_off(download, done, whole)


def _opened(part: Path) -> BinaryIO:
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, disk.PRIVATE_FILE)
    return os.fdopen(handle, "r+b")


def _copy(web: Web, download: Download, answer: Answer, file: BinaryIO, whole: int | None) -> int:
    """Write the response; the size of the file afterwards."""
    done = checked = file.tell()
    for piece in answer.pieces:
        file.write(piece)
        done += len(piece)
        if whole is not None and done > whole:
            break  # more than expected: the digest will differ
        if whole is None and done > web.policy.file:
            raise _too_large(web, download)
        if whole is None and done - checked >= STEP:
            checked = done
            check_room(web, download.part, STEP)
        download.progress(done, whole)
    return done


def check_room(web: Web, part: Path, needed: int) -> None:
    """Do nothing where `needed` bytes fit beside `part` and leave the reserve.

    Raises:
        OutsideFailure: they do not.
    """
    with disk.explaining(part, "cannot be written"):
        disk.make_directory(part.parent)
        free = os.statvfs(part.parent)
    room = free.f_bavail * free.f_frsize
    if needed + web.policy.reserve > room:
        problem = f"{needed:,} bytes are to be written, and {room:,} are free"
        hint = "free some space there, or set XDG_CACHE_HOME to a larger disk"
        raise OutsideFailure.at(part.parent, "disk-full", problem, hint)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _note_validator(download: Download, response: Answer) -> None:
    tag = response.headers.get("etag", "")
    validator = tag if tag and not tag.startswith("W/") else response.headers.get("last-modified", "")
    noted = {"address": shown(download.address), "validator": validator}
    disk.write(_note(download.part), json.dumps(noted).encode())


def _note(part: Path) -> Path:
    return part.with_name(part.name + NOTE)


def is_page(path: Path) -> bool:
    """Whether the file looks like a web page."""
    with path.open("rb") as file:
        return file.read(64).lstrip().lower().startswith(_PAGE)


def _broke_off(download: Download, done: int, whole: int | None, error: Passing | None = None) -> Passing:
    if error is not None and error.problem.code != "unreachable":
        return error
    of = "" if whole is None else f" of {whole:,}"
    why = "broke off" if error is None or "broke off" in error.problem.problem else error.problem.problem
    problem = f"{why} after {done:,}{of} bytes, again and again"
    return Passing.at(
        shown(download.address), "half-a-file", problem, "run again to resume; or add another mirror"
    )
