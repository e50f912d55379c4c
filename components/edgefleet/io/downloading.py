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

import httpx

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io import disk
from edgefleet.io.web import Passing, Web, refuse, refuse_page, shown

Progress = Callable[[int, int | None], None]
"""Receives (bytes downloaded, bytes of the whole where known)."""
NOTE = ".from"
SLOWEST = 64
"""Bytes a second below which a server is taken to have stalled."""
_PARTIAL, _BEYOND = 206, 416
_SPARED = 16 * 1024**2
"""Bytes that are left free on a disk."""
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
    progress: Progress = silent


def download(web: Web, file: Download) -> bool:
    """Download the whole file to ``file.part``; whether a part of it was there before.

    Raises:
        OutsideFailure: the server does not have it or fails too often, or the disk is full.
    """
    was_there = has_part(file.part)
    web.patiently(lambda: _attempt(web, file))
    return was_there


def has_part(part: Path) -> bool:
    """Whether some of the file is there."""
    return part.exists() and part.stat().st_size > 0


def forget(part: Path) -> None:
    """Remove `part` and its note."""
    disk.remove(part)
    disk.remove(_note(part))


def _attempt(web: Web, download: Download) -> None:
    have = download.part.stat().st_size if download.part.exists() else 0
    if download.size is not None and have == download.size:
        return
    if download.size is not None and have > download.size:
        forget(download.part)
        have = 0
    headers = {**download.headers(), **_range(download, have)}
    with web.asking(download.address, headers) as response:
        if response.status_code == _BEYOND:  # the local part is not a part of the server's file
            forget(download.part)
            raise Passing(_broke_off(download, have, None), has_moved=have > 0)
        refuse(download.address, response)
        refuse_page(download.address, response)
        start = _start(response, have)
        _take(web, download, response, start)


def _range(download: Download, have: int) -> dict[str, str]:
    if not have:
        return {}
    headers = {"range": f"bytes={have}-"}
    note = disk.read(_note(download.part))
    origin = json.loads(note) if note else {}
    if origin.get("address") == shown(download.address) and origin.get("validator"):
        headers["if-range"] = origin["validator"]
    return headers


def _start(response: httpx.Response, have: int) -> int:
    """Byte that the answer begins with."""
    if response.status_code != _PARTIAL:
        return 0
    first = response.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdecimal() and int(first) <= have else 0


def _take(web: Web, download: Download, response: httpx.Response, start: int) -> None:
    length = response.headers.get("content-length", "")
    announced = start + int(length) if length.isdecimal() else None
    whole = announced if download.size is None else download.size
    done = start
    try:
        with disk.explaining(download.part, "cannot be written"):
            disk.make_directory(download.part.parent)
            _check_room(download.part, whole, start)
            with _opened(download.part) as file:
                file.truncate(start)
                file.seek(start)
                _note_validator(download, response)
                done = _copy(web, download, response, file, whole)
    except Passing as error:
        has_moved = _size(download.part) > start
        raise Passing(_broke_off(download, _size(download.part), whole, error), has_moved=has_moved) from None
    except OutsideFailure as error:
        if error.problem.code == "disk-full":  # it gets its room back
            forget(download.part)
        raise
    if whole is not None and done < whole:
        raise Passing(_broke_off(download, done, whole), has_moved=done > start)


def _opened(part: Path) -> BinaryIO:
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, disk.PRIVATE_FILE)
    return os.fdopen(handle, "r+b")


def _copy(web: Web, download: Download, response: httpx.Response, file: BinaryIO, whole: int | None) -> int:
    """Write the response; the size of the file afterwards."""
    done = file.tell()
    watched, seen = web.clock.monotonic(), done
    with web.explaining(download.address):
        for piece in response.iter_raw():
            file.write(piece)
            done += len(piece)
            if whole is not None and done > whole:
                break  # more than expected: the digest will differ
            download.progress(done, whole)
            now = web.clock.monotonic()
            if now - watched >= web.patience.stall:
                if done - seen < SLOWEST * web.patience.stall:
                    raise Passing(_broke_off(download, done, whole))
                watched, seen = now, done
    return done


def _check_room(part: Path, whole: int | None, start: int) -> None:
    if whole is None:
        return
    free = os.statvfs(part.parent)
    room = free.f_bavail * free.f_frsize + _size(part)
    if whole + _SPARED > room:
        needed = whole - start
        raise OutsideFailure.at(
            part.parent,
            "disk-full",
            f"{needed:,} bytes are to be written, and {max(room, 0):,} are free",
            "free some space there, or set XDG_CACHE_HOME to a larger disk",
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _note_validator(download: Download, response: httpx.Response) -> None:
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


def _broke_off(download: Download, done: int, whole: int | None, error: Passing | None = None) -> Problem:
    if error is not None and error.problem.code != "unreachable":
        return error.problem
    of = "" if whole is None else f" of {whole:,}"
    why = "broke off" if error is None or "broke off" in error.problem.problem else error.problem.problem
    return Problem(
        code="half-a-file",
        where=shown(download.address),
        problem=f"{why} after {done:,}{of} bytes, again and again",
        hint="run again to resume; or add another mirror",
    )
