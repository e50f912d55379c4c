"""Choose an engine: the named one, else the CLI if there is one, else the embedded one."""

from typing import Literal

from edgefleet.engine.api import Engine
from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.engine.pulumi_cli import PulumiCli, find_command


def choose(name: Literal["auto", "pulumi", "local"] = "auto") -> Engine:
    """Return an engine; ``auto`` takes the CLI if it is on PATH and new enough."""
    command = None if name == "local" else find_command()
    return PulumiCli(command=command) if command is not None or name == "pulumi" else EmbeddedEngine()
