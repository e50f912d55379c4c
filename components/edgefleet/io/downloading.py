"""One file from a server onto the disk, going on where an earlier attempt or an earlier run ended.

What is on the disk is resumed by a range request. Where the same address gave a validator with the first
part (an ETag or a date), it is sent along (If-Range), so that a file that changed meanwhile starts anew. The
caller holds the whole against its digest, so that a part from elsewhere costs an attempt at worst, never
correctness.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import httpx

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io import disk
from edgefleet.io.web import Passing, Web, refuse, refuse_page, shown

Progress = Callable[[int, int | None], None]
"""Is told (bytes that are here, bytes of the whole where that is known)."""
NOTE = ".from"
SLOWEST = 64
"""Bytes a second below which a server is taken to have stalled."""
_PARTIAL, _BEYOND = 206, 416
_SPARED = 16 * 1024**2
"""Bytes that are left free on a disk."""
_PAGE = (b"<!doctype html", b"<html")


def silent(done: int, whole: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What is to be brought."""

    address: str
    part: Path
    """Where it is kept while it is not whole."""
    size: int | None = None
    """Bytes of the whole, where known."""
    headers: Callable[[], Mapping[str, str]] = field(default=dict)
    """Headers for the next attempt: a token may have to be made anew."""
    progress: Progress = silent


def download(web: Web, wanted: Download) -> bool:
    """Bring the whole file to ``wanted.part``; whether a part of it was there before.

    Raises:
        OutsideFailure: the server does not have it or gives it too seldom, or the disk is full.
    """
    was_there = has_part(wanted.part)
    web.patiently(lambda: _attempt(web, wanted))
    return was_there


def has_part(part: Path) -> bool:
    """Whether some of the file is there."""
    return part.exists() and part.stat().st_size > 0


def forget(part: Path) -> None:
    """Remove `part` and what is noted about it."""
    disk.remove(part)
    disk.remove(_note(part))


def _attempt(web: Web, wanted: Download) -> None:
    have = wanted.part.stat().st_size if wanted.part.exists() else 0
    if wanted.size is not None and have == wanted.size:
        return
    if wanted.size is not None and have > wanted.size:
        forget(wanted.part)
        have = 0
    headers = {**wanted.headers(), **_range(wanted, have)}
    with web.asking(wanted.address, headers) as response:
        if response.status_code == _BEYOND:  # what is here is no part of what is there
            forget(wanted.part)
            raise Passing(_broke_off(wanted, have, None), has_moved=have > 0)
        refuse(wanted.address, response)
        refuse_page(wanted.address, response)
        start = _start(response, have)
        _take(web, wanted, response, start)


def _range(wanted: Download, have: int) -> dict[str, str]:
    if not have:
        return {}
    asked = {"range": f"bytes={have}-"}
    noted = disk.read(_note(wanted.part))
    known = json.loads(noted) if noted else {}
    if known.get("address") == shown(wanted.address) and known.get("validator"):
        asked["if-range"] = known["validator"]
    return asked


def _start(response: httpx.Response, have: int) -> int:
    """Byte that the answer begins with."""
    if response.status_code != _PARTIAL:
        return 0
    said = response.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
    return int(said) if said.isdecimal() and int(said) <= have else 0


def _take(web: Web, wanted: Download, response: httpx.Response, start: int) -> None:
    length = response.headers.get("content-length", "")
    whole = wanted.size if wanted.size is not None else start + int(length) if length.isdecimal() else None
    done = start
    try:
        with disk.explaining(wanted.part, "cannot be written"):
            disk.make_directory(wanted.part.parent)
            _check_room(wanted.part, whole, start)
            with _opened(wanted.part) as file:
                file.truncate(start)
                file.seek(start)
                _note_validator(wanted, response)
                done = _copy(web, wanted, response, file, whole)
    except Passing as error:
        has_moved = _size(wanted.part) > start
        raise Passing(_broke_off(wanted, _size(wanted.part), whole, error), has_moved=has_moved) from None
    except OutsideFailure as error:
        if error.problem.code == "disk-full":  # it gets its room back
            forget(wanted.part)
        raise
    if whole is not None and done < whole:
        raise Passing(_broke_off(wanted, done, whole), has_moved=done > start)


def _opened(part: Path) -> BinaryIO:
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, disk.PRIVATE_FILE)
    return os.fdopen(handle, "r+b")


def _copy(web: Web, wanted: Download, response: httpx.Response, file: BinaryIO, whole: int | None) -> int:
    """Write what comes; the bytes that are in the file then."""
    done = file.tell()
    watched, seen = web.clock.monotonic(), done
    with web.explaining(wanted.address):
        for piece in response.iter_raw():
            file.write(piece)
            done += len(piece)
            if whole is not None and done > whole:
                break  # more than it may have: its digest will say that it is another
            wanted.progress(done, whole)
            now = web.clock.monotonic()
            if now - watched >= web.patience.stall:
                if done - seen < SLOWEST * web.patience.stall:
                    raise Passing(_broke_off(wanted, done, whole))
                watched, seen = now, done
    return done


def _check_room(part: Path, whole: int | None, start: int) -> None:
    if whole is None:
        return
    free = os.statvfs(part.parent)
    room = free.f_bavail * free.f_frsize + _size(part)
    if whole + _SPARED > room:
        needed = whole - start
        raise OutsideFailure(
            Problem(
                code="disk-full",
                where=str(part.parent),
                problem=f"{needed:,} bytes are to be written, and {max(room, 0):,} are free",
                hint="free some space there, or set XDG_CACHE_HOME to a larger disk",
            )
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _note_validator(wanted: Download, response: httpx.Response) -> None:
    tag = response.headers.get("etag", "")
    validator = tag if tag and not tag.startswith("W/") else response.headers.get("last-modified", "")
    noted = {"address": shown(wanted.address), "validator": validator}
    disk.write(_note(wanted.part), json.dumps(noted).encode())


def _note(part: Path) -> Path:
    return part.with_name(part.name + NOTE)


def is_page(path: Path) -> bool:
    """Whether the file looks like a web page."""
    with path.open("rb") as file:
        return file.read(64).lstrip().lower().startswith(_PAGE)


def _broke_off(wanted: Download, done: int, whole: int | None, error: Passing | None = None) -> Problem:
    if error is not None and error.problem.code != "unreachable":
        return error.problem
    of = "" if whole is None else f" of {whole:,}"
    why = "broke off" if error is None or "broke off" in error.problem.problem else error.problem.problem
    return Problem(
        code="half-a-file",
        where=shown(wanted.address),
        problem=f"{why} after {done:,}{of} bytes, again and again",
        hint="run again to resume; or add another mirror",
    )
