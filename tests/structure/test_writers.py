"""No template takes a value but through a writer of its syntax, placed where that syntax lets it stand."""

import ast
from collections.abc import Iterator
from fnmatch import filter as matching

import pytest
from jinja2 import Environment, nodes
from tests.structure.source import tree

from edgefleet.io.templates import template_root
from edgefleet.model.writers import NONE, SYNTAXES, syntax_of

ROOT = template_root()
TEMPLATES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())
PAGES = tuple(name for name in TEMPLATES if name.endswith(".html.j2"))
"""Each value of a page is escaped."""
BEFORE = {
    "sh": " =\n",
    "command": " \n",
    "argument": " ",
    "here": "\n",
    "words": " ",
    "string": " ",
    "addresses": " ",
}
"""dict[writer -> what may stand before its value]: a quoted word is none inside other quotes."""


def interpolations(text: str) -> Iterator[tuple[str, str]]:
    """(name of the outermost filter, text before it) of each value; no name where there is no filter."""
    for output in Environment(autoescape=False).parse(text).find_all(nodes.Output):  # noqa: S701 - only parsed
        before = "\n"
        for part in output.nodes:
            if isinstance(part, nodes.TemplateData):
                before = part.data
            else:
                yield (part.name if isinstance(part, nodes.Filter) else ""), before
                before = " "


@pytest.mark.parametrize("text", ["{{ a }}", "{{ a | sh ~ b }}", "{{ 'x' }}", "{{ a if b else c }}"])
def test_a_value_without_a_writer_is_seen(text: str) -> None:
    """The check itself works."""
    assert [""] == [name for name, _ in interpolations(text)]


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name not in PAGES])
def test_each_value_of_a_template_stands_through_a_writer_of_its_syntax(name: str) -> None:
    """Also in a comment, where a line end would begin a command."""
    writers = syntax_of(name).writers
    values = list(interpolations((ROOT / name).read_text()))
    assert [] == [writer for writer, _ in values if writer not in writers]
    assert [] == [
        f"{before[-20:]!r} before {writer}"
        for writer, before in values
        if writer in BEFORE and before[-1:] not in BEFORE[writer]
    ]


def unwritten(module: ast.Module) -> Iterator[str]:
    """Values in texts of whole lines that come neither from a call nor from a constant, nor are numbers."""
    for joined in ast.walk(module):
        parts = joined.values if isinstance(joined, ast.JoinedStr) else []
        if any(isinstance(part, ast.Constant) and "\n" in str(part.value) for part in parts):
            for part in (part for part in parts if isinstance(part, ast.FormattedValue)):
                is_constant = isinstance(part.value, ast.Name) and part.value.id.isupper()
                if not (is_constant or isinstance(part.value, ast.Call) or part.format_spec):
                    yield f"{part.lineno}: {ast.unparse(part.value)}"


def test_a_value_without_a_writer_is_seen_in_a_module() -> None:
    """The check itself works."""
    assert ["1: a", "1: b.c"] == list(
        unwritten(ast.parse('x = f"{a} {b.c} {d(e)} {F} {g:d}\\n"; y = f"{h}"'))
    )


@pytest.mark.parametrize("package", ["boot", "images", "runtimes"])
def test_each_value_of_a_line_that_a_module_writes_stands_through_a_writer(package: str) -> None:
    """What is too short for a template is under the same rule."""
    modules = sorted((ROOT.parent / "components" / "edgefleet" / package).rglob("*.py"))
    assert modules
    assert [] == [f"{path.name}:{place}" for path in modules for place in unwritten(tree(path))]


def test_each_syntax_of_templates_has_one() -> None:
    """A glob that matches nothing is one that a renamed template lost."""
    globs = [glob for syntax in SYNTAXES for glob in syntax.templates]
    names = [name.removesuffix(".j2") for name in TEMPLATES]
    assert [] == [glob for glob in globs if not matching(names, glob)]
    assert "*.sh" in globs


def test_what_has_values_has_a_syntax() -> None:
    names = [name for name in TEMPLATES if name not in PAGES and syntax_of(name) is NONE]
    assert [] == [name for name in names if name.endswith(".j2") and "{{" in (ROOT / name).read_text()]
