"""The provider's own configuration: which cloud, and with whose rights."""

from pathlib import Path
from typing import Any, Protocol

from edgefleet.io import emulator
from edgefleet.io.aws import Aws
from edgefleet.io.clock import Clock, RealClock
from edgefleet.io.emulator import Emulator
from edgefleet.io.environment import Environment
from edgefleet.model import strict_json
from edgefleet.model.cloud import EMULATED, Cloud
from edgefleet.model.spec import spec
from edgefleet.model.type_introspection import at

OWN = frozenset({"version", "pluginDownloadURL", "__internal"})
"""Inputs of every provider that are for the engine, not for the provider."""


@spec
class Config(Cloud):
    """Configuration of an edgefleet provider; credentials come from AWS's standard environment and files."""

    holder: str = ""
    """What tells apart two stacks of one name in one account: a digest made of the stack's secret."""


class Starter(Protocol):
    """Finds or starts the emulated cloud of a project."""

    def __call__(self, project: Path, /) -> Emulator:
        """The running one."""
        ...


def connect(
    config: Config, project: Path, start: Starter = emulator.ensure, clock: Clock | None = None
) -> tuple[Environment, str]:
    """The environment that `config` names, and a warning if the emulated cloud was lost, else "".

    Raises:
        OutsideFailure: the emulated cloud does not start.
        Refused: the account is not one that the configuration allows.
    """
    clock = clock or RealClock()
    running = start(project) if config.endpoint == EMULATED else None
    aws = Aws.emulated(running.url, config.region, cloud=config) if running else Aws(config)
    aws.require_account()
    environment = Environment(project=project, aws=aws, clock=clock, holder=config.holder)
    lost = (
        "the emulated cloud of this project had stopped and its resources are gone; a new one is "
        "running: run refresh, then up to recreate them"
    )
    return environment, lost if running and running.was_lost else ""


def settings(values: dict[str, Any]) -> dict[str, Any]:
    """The provider's own part of its inputs; a list or map may come as JSON, as from stack configuration."""
    return {name: _read(name, value) for name, value in values.items() if name not in OWN}


def _read(name: str, value: Any) -> Any:
    shape = at(Config, (name,))
    if not isinstance(value, str) or shape is None or shape.bare is str:
        return value
    try:
        return strict_json.parse(value.encode())
    except ValueError:
        return value  # reported as what it is: a text
