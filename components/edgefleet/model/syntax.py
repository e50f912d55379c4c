"""Errors of values of a fleet file: a code, a problem and a hint."""

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches
from typing import Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

LONGEST = 60
"""Characters of a wrong value that a message repeats."""


def shown(value: object) -> str:
    """`value` as a message repeats it: one line, cut, without control characters; never a private key."""
    text = str(value)
    if "PRIVATE KEY" in text:
        return "a private key"
    text = text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
    return "".join(character if character.isprintable() else "?" for character in text) or '""'


def wrong(code: str, problem: str, hint: str) -> PydanticCustomError:
    """The error of a validator; `edgefleet.model.pydantic_errors` makes a `Problem` of it."""
    return PydanticCustomError("edgefleet", "{problem}", {"problem": problem, "hint": hint, "code": code})


def likely(name: str, known: Collection[str]) -> str:
    """A hint with the member of `known` that is closest to `name`; empty where none is close."""
    close = get_close_matches(name, known, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else ""


def nearest(name: str, names: Any, *, otherwise: str = "") -> str:
    """A hint with the closest of `names`, else all of them if they are few."""
    ordered = sorted(names)
    if hint := likely(name, ordered):
        return hint
    if len(ordered) == 1:
        return f"write {ordered[0]}"
    few = 12
    if ordered and len(ordered) <= few:
        return "one of: " + ", ".join(ordered)
    return otherwise or "see the documentation for what may stand here"


def matching(pattern: str, *, code: str, what: str, hint: str, longest: int = 253) -> tuple[Any, Any]:
    """Validator and schema note of text that must match all of `pattern`; for ``Annotated[str, *...]``.

    Args:
        pattern: a regular expression that Python and JSON Schema both read.
        code: the problem's code.
        what: the kind of text, ``an RFC 1123 label``.
        hint: the hint of the problem.
        longest: maximum number of characters.
    """
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if len(value) > longest:
            raise wrong(
                code, f"{shown(value)} has {len(value)} characters, {what} has at most {longest}", hint
            )
        if not compiled.fullmatch(value):
            raise wrong(code, f"{shown(value)} is not {what}", hint)
        return value

    return AfterValidator(check), Field(
        json_schema_extra={"pattern": f"^(?:{pattern})$", "maxLength": longest}
    )


def checked(check: Callable[[Any], Any]) -> AfterValidator:
    """`check` as a validator: it returns the value to keep or raises `wrong`."""
    return AfterValidator(check)
