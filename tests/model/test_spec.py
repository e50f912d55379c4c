"""The description of a spec by its docstrings."""

import ast

from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import described


class Garbage:
    """A cycle that parses source when it is collected, and leaves another one until `is_enough`."""

    parsed = 0
    is_enough = False

    def __init__(self) -> None:
        self.cycle = self

    def __del__(self) -> None:
        ast.parse("x = f(a[1])")
        Garbage.parsed += 1
        if not self.is_enough:
            Garbage()


def test_a_finalizer_that_parses_source_breaks_no_description() -> None:
    """As one does that formats a traceback: CPython 3.11 counts the depth of both trees in one place."""
    Garbage()
    try:
        assert described(SiteSpec)["properties"]
    finally:
        Garbage.is_enough = True
    assert Garbage.parsed, "garbage is collected outside of the section"
