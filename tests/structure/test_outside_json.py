"""JSON of outside origin has one reader, which is bounded and takes no key twice."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.structure.source import tree

PACKAGE = Path(__file__).resolve().parents[2] / "components" / "edgefleet"
OWN = {
    "cloud/base/policy_documents.py": "what AWS answers about a policy",
    "commands/last_preview.py": "this user's record of the last preview",
    "commands/secrets.py": "a value of the stack's encrypted configuration",
    "emulator/requests.py": "a request to the emulated cloud",
    "engine/pulumi_cli.py": "what the Pulumi CLI prints",
    "io/devices.py": "what lsblk prints",
    "io/downloading.py": "a note beside this user's download",
    "io/emulator.py": "this project's record of its emulated cloud",
    "io/gpt.py": "what sfdisk prints",
    "io/logins.py": "this user's logins to registries",
    "io/seed_ledger.py": "this project's record of seeds",
    "model/paths.py": "a quoted word of a path",
    "model/plain_data.py": "plain data that it wrote itself, as the key of a cache",
    "model/strict_json.py": "the reader itself",
    "provider/python_stub.py": "the schema that this program renders",
    "provider/reference.py": "the schema that this program renders",
    "site/sbom.py": "the bill that this program renders",
}
"""dict[module that may read JSON otherwise -> what it reads]."""


def readers(path: Path) -> Iterator[int]:
    """Lines of a module that call a reader of JSON other than `strict_json`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and (
            node.attr == "validate_json"
            or (
                node.attr in {"load", "loads"}
                and isinstance(node.value, ast.Name)
                and node.value.id == "json"
            )
        ):
            yield node.lineno


def test_outside_documents_are_read_by_the_strict_reader(tmp_path: Path) -> None:
    """Manifests, envelopes, indexes, registries' answers; a new module uses `edgefleet.model.strict_json`."""
    (tmp_path / "planted.py").write_text("import json\njson.loads('')\nadapter(X).validate_json(b'')\n")
    assert [2, 3] == list(readers(tmp_path / "planted.py"))
    found = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if list(readers(path))}
    assert set() == found - set(OWN)
