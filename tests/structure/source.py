"""The syntax of this checkout's modules, parsed once for all tests of a process."""

import ast
from functools import cache
from pathlib import Path


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module; nobody changes it."""
    return ast.parse(path.read_text(encoding="utf-8"))
