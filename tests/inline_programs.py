"""The Pulumi CLI with the program in this process: it needs no language host, and starts a second faster."""

from pathlib import Path
from typing import Any

from edgefleet.engine.api import OnEvent, Options
from edgefleet.engine.pulumi_cli import PulumiCli
from edgefleet.model.steps import Operation, Outcome
from pulumi_embedded import program as programs
from pulumi_embedded.project import open_project


class InlineCli(PulumiCli):
    """The CLI for the project in `root`; its program runs as an inline program of the Automation API."""

    def __init__(self, root: Path, **options: Any) -> None:
        self._file = open_project(root, {}).program
        super().__init__(program=programs._load(self._file), **options)

    def run(self, operation: Operation, options: Options, on_event: OnEvent | None = None) -> Outcome:
        """Run it, with the path and the modules of a program of its own."""
        with programs._as_main(self._file):
            return super().run(operation, options, on_event)
