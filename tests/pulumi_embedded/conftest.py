"""Projects of the embedded engine, with the parity tests' stand-in as their provider."""

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgefleet.engine.api import Options
from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.model.steps import Outcome
from pulumi_embedded.disk import Disk
from pulumi_embedded.secrets import new_salt

STANDIN = Path(__file__).parent / "parity" / "standin"
PASSPHRASE = "correct horse"  # noqa: S105 - of stacks that live as long as a test
ENVIRON = {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
SALT = new_salt(PASSPHRASE)
"""Of all stacks: to derive a key is slow on purpose, so a process does it once."""


def servicer() -> Any:
    """Load the stand-in's servicer."""
    spec = importlib.util.spec_from_file_location("local_standin", STANDIN / "servicer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Servicer


SERVICER = servicer()


class Project:
    """A project on disk and the embedded engine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.factories: dict[str, Callable[[], Any]] = {"example": SERVICER}
        self.environ = dict(ENVIRON)
        self.disk = Disk()
        (root / "Pulumi.yaml").write_text("name: fleet\nruntime: python\nbackend: {url: 'file://.'}\n")
        (root / "Pulumi.dev.yaml").write_text(f"encryptionsalt: {SALT.salt}\nconfig:\n  fleet:region: eu\n")
        shutil.copy(STANDIN / "things.py", root / "things.py")

    def write(self, program: str) -> None:
        """Write the program."""
        (self.root / "__main__.py").write_text(f"from things import *\nimport pulumi\n{program}")

    def run(self, operation: Any, **options: Any) -> Outcome:
        """Run the engine."""
        engine = EmbeddedEngine(factories=self.factories, environ=self.environ, disk=self.disk)
        return engine.run(operation, Options(stack="dev", project=self.root, **options))

    def ops(self, operation: Any, **options: Any) -> dict[str, str]:
        """Run the engine; return what it did by name, but for what stayed the same."""
        outcome = self.run(operation, **options)
        assert "succeeded" == outcome.result, outcome.diagnostics
        return {step.name: step.op for step in outcome.steps if step.op != "same"}

    @property
    def checkpoint(self) -> Path:
        return self.root / ".pulumi" / "stacks" / "fleet" / "dev.json"

    @property
    def journal(self) -> Path:
        return self.root / ".pulumi" / "journals" / "fleet" / "dev.jsonl"

    def leave_pending(
        self, kind: str, name: str, *, as_name: str = "", attempts: int = 1, **inputs: Any
    ) -> None:
        """Record an operation on a resource as pending, as a run leaves it that is killed.

        Args:
            kind: ``creating updating deleting reading importing``.
            name: A resource that is on record.
            as_name: The name of the pending resource, where that is another.
            attempts: How many runs were killed so.
            inputs: What it was to have in place of what is on record.
        """
        document = json.loads(self.checkpoint.read_text())
        latest = document["checkpoint"]["latest"]
        resource = next(item for item in latest["resources"] if item["urn"].endswith(f"::{name}"))
        pending = {**resource, "inputs": {**resource["inputs"], **inputs}}
        if as_name:
            pending["urn"] = resource["urn"].removesuffix(name) + as_name
            del pending["id"]
        latest["pending_operations"] = [{"resource": pending, "type": kind}] * attempts
        self.checkpoint.write_text(json.dumps(document))

    def things(self) -> list[str]:
        """Return the ids of what exists."""
        return sorted(path.stem for path in (self.root / ".standin" / "things").glob("*.json"))

    def recorded(self) -> list[str]:
        """Return the names of what the checkpoint holds, but for the stack and providers."""
        latest = json.loads(self.checkpoint.read_text())["checkpoint"]["latest"]
        return sorted(
            item["urn"].rsplit("::", 1)[-1]
            for item in latest.get("resources", [])
            if not item["type"].startswith("pulumi:")
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a stack that was never brought up."""
    return Project(tmp_path)
