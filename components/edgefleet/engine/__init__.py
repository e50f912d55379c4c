"""Two engines, one program: the Pulumi CLI, and the embedded one where it is absent."""

from edgefleet.engine.api import Engine, OnEvent, Options, Resource, StackState
from edgefleet.engine.choosing import choose
from edgefleet.engine.embedded import Local
from edgefleet.engine.pulumi_cli import PulumiCli
from edgefleet.engine.translating import Collector

__all__ = [
    "Collector",
    "Engine",
    "Local",
    "OnEvent",
    "Options",
    "PulumiCli",
    "Resource",
    "StackState",
    "choose",
]
