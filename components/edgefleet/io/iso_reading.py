"""The files in an ISO 9660 image's root, read back."""

import io
import stat

import pycdlib
from pycdlib import pycdlibexception


def read_iso(data: bytes) -> dict[str, bytes]:
    """dict[name in the root -> content] of an image with Rock Ridge names.

    Raises:
        ValueError: `data` is no such image, or is damaged.
    """
    image = pycdlib.PyCdlib()
    try:
        image.open_fp(io.BytesIO(data))
        return {name: _content(image, name) for name in _names(image)}
    except (pycdlibexception.PyCdlibException, OSError, IndexError, ValueError, AttributeError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def read_iso_modes(data: bytes) -> dict[str, tuple[str, str]]:
    """dict[name in the root -> (mode as ``0400``, ``user:group``)] by Rock Ridge.

    Raises:
        ValueError: `data` is no such image, or is damaged.
    """
    image = pycdlib.PyCdlib()
    try:
        image.open_fp(io.BytesIO(data))
        found = {}
        for child in image.list_children(rr_path="/"):
            if child is not None and child.is_file():
                rock = child.rock_ridge
                px = rock.dr_entries.px_record or rock.ce_entries.px_record
                owner = f"{_user(px.posix_user_id)}:{_user(px.posix_group_id)}"
                found[rock.name().decode()] = (f"{stat.S_IMODE(px.posix_file_mode):04o}", owner)
    except (pycdlibexception.PyCdlibException, OSError, IndexError, ValueError, AttributeError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return found


def _user(number: int) -> str:
    return "root" if number == 0 else str(number)


def _names(image: pycdlib.PyCdlib) -> list[str]:
    children = image.list_children(rr_path="/")
    return [child.rock_ridge.name().decode() for child in children if child is not None and child.is_file()]


def _content(image: pycdlib.PyCdlib, name: str) -> bytes:
    content = io.BytesIO()
    image.get_file_from_iso_fp(content, rr_path=f"/{name}")
    return content.getvalue()
