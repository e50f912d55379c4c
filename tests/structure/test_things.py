"""One object per thing: what the rest of the program asks of a format or runtime stands in its one file."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
from tests.structure.source import tree

from edgefleet.boot import RECIPES
from edgefleet.images import FORMATS
from edgefleet.io.templates import template_root
from edgefleet.model.medium import Format
from edgefleet.model.site import RuntimeName
from edgefleet.runtimes import RUNTIMES

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "components" / "edgefleet"
TABLES: tuple[type[ast.AST], ...] = (ast.Compare, ast.MatchValue, ast.Dict, ast.Set)
COMPARISONS: tuple[type[ast.AST], ...] = (ast.Compare, ast.MatchValue)


def switches(path: Path, names: frozenset[str], kinds: tuple[type[ast.AST], ...] = TABLES) -> Iterator[str]:
    """Where a module compares with one of `names`, or has it as a key or a member of a table."""
    for node in ast.walk(tree(path)):
        if isinstance(node, kinds):
            inner = node.keys if isinstance(node, ast.Dict) else list(ast.iter_child_nodes(node))
            for constant in (each for child in inner if child is not None for each in _constants(child)):
                if constant.value in names:
                    yield f"{path}:{constant.lineno}: {constant.value}"


def _constants(node: ast.AST) -> Iterator[ast.Constant]:
    """The constants that `node` is, or lists."""
    if isinstance(node, ast.Constant):
        yield node
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for element in node.elts:
            yield from _constants(element)


def modules_outside(package: str) -> list[Path]:
    """The modules of edgefleet that are not in `package`."""
    return [path for path in PACKAGE.rglob("*.py") if PACKAGE / package not in path.parents]


@pytest.mark.parametrize(
    "text",
    ['if kind == "iso": ...', 'if kind in ("raw", "iso"): ...', 'A = {"iso": 1}', 'B = {"iso"}'],
    ids=str,
)
def test_a_switch_on_a_name_is_seen(tmp_path: Path, text: str) -> None:
    """The check itself works, wherever the name stands."""
    (tmp_path / "planted.py").write_text(text)
    assert 1 == len(list(switches(tmp_path / "planted.py", frozenset({"iso"}))))


def test_the_fleet_file_knows_each_image_format_there_is() -> None:
    """The names in the schema are those of the registry."""
    assert set(get_args(Format)) == set(FORMATS)
    assert all(format_.name == name for name, format_ in FORMATS.items())


def test_no_image_format_is_named_outside_images() -> None:
    """A switch on a format's name elsewhere would have to be found by the author of the next format."""
    names = frozenset(FORMATS)
    assert [] == [found for path in modules_outside("images") for found in switches(path, names)]


def test_no_image_format_is_named_in_a_template_of_another() -> None:
    """Each has its own text for the printed sheet; the others choose by what a format says of itself."""
    root = template_root() / "sheet"
    texts = {path: path.read_text() for path in root.glob("*.j2")}
    assert texts
    assert [] == [
        f"{path.name}: {name}" for path, text in texts.items() for name in FORMATS if f'"{name}"' in text
    ]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_image_format_is_one_module_one_test_and_one_text(name: str) -> None:
    """Beside its line in the registry."""
    module = name.replace("-", "_")
    files = (
        PACKAGE / "images" / f"{module}.py",
        ROOT / "tests" / "images" / f"test_{module}.py",
        template_root() / "sheet" / "formats" / f"{name}.html.j2",
    )
    assert [] == [str(file) for file in files if not file.is_file()]


def test_the_fleet_file_knows_each_runtime_there_is() -> None:
    """The names in the schema are those of the registry."""
    assert set(get_args(RuntimeName)) == set(RUNTIMES)
    assert all(runtime.name == name for name, runtime in RUNTIMES.items())


def test_no_runtime_is_named_outside_runtimes() -> None:
    """Neither compared with nor in a table."""
    outside = modules_outside("runtimes")
    assert [] == [found for path in outside for found in switches(path, frozenset(RUNTIMES))]


@pytest.mark.parametrize("name", sorted(RUNTIMES))
def test_a_runtime_is_one_module_and_one_test(name: str) -> None:
    """Beside its line in the registry."""
    module = name.replace("-", "_")
    files = (PACKAGE / "runtimes" / f"{module}.py", ROOT / "tests" / "runtimes" / f"test_{module}.py")
    assert [] == [str(file) for file in files if not file.is_file()]


@pytest.mark.parametrize("name", sorted({step.name for steps in RECIPES.values() for step in steps}))
def test_a_boot_step_is_one_module_and_one_test(name: str) -> None:
    """Beside its line in a recipe; its secrets are declared there too."""
    files = (PACKAGE / "boot" / f"{name}.py", ROOT / "tests" / "boot" / f"test_{name}.py")
    assert [] == [str(file) for file in files if not file.is_file()]
    module = import_module(f"edgefleet.boot.{name}")
    rows = [step for steps in RECIPES.values() for step in steps if step.name == name]
    assert [module.plan] * len(rows) == [step.plan for step in rows]
    assert [] == [row for row in rows if row.secrets is not getattr(module, "secrets", row.secrets)]
