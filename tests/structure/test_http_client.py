"""One HTTP client with one policy: nothing else opens a connection to a server that a user names."""

import ast
from pathlib import Path

import pytest
from tests.structure.source import tree

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = ROOT / "components"
CLIENTS = {"aiohttp", "ftplib", "http.client", "httpcore", "httpx", "requests", "urllib.request", "urllib3"}
ALLOWED = {
    "edgefleet/io/web.py": {"httpx"},
    "edgefleet/io/emulator.py": {"http.client"},
}
"""dict[module -> clients]: the client, and the check that this project's own process answers."""


def imported(path: Path) -> set[str]:
    """The clients that a module imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return {client for client in CLIENTS for name in names if f"{name}.".startswith(f"{client}.")}


MODULES = sorted(COMPONENTS.rglob("*.py"))


def test_no_other_module_has_a_client() -> None:
    """A second client would have rules of its own for logins, redirects and sizes."""
    found = {str(path.relative_to(COMPONENTS)): imported(path) for path in MODULES}
    assert {name: clients for name, clients in found.items() if clients} == ALLOWED


@pytest.mark.parametrize("forbidden", ["follow_redirects=True", "verify=False", "netrc="])
def test_the_client_has_no_weaker_setting(forbidden: str) -> None:
    """Redirects and logins are the policy's, and certificates are verified."""
    assert forbidden not in (COMPONENTS / "edgefleet/io/web.py").read_text()
