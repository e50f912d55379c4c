"""`Finding`: something wrong with a resolved spec, before its place in the file is known."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong with a site's resolved spec; its place in the file is found later."""

    path: str
    """Path in the site's spec."""
    code: str
    problem: str
    hint: str
