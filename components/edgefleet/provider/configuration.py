"""The provider's own configuration: which cloud, and with whose rights."""

from pathlib import Path
from typing import Annotated, Any, Protocol

from edgefleet.errors import Problem
from edgefleet.io import emulator
from edgefleet.io.aws import Aws
from edgefleet.io.clock import Clock, RealClock
from edgefleet.io.emulator import Emulator
from edgefleet.io.environment import Environment
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

EMULATED = "emulated"
OWN = frozenset({"version", "pluginDownloadURL", "__internal"})
"""Inputs of every provider that are for the engine, not for the provider."""


@spec
class Config:
    """Inputs of an edgefleet provider; credentials come from AWS's standard environment and files."""

    region: Annotated[str | None, Effect.NONE] = None
    """AWS region, ``eu-central-1``; AWS's own settings decide where it is absent."""
    endpoint: Annotated[str | None, Effect.NONE] = None
    """``emulated`` for this project's emulated cloud, or the address of an AWS-like one; absent for AWS."""
    profile: Annotated[str | None, Effect.NONE] = None
    """Profile in AWS's configuration files."""
    role_arn: Annotated[str | None, Effect.NONE] = None
    """Role to assume."""
    holder: Annotated[str, Effect.NONE] = ""
    """What tells apart two stacks of one name in one account: a digest made of the stack's secret."""


class Starter(Protocol):
    """Finds or starts the emulated cloud of a project."""

    def __call__(self, project: Path, /) -> Emulator:
        """The running one."""
        ...


def inspect(config: Config) -> list[Problem]:
    """Problems of `config` beyond the types of its fields."""
    endpoint = config.endpoint
    if not isinstance(endpoint, str) or endpoint == EMULATED or endpoint.startswith(("http://", "https://")):
        return []
    hint = "write `emulated`, or an address that begins with https:// or http://"
    return [Problem(path="endpoint", problem=f"{endpoint!r} is not an endpoint", hint=hint, code="endpoint")]


def connect(
    config: Config, project: Path, start: Starter = emulator.ensure, clock: Clock | None = None
) -> tuple[Environment, str]:
    """The environment that `config` names, and a warning if the emulated cloud was lost, else "".

    Raises:
        OutsideFailure: the emulated cloud does not start.
    """
    clock = clock or RealClock()
    if config.endpoint != EMULATED:
        aws = Aws(
            region=config.region, endpoint=config.endpoint, profile=config.profile, role_arn=config.role_arn
        )
        return Environment(project=project, aws=aws, clock=clock, holder=config.holder), ""
    running = start(project)
    aws = Aws.emulated(running.url, config.region)
    environment = Environment(project=project, aws=aws, clock=clock, holder=config.holder)
    lost = (
        "the emulated cloud of this project had stopped and its resources are gone; a new one is "
        "running: run refresh, then up to recreate them"
    )
    return environment, lost if running.was_lost else ""


def settings(values: dict[str, Any]) -> dict[str, Any]:
    """The provider's own part of its inputs."""
    return {name: value for name, value in values.items() if name not in OWN}
