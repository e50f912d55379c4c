"""Calls to a provider's servicer in this process, with the messages that the CLI would send it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol, runtime_checkable

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import provider_pb2

from pulumi_embedded.checkpoint import State
from pulumi_embedded.provider_call import ProviderError, call
from pulumi_embedded.values import Bag, reveal

_KINDS = {
    provider_pb2.PropertyDiff.ADD: "add",
    provider_pb2.PropertyDiff.ADD_REPLACE: "add-replace",
    provider_pb2.PropertyDiff.DELETE: "delete",
    provider_pb2.PropertyDiff.DELETE_REPLACE: "delete-replace",
    provider_pb2.PropertyDiff.UPDATE: "update",
    provider_pb2.PropertyDiff.UPDATE_REPLACE: "update-replace",
}
_SEED = os.urandom(32)
"""One draw for the life of a process: drawing for each resource lets every waiting thread in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """A provider's answer about a change."""

    changes: bool | None
    """None if it does not know."""
    replaces: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()
    detailed: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Property path -> (kind as in events, whether inputs are compared)."""
    delete_before_replace: bool = False

    @property
    def is_replace(self) -> bool:
        """Return whether the change needs another resource."""
        return bool(self.replaces) or any(kind.endswith("replace") for kind, _ in self.detailed.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Checked inputs, and their failures: (property, reason)."""

    inputs: Bag
    failures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A provider's live state; an empty id if the resource does not exist."""

    id: str
    outputs: Bag
    inputs: Bag | None


class Lifecycle(Protocol):
    """The calls of the engine to the manager of a resource."""

    def check(self, urn: str, olds: Bag | None, news: Bag) -> Checked:
        """Check and complete inputs."""

    def diff(self, old: State, new: State) -> Diff:
        """Return the effect of a change."""

    def create(self, new: State, *, preview: bool) -> tuple[str, Bag]:
        """Create it; return its id and outputs."""

    def update(self, old: State, new: State, *, preview: bool) -> Bag:
        """Update it in place; return its outputs."""

    def delete(self, old: State) -> None:
        """Delete it; success if it does not exist."""

    def read(self, state: State) -> Read:
        """Look it up."""


