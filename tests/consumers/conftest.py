"""Projects that use edgefleet as anybody's program does; each runs in a copy outside the checkout."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import pytest

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
collect_ignore = ["python", "typescript", "yaml"]


@dataclass(frozen=True)
class Project:
    """A copy of one of the projects."""

    root: Path
    bin: Path = BIN
    """Of the environment in which edgefleet is installed."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Added to those of this process."""

    def with_environment(self, folder: Path, home: Path) -> Self:
        """The same with another virtual environment, for a user with an empty home."""
        home.mkdir()
        return replace(self, bin=folder / "bin", variables={"HOME": str(home), "PULUMI_HOME": str(home)})

    def run(self, *command: str, **variables: str) -> str:
        """Run a program in it; returns what it prints, and fails with that if the program fails."""
        others = ("PULUMI_", "AWS_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        path = os.pathsep.join([str(self.bin), kept["PATH"]])
        done = subprocess.run(
            command,
            cwd=self.root,
            env=kept | {"PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "1"} | {**self.variables} | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    def commands(self) -> list[str]:
        """The commands of its README, without their comments."""
        blocks = re.findall(
            r"^```\n(.*?)^```$", (self.root / "README.md").read_text(), re.MULTILINE | re.DOTALL
        )
        lines = [line.partition(" # ")[0].strip() for block in blocks for line in block.splitlines()]
        return [line for line in lines if line]

    def run_as_written(self, command: str) -> str:
        """Run a line of a shell in it; nobody is there to answer questions."""
        answers = {"PULUMI_CONFIG_PASSPHRASE": "of a test", "PULUMI_SKIP_CONFIRMATIONS": "true"}
        return self.run("bash", "-o", "pipefail", "-c", command, **answers)


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Project]:
    """``project("python")``: a copy of the project in that language."""

    def copied(language: str) -> Project:
        ignored = shutil.ignore_patterns("__pycache__", "node_modules", ".edgefleet", ".pulumi")
        return Project(Path(shutil.copytree(HERE / language, tmp_path / "shops", ignore=ignored)))

    return copied
