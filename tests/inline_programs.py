"""The Pulumi CLI with the program in this process: it needs no language host, and starts a second faster."""

from collections.abc import Iterator
from contextlib import chdir, contextmanager
from functools import cache
from pathlib import Path

import pytest
from pulumi import automation
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

from edgefleet.engine.api import OnEvent, Options
from edgefleet.engine.pulumi_cli import PulumiCli, find_command
from edgefleet.model.steps import Operation, Outcome
from pulumi_embedded import program as programs
from pulumi_embedded.project import open_project

# Hundreds of runs in one process: a port comes back, and with it the broken connection of a run that ended.
# gRPC would wait up to two minutes before it connects again: "Resource monitor has terminated".
_GRPC_CHANNEL_OPTIONS.append(("grpc.use_local_subchannel_pool", 1))
NO_CLI = "needs the Pulumi CLI, 3.229 or newer, on PATH: `make test-parity` builds it"


@cache
def require_cli() -> automation.PulumiCommand:
    """The CLI; the test is skipped where there is none."""
    command = find_command()
    if command is None:
        pytest.skip(NO_CLI)
    return command


class InlineCli(PulumiCli):
    """The CLI; the project's program runs as an inline program of the Automation API."""

    @contextmanager
    def as_program(self, root: Path) -> Iterator[None]:
        """The working directory, the path and the modules of the program of the project in `root`."""
        project = open_project(root, self._environ or {})
        self._program = programs._load(project.program)
        with programs._as_main(project.program), chdir(project.folder):
            yield

    def run(self, operation: Operation, options: Options, on_event: OnEvent | None = None) -> Outcome:
        """Run it as a program of its own."""
        with self.as_program(options.project):
            return super().run(operation, options, on_event)
