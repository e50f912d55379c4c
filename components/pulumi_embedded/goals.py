"""Registrations, read once into plain fields; unsupported features are refused here."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pulumi_embedded.checkpoint import PROVIDER_PREFIX, State
from pulumi_embedded.errors import Problem, Refused
from pulumi_embedded.project import CLI_HINT
from pulumi_embedded.values import SIGNATURE, UNSUPPORTED, Bag, unsupported

_REFUSED = {
    "remote": "a component of another package",
    "transforms": "transforms",
    "replace_with": "replaceWith",
    "state_migrations": "state migrations",
    "packageRef": "a parameterized package",
    "envVarMappings": "environment variable mappings",
    "pluginDownloadURL": "pluginDownloadURL",
}
_INHERITED = ("protect", "retain_on_delete", "deleted_with")
"""Options that a child takes from its parent unless it sets them itself."""
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)")


@dataclass(slots=True, kw_only=True)
class Goal:
    """The declared form of a resource."""

    type: str
    name: str
    custom: bool
    inputs: Bag
    parent: str = ""
    provider: str = ""
    """Reference of an explicit provider, else empty."""
    version: str = ""
    """Version of the plugin that the program asks for, if any."""
    delete_before_replace: bool | None = None
    aliases: list[Any] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    """Fields of `State` that the program sets."""

    @property
    def package(self) -> str:
        """Package of the type token."""
        return self.type.removeprefix(PROVIDER_PREFIX).partition(":")[0]

    @property
    def is_provider(self) -> bool:
        """Return whether this is an explicit provider."""
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def handed_down(self) -> dict[str, Any]:
        """Options that children inherit (the CLI's ``inheritFromParent``); the SDK hands providers down."""
        return {name: self.options[name] for name in _INHERITED if name in self.options}

    def state(self, urn: str, parent: str) -> State:
        """Return the state that would be, but for what a provider adds."""
        return State(
            urn=urn, type=self.type, custom=self.custom, inputs=self.inputs, parent=parent, **self.options
        )


def read_goal(request: Any, root: Path, instead_of: Callable[[str], str] = lambda _: "") -> Goal:
    """Read a RegisterResourceRequest.

    Args:
        request: The protobuf message.
        root: The project's folder; source positions are relative to it.
        instead_of: Returns what to use in place of a remote component of this type, if anybody knows.

    Raises:
        Refused: it uses an unsupported feature.
    """
    _refuse(request, instead_of)
    inputs = Bag(struct=request.object)
    if request.version and request.type.startswith(PROVIDER_PREFIX):
        inputs = with_version(inputs, request.version)
    _refuse_values(request, inputs)
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=inputs,
        parent=request.parent,
        provider=request.provider,
        version=request.version,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        aliases=[*request.aliases, *request.aliasURNs],
        options={
            **_inherited(request),
            "dependencies": tuple(sorted(request.dependencies)),
            "property_dependencies": {
                key: sorted(deps.urns) for key, deps in sorted(request.propertyDependencies.items())
            },
            "ignore_changes": tuple(request.ignoreChanges),
            "replace_on_changes": tuple(request.replaceOnChanges),
            "additional_secret_outputs": tuple(request.additionalSecretOutputs),
            "custom_timeouts": _timeouts(request),
            "hide_diff": tuple(request.hideDiffs),
            "import_id": request.importId,
            "source_position": source_position(request, root),
        },
    )


def with_version(inputs: Bag, version: str) -> Bag:
    """Return a provider's inputs with its plugin's version, as the CLI does (``SetProviderVersion``)."""
    return Bag({"__internal": {}, **inputs.data, "version": version})


def _inherited(request: Any) -> dict[str, Any]:
    """Return the options that the program sets here itself."""
    options = {"deleted_with": request.deletedWith} if request.deletedWith else {}
    if request.HasField("protect"):
        options["protect"] = request.protect
    if request.HasField("retainOnDelete"):
        options["retain_on_delete"] = request.retainOnDelete
    return options


def source_position(request: Any, root: Path) -> str:
    """Return the position of the registration in the CLI's form: ``project:///__main__.py#12``."""
    position = request.sourcePosition
    if not position.uri.startswith("file:"):
        return ""
    path = unquote(urlsplit(position.uri).path)
    column = f",{position.column}" if position.column else ""
    return f"project:///{os.path.relpath(path, root)}#{position.line}{column}"


def _refuse(request: Any, instead_of: Callable[[str], str]) -> None:
    features = [words for name, words in _REFUSED.items() if getattr(request, name)]
    if request.HasField("replacement_trigger"):
        features.append("replacementTrigger")
    if request.HasField("hooks") and request.hooks.ByteSize():
        features.append("resource hooks")
    if request.custom and request.type.startswith("pulumi:") and not request.type.startswith(PROVIDER_PREFIX):
        features.append(f"the engine's own resource {request.type}")
    if features:
        hint = instead_of(request.type) if request.remote else ""
        raise _refused(request, ", ".join(features), hint or CLI_HINT)


def _refuse_values(request: Any, inputs: Bag) -> None:
    """Refuse assets and archives; only bags with some signature are looked through."""
    wire = request.object.SerializeToString()
    if SIGNATURE.encode() in wire and any(kind.encode() in wire for kind in UNSUPPORTED):
        found = unsupported(inputs.data)
        if found:
            raise _refused(request, found)


def _refused(request: Any, features: str, hint: str = CLI_HINT) -> Refused:
    return Refused(
        Problem(
            path=f"{request.type} {request.name}",
            problem=f"uses {features}, which the embedded engine does not handle",
            hint=hint,
            code="unsupported",
        )
    )


def _timeouts(request: Any) -> dict[str, float] | None:
    if not request.HasField("customTimeouts"):
        return None
    timeouts = request.customTimeouts
    found = {name: seconds(getattr(timeouts, name)) for name in ("create", "update", "delete", "read")}
    return {name: value for name, value in found.items() if value} or None


def seconds(text: str) -> float:
    """Return a Go duration (``1h30m``) in seconds; an empty one is 0."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))
