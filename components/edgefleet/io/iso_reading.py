"""The files in an ISO 9660 image, read back: all of a seed's root, or some of a large image as streams."""

import io
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pycdlib
from pycdlib import pycdlibexception

from edgefleet.io import disk

_DAMAGED = (
    pycdlibexception.PyCdlibException,
    *(OSError, IndexError, ValueError, AttributeError, struct.error),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file in an image."""

    path: str
    """From the root, without the first slash."""
    mode: str
    """As ``0400``."""
    owner: str
    """``user:group``."""
    size: int
    pieces: Iterator[bytes]
    """Its bytes; to be read before the next file is asked for. ValueError where they are damaged."""


def read_some(image: Path, is_wanted: Callable[[str], bool]) -> Iterator[Found]:
    """Some files of a large image, by their Rock Ridge names.

    Args:
        image: the file.
        is_wanted: whether a file is, by its path from the root without the first slash.

    Raises:
        ValueError: it is no such image, or is damaged.
    """
    opened = pycdlib.PyCdlib()
    try:
        with _explaining():
            opened.open(str(image))
            for at, _, names in opened.walk(rr_path="/"):
                for name in sorted(names):
                    path = f"{at}/{name}".strip("/")
                    if is_wanted(path):
                        yield _found(opened, path)
    finally:
        with suppress(pycdlibexception.PyCdlibException):  # it was never open
            opened.close()


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _found(image: pycdlib.PyCdlib, path: str) -> Found:
    record: Any = image.get_record(rr_path=f"/{path}")
    mode, owner = _modes(record.rock_ridge)
    size = record.get_data_length()
    pieces = _pieces(image, path) if size else iter(())  # pycdlib opens no empty file
    return Found(path=path, mode=mode, owner=owner, size=size, pieces=pieces)


def _pieces(image: pycdlib.PyCdlib, path: str) -> Iterator[bytes]:
    with _explaining(), image.open_file_from_iso(rr_path=f"/{path}") as file:
        while piece := file.read(disk.PIECE):
            yield piece


def read_iso(data: bytes) -> dict[str, bytes]:
    """dict[name in the root -> content] of an image with Rock Ridge names.

    Raises:
        ValueError: `data` is no such image, or is damaged.
    """
    image = pycdlib.PyCdlib()
    with _explaining():
        image.open_fp(io.BytesIO(data))
        return {name: _content(image, name) for name in _names(image)}


def read_iso_modes(data: bytes) -> dict[str, tuple[str, str]]:
    """dict[name in the root -> (mode as ``0400``, ``user:group``)] by Rock Ridge.

    Raises:
        ValueError: `data` is no such image, or is damaged.
    """
    image = pycdlib.PyCdlib()
    with _explaining():
        image.open_fp(io.BytesIO(data))
        found = {}
        for child in image.list_children(rr_path="/"):
            if child is not None and child.is_file():
                rock = child.rock_ridge
                found[rock.name().decode()] = _modes(rock)
    return found


def _modes(rock: Any) -> tuple[str, str]:
    px = rock.dr_entries.px_record or rock.ce_entries.px_record
    owner = f"{_user(px.posix_user_id)}:{_user(px.posix_group_id)}"
    return f"{stat.S_IMODE(px.posix_file_mode):04o}", owner


def _user(number: int) -> str:
    return "root" if number == 0 else str(number)


def _names(image: pycdlib.PyCdlib) -> list[str]:
    children = image.list_children(rr_path="/")
    return [child.rock_ridge.name().decode() for child in children if child is not None and child.is_file()]


def _content(image: pycdlib.PyCdlib, name: str) -> bytes:
    content = io.BytesIO()
    image.get_file_from_iso_fp(content, rr_path=f"/{name}")
    return content.getvalue()
