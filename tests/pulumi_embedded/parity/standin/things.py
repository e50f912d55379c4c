"""What the scenarios' programs are made of: things and groups of the stand-in provider."""

from typing import Any

import pulumi
from pulumi import Config, InvokeOptions, Output, ResourceOptions, export  # noqa: F401 - for the programs

Opts = ResourceOptions


class Thing(pulumi.CustomResource):
    """Something that the stand-in keeps."""

    serial: Output[str]
    value: Output[Any]

    def __init__(self, name: str, props: dict[str, Any] | None = None, opts: Opts | None = None) -> None:
        wanted = {"serial": None, "value": None, **(props or {})}
        super().__init__("example:test:Thing", name, wanted, opts)


class Group(pulumi.ComponentResource):
    """A component."""

    def __init__(self, name: str, opts: Opts | None = None) -> None:
        super().__init__("example:test:Group", name, {}, opts)


class Cloud(pulumi.ProviderResource):
    """An explicit provider."""

    def __init__(self, name: str, props: dict[str, Any], opts: Opts | None = None) -> None:
        super().__init__("example", name, props, opts)


def found(name: str, id_: str) -> Thing:
    """Look a thing up by its id."""
    return Thing(name, {}, Opts(id=id_))
