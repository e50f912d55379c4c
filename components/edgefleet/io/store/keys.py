"""Keys of artifacts: checked before any path or request is built from them."""

import re

from edgefleet.errors import InvalidInput, Problem

_SEGMENT = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")


def is_key(key: str) -> bool:
    """Whether `key` is ``/``-joined segments of ``a-z 0-9 - .``, each with a letter or digit at both ends."""
    return _KEY.fullmatch(key) is not None and ".." not in key


def check_key(key: str) -> str:
    """`key` itself.

    Raises:
        InvalidInput: it is none; no path was built from it.
    """
    if not is_key(key):
        raise InvalidInput(
            Problem(
                code="artifact-key",
                problem=f"{key!r} cannot be the name of a stored artifact",
                hint="use lower-case letters, digits, - and . in the names of sites and nodes",
            )
        )
    return key


def check_prefix(prefix: str) -> str:
    """`prefix` itself: empty, or a key followed by ``/``.

    Raises:
        InvalidInput: it is neither.
    """
    if prefix:
        check_key(prefix.removesuffix("/") if prefix.endswith("/") else "")
    return prefix
