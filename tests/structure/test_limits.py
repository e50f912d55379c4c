"""The shape of the code that a reader may count on, held by tests."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.structure.source import tree

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "components" / "edgefleet"
ENGINE = ROOT / "components" / "pulumi_embedded"
MODULES = sorted([*PACKAGE.rglob("*.py"), *ENGINE.rglob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TOPS = {
    *("bin", "boot", "dev", "etc", "lib", "opt", "proc", "run", "sbin", "srv", "sys", "tmp", "usr", "var"),
    *("casper", "cdrom", "edgefleet", "install.amd", "install.a64", "isolinux", "media", "target"),
    *(
        "backup",
        "backups",
        "pointer",
        "pointers",
        "release",
        "rollouts",
        "status",
        "x",
    ),  # of the channel's gateway
    *(
        "a",
        "api",
        "apis",
        "app",
        "aws",
        "clusters",
        "data",
        "edgefleet-emulator",
        "images",
        "latest",
        "locks",
        "manifests",
        "metadata",
        "namespaces",
        "models",
        "moto-api",
        "retail",
        "sites",
        "spec",
        "tags",
        "v2",
    ),
}
"""First parts of absolute paths: every Linux node's (Filesystem Hierarchy Standard), those of installers'
media, and the tests' own."""
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


def tracked() -> list[Path]:
    """Files that git tracks, or would; everything below the root where this is no checkout."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = found.stdout.splitlines() or [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function in a module, with the class it stands in."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def length(node: ast.AST) -> int:
    """Lines from the first to the last of a definition."""
    return int(node.end_lineno) - int(node.lineno) + 1  # type: ignore[attr-defined]  # every definition has both


def test_no_module_is_longer_than_400_lines() -> None:
    """A module that grows beyond 400 lines holds two things."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in MODULES
        if (lines := len(path.read_text().splitlines())) > 400
    }
    assert {} == long


def test_no_init_is_longer_than_60_lines() -> None:
    """A package's front holds public names or one registry."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in MODULES
        if path.name == "__init__.py" and (lines := len(path.read_text().splitlines())) > 60
    }
    assert {} == long


def test_no_function_is_longer_than_50_lines() -> None:
    """Constructors of components too: they plan with pure functions, then wire."""
    long = {where: length(node) for path in MODULES for where, node in functions(path) if length(node) > 50}
    assert {} == long


def test_the_program_has_at_most_25_lines() -> None:
    """``__main__.py`` is read by everybody who starts."""
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 25


def test_no_vague_module_names() -> None:
    """A newcomer finds a thing by the tree alone, so names say what is inside."""
    vague = [
        str(path.relative_to(ROOT)) for path in MODULES if path.stem in VAGUE or path.parent.name in VAGUE
    ]
    assert [] == vague


def test_every_type_ignore_names_its_code_and_reason() -> None:
    """An ignored type error without a reason hides the next one."""
    bare = re.compile(r"#\s*type:\s*ignore(?!\[[a-z0-9, -]+\]\s+#\s*\S)")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (*MODULES, *TESTS)
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    ]
    assert [] == found


@pytest.mark.parametrize(
    ("package", "tests"), [("cloud", "cloud"), ("boot", "boot"), ("images", "images")], ids=str
)
def test_each_kind_of_thing_has_its_own_test(package: str, tests: str) -> None:
    """A cloud resource, boot step or image format is one file and one test (or row) of the same name."""
    missing = [
        path.stem
        for path in sorted((PACKAGE / package).glob("*.py"))
        if not path.stem.startswith("_")
        and not (ROOT / "tests" / tests / f"test_{path.stem}.py").exists()
        and not (ROOT / "tests" / tests / "rows" / f"{path.stem}.py").exists()
    ]
    assert [] == missing


def test_no_file_names_a_machine_or_a_registry() -> None:
    """A checkout works anywhere: no path but a node's own and the tests' made-up ones, no package index.

    Nor a proxy, but those of the reserved domain ``.example``, which nodes of golden sites have.
    """
    path_ = re.compile(r"(?:^|[\s\"'=(`:])/([a-z][a-z0-9_.-]*|Users)/")
    index = re.compile(r"index-ur[l]|PROX[Y]=(?!.*\.example\b)|[\w-]\.\w+/simple\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix not in {".iso", ".png"}
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if index.search(line) or set(path_.findall(line)) - TOPS
    ]
    assert [] == found


def test_lock_files_pin_every_requirement_with_hashes() -> None:
    """Set-up takes what was reviewed, byte for byte."""
    locks = sorted((ROOT / "requirements").glob("*.lock"))
    assert locks
    for lock in locks:
        text = lock.read_text()
        requirements = re.findall(r"^[a-z0-9][^\n]*", text, re.MULTILINE | re.IGNORECASE)
        assert requirements, lock.name
        blocks = re.split(r"\n(?=[a-zA-Z0-9])", text.strip())
        unpinned = [
            block.split()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block
        ]
        assert [] == unpinned, lock.name
