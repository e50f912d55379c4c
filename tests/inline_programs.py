"""The Pulumi CLI with the program in this process: it needs no language host, and starts a second faster."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from edgefleet.engine.api import OnEvent, Options
from edgefleet.engine.pulumi_cli import PulumiCli, find_command
from edgefleet.model.steps import Operation, Outcome
from pulumi_embedded import program as programs
from pulumi_embedded.project import open_project

NO_CLI = "needs the Pulumi CLI, 3.229 or newer, on PATH: `make test-parity` builds it"


@cache
def require_cli() -> automation.PulumiCommand:
    """The CLI; the test is skipped where there is none."""
    command = find_command()
    if command is None:
        pytest.skip(NO_CLI)
    return command


class InlineCli(PulumiCli):
    """The CLI for the project in `root`; its program runs as an inline program of the Automation API."""

    def __init__(self, root: Path, **options: Any) -> None:
        self._file = open_project(root, options.get("environ") or {}).program
        super().__init__(program=programs._load(self._file), **options)

    def run(self, operation: Operation, options: Options, on_event: OnEvent | None = None) -> Outcome:
        """Run it, with the path and the modules of a program of its own."""
        with programs._as_main(self._file):
            return super().run(operation, options, on_event)
