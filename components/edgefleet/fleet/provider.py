"""`Provider`: where edgefleet's resources live, which cloud and with whose rights.

Editors and mypy read `provider.pyi`, which `make schema` writes.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

from edgefleet.provider.python_classes import record


class Provider(pulumi.ProviderResource):
    """An explicit edgefleet provider."""

    settings: Mapping[str, Any]
    """Its arguments, so that a component compares them with the cloud that it declares."""

    def __init__(
        self, name: str, args: Mapping[str, Any] | None = None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        self.settings = dict(args or {})
        super().__init__("edgefleet", name, {**self.settings}, opts)


def __getattr__(name: str) -> Any:
    """Build the class of the arguments on first use (PEP 562)."""
    if name != "ProviderArgs":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from edgefleet.provider.configuration import Config  # noqa: PLC0415 - so that a program starts fast

    return globals().setdefault(name, record(name, Config))
