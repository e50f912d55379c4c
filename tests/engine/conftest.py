"""A project that the embedded engine runs with the providers that edgefleet ships."""

from pathlib import Path
from typing import Any

import pytest
from tests.pulumi_embedded.conftest import ENVIRON, SALT

from edgefleet.engine.api import Options
from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.model.steps import Outcome


class Project:
    """A project with one program."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ = ENVIRON
        (root / "Pulumi.yaml").write_text("name: shops\nruntime: python\nbackend: {url: 'file://.'}\n")
        (root / "Pulumi.dev.yaml").write_text(f"encryptionsalt: {SALT.salt}\nconfig: {{}}\n")

    def write(self, program: str) -> None:
        """Make this its program."""
        (self.root / "__main__.py").write_text(f"import edgefleet, pulumi\n{program}\n")

    def run(self, operation: Any, program: str, *, stack: str = "dev") -> Outcome:
        """Run the program."""
        self.write(program)
        return EmbeddedEngine(environ=self.environ).run(operation, Options(stack=stack, project=self.root))

    @property
    def checkpoint(self) -> Path:
        """The stack's state."""
        return self.root / ".pulumi" / "stacks" / "shops" / "dev.json"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a stack that was never brought up."""
    return Project(tmp_path)
