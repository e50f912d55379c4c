"""Ctrl-C while the CLI runs: it has the interrupt itself, ends its steps, and its events are the outcome."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi.automation import CommandError, CommandResult, PulumiCommand
from semver import VersionInfo

from edgefleet.engine.api import Options
from edgefleet.engine.pulumi_cli import PulumiCli


class InterruptedCommand(PulumiCommand):
    """A CLI that is interrupted during an up."""

    def __init__(self) -> None:
        self.command, self.version = "pulumi", VersionInfo(3, 276, 0)

    def run(
        self, args: list[str], cwd: str, additional_env: Mapping[str, str], *_: Any, **__: Any
    ) -> CommandResult:
        """Answer all but an up."""
        del cwd, additional_env
        if "up" not in args:
            return CommandResult(stdout="{}", stderr="", code=0)
        os.kill(os.getpid(), signal.SIGINT)
        raise CommandError(CommandResult(stdout="", stderr="error: update canceled", code=255))


def test_an_interrupted_run_of_the_cli_is_cancelled(tmp_path: Path) -> None:
    """This process waits for the CLI, reports what it did, and takes interrupts as before afterwards."""
    (tmp_path / "Pulumi.yaml").write_text("name: shops\nruntime: python\n")
    before = signal.getsignal(signal.SIGINT)
    outcome = PulumiCli(command=InterruptedCommand()).run("up", Options(stack="dev", project=tmp_path))
    assert ("cancelled", ()) == (outcome.result, outcome.steps)
    assert before == signal.getsignal(signal.SIGINT)