class Client:
    """One instance of a provider, configured once, with the calls of its resources."""

    def __init__(self, servicer: Any) -> None:
        self._servicer = servicer
        self._is_configured = False

    def check_config(self, urn: str, olds: Bag | None, news: Bag) -> Checked:
        """Check the provider's own configuration."""
        request = provider_pb2.CheckRequest(urn=urn, name=_name(urn), type=_type(urn), news=news.struct)
        if olds is not None:
            request.olds.CopyFrom(olds.struct)
        return _checked(self._call("CheckConfig", request))

    def diff_config(self, urn: str, olds: tuple[Bag, Bag], news: Bag) -> Diff:
        """Compare configurations; `olds` are inputs and outputs."""
        request = provider_pb2.DiffRequest(
            urn=urn,
            name=_name(urn),
            type=_type(urn),
            old_inputs=olds[0].struct,
            olds=olds[1].struct,
            news=news.struct,
        )
        return _diff(self._call("DiffConfig", request))

    def configure(self, urn: str, id_: str, inputs: Bag) -> None:
        """Configure the provider."""
        request = provider_pb2.ConfigureRequest(
            args=inputs.struct,
            variables={key: value for key, value in reveal(inputs.data).items() if isinstance(value, str)},
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            id=id_,
            urn=urn,
            name=_name(urn),
            type=_type(urn),
        )
        response = self._call("Configure", request)
        if not (response.acceptSecrets and response.supportsPreview):
            raise ProviderError(
                "the embedded engine needs a provider that accepts secrets and supports preview"
            )
        self._is_configured = True

    def check(self, urn: str, olds: Bag | None, news: Bag) -> Checked:
        """Check and complete a resource's inputs."""
        if not self._is_configured:
            return Checked(inputs=news)
        request = provider_pb2.CheckRequest(
            urn=urn,
            name=_name(urn),
            type=_type(urn),
            news=news.struct,
            randomSeed=sha256(_SEED + urn.encode()).digest(),
        )
        if olds is not None:
            request.olds.CopyFrom(olds.struct)
        return _checked(self._call("Check", request))

    def diff(self, old: State, new: State) -> Diff:
        """Return the effect of a change from one state's inputs to another's."""
        if not self._is_configured:
            return Diff(changes=None)
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=new.urn,
            name=_name(new.urn),
            type=_type(new.urn),
            olds=old.outputs.struct,
            old_inputs=old.inputs.struct,
            news=new.inputs.struct,
            ignoreChanges=new.ignore_changes,
        )
        return _diff(self._call("Diff", request))

    def create(self, new: State, *, preview: bool) -> tuple[str, Bag]:
        """Create a resource."""
        if not self._is_configured:
            return "", Bag()
        request = provider_pb2.CreateRequest(
            urn=new.urn,
            name=_name(new.urn),
            type=_type(new.urn),
            properties=new.inputs.struct,
            timeout=_timeout(new, "create"),
            preview=preview,
        )
        response = self._call("Create", request, request.timeout)
        if not preview and not response.id:
            raise ProviderError("the provider did not return an id from Create")
        return response.id, Bag(struct=response.properties)

    def update(self, old: State, new: State, *, preview: bool) -> Bag:
        """Update a resource in place."""
        if not self._is_configured:
            return Bag()
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=new.urn,
            name=_name(new.urn),
            type=_type(new.urn),
            olds=old.outputs.struct,
            old_inputs=old.inputs.struct,
            news=new.inputs.struct,
            timeout=_timeout(new, "update"),
            ignoreChanges=new.ignore_changes,
            preview=preview,
        )
        return Bag(struct=self._call("Update", request, request.timeout).properties)

    def delete(self, old: State) -> None:
        """Delete a resource."""
        request = provider_pb2.DeleteRequest(
            id=old.id,
            urn=old.urn,
            name=_name(old.urn),
            type=_type(old.urn),
            properties=old.outputs.struct,
            old_inputs=old.inputs.struct,
            timeout=_timeout(old, "delete"),
        )
        self._call("Delete", request, request.timeout)

    def read(self, state: State) -> Read:
        """Look a resource up."""
        request = provider_pb2.ReadRequest(
            id=state.id,
            urn=state.urn,
            name=_name(state.urn),
            type=_type(state.urn),
            properties=state.outputs.struct,
            inputs=state.inputs.struct,
        )
        response = self._call("Read", request, _timeout(state, "read"))
        inputs = Bag(struct=response.inputs) if response.HasField("inputs") else None
        return Read(id=response.id, outputs=Bag(struct=response.properties), inputs=inputs)

    def invoke(self, token: str, args: struct_pb2.Struct, *, preview: bool) -> Any:
        """Call a function of the provider; returns its protobuf response."""
        return self._call("Invoke", provider_pb2.InvokeRequest(tok=token, args=args, preview=preview))

    def version(self) -> str:
        """Return the version of the plugin; empty if it states none."""
        return str(self._call("GetPluginInfo", empty_pb2.Empty()).version)

    def _call(self, name: str, request: Any, timeout: float = 0) -> Any:
        return call(self._servicer, name, request, timeout)


def _checked(response: Any) -> Checked:
    failures = tuple((failure.property, failure.reason) for failure in response.failures)
    return Checked(inputs=Bag(struct=response.inputs), failures=failures)


def _diff(response: Any) -> Diff:
    unknown, none = provider_pb2.DiffResponse.DIFF_UNKNOWN, provider_pb2.DiffResponse.DIFF_NONE
    if response.changes == none:
        return Diff(changes=False)
    return Diff(
        changes=None if response.changes == unknown else True,
        replaces=tuple(response.replaces),
        diffs=tuple(response.diffs),
        detailed={
            path: (_KINDS.get(diff.kind, "update"), diff.inputDiff)
            for path, diff in response.detailedDiff.items()
        },
        delete_before_replace=response.deleteBeforeReplace,
    )


def _timeout(state: State, call: str) -> float:
    return (state.custom_timeouts or {}).get(call, 0.0)


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


@runtime_checkable
class CallsEngine(Protocol):
    """A servicer that calls the engine in its turn."""

    def attach_engine(self, engine: Any) -> None:
        """Take the engine: an object with the method ``Log`` of the protocol's ``Engine`` service."""


@runtime_checkable
class Recommends(Protocol):
    """A servicer that knows what to use in place of components that it does not build."""

    def instead_of(self, token: str) -> str:
        """Return what to use in place of the type; empty if it does not know."""


Factory = Callable[[], Any]
"""Creates a servicer of a package."""
