"""AWS resources as classes of a Pulumi program: ``from edgefleet.fleet.aws import Vpc, VpcArgs``.

A class is built on first use, and its kind is loaded with its first resource, so that a program starts fast.
Editors and mypy read `aws.pyi`, which `make schema` writes; ``help(Vpc)`` shows inputs and outputs.
"""

from typing import Any

from edgefleet.provider.python_classes import class_named, class_names


def __getattr__(name: str) -> Any:
    """Build the class called `name` on first use (PEP 562)."""
    if name.startswith("_"):
        raise AttributeError(name)
    return globals().setdefault(name, class_named(name))


def __dir__() -> list[str]:
    """The classes that can be named, for completion and ``dir()``."""
    return class_names()
