"""Drives one kind as an engine does: the same messages, in the same order, and a state of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import provider_pb2 as proto
from tests.cloud.rows.row import Inputs

from edgefleet.cloud.base import CloudResource
from edgefleet.errors import EdgefleetError, InvalidInput
from edgefleet.io.environment import Environment, Incomplete
from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.lifecycle import Lifecycle
from edgefleet.provider.properties import decode, encode, plain


@dataclass
class State:
    """A resource on record."""

    id: str
    inputs: Inputs
    outputs: dict[str, Any]
    is_incomplete: bool = False


@dataclass
class Driver:
    """One resource of a stack, and the state that an engine would hold of it."""

    resource: CloudResource
    environment: Environment
    state: State | None = None
    stack: str = "dev"
    name: str = "hub"
    """Name in the program."""
    _lifecycle: Lifecycle = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    @property
    def urn(self) -> str:
        return f"urn:pulumi:{self.stack}::fleet::{self.resource.TOKEN}::{self.name}"

    def beside(self, name: str) -> "Driver":
        """Another resource of the same kind in the same run, called `name`."""
        other = Driver(self.resource, self.environment, stack=self.stack, name=name)
        other._lifecycle = self._lifecycle
        return other

    def restart(self) -> None:
        """Another process: nothing is remembered but the state."""
        self._lifecycle = Lifecycle(self.resource)

    def check(self, inputs: Inputs) -> list[str]:
        """Failures of the inputs, ``path: reason``."""
        olds = encode(self.state.inputs) if self.state else None
        request = proto.CheckRequest(urn=self.urn, news=encode(inputs), olds=olds)
        checked = self._lifecycle.check(request, self.environment.warn)
        return [f"{failure.property}: {failure.reason}" for failure in checked.failures]

    def diff(self, inputs: Inputs) -> proto.DiffResponse:
        assert self.state is not None
        request = proto.DiffRequest(
            id=self.state.id,
            urn=self.urn,
            olds=encode(self.state.outputs),
            news=encode(inputs),
            old_inputs=encode(self.state.inputs),
        )
        return self._lifecycle.diff(request)

    def preview(self, inputs: Inputs) -> dict[str, Any]:
        """Outputs as a preview has them: those that are certain."""
        if self.state is None:
            request = proto.CreateRequest(urn=self.urn, properties=encode(inputs), preview=True)
            answer = decode(self._lifecycle.create(request, self.environment).properties)
        else:
            update = proto.UpdateRequest(
                id=self.state.id,
                urn=self.urn,
                olds=encode(self.state.outputs),
                news=encode(inputs),
                old_inputs=encode(self.state.inputs),
                preview=True,
            )
            answer = decode(self._lifecycle.update(update, self.environment).properties)
        return {name: value for name, value in plain(answer).items() if value is not UNKNOWN}

    def up(self, inputs: Inputs) -> str:
        """Bring it to `inputs`: what was done, ``create``, ``update``, ``replace`` or ``same``."""
        self._lifecycle.begin()
        return self.go_on(inputs)

    def take(self, identity: str, inputs: Inputs) -> str:
        """Import `identity` with the program's `inputs`, in a run that is under way."""
        self.state = self.imported(identity)
        assert self.state is not None
        return self.go_on(inputs)

    def go_on(self, inputs: Inputs) -> str:
        """As `up`, in a run that is under way."""
        if failures := self.check(inputs):
            raise AssertionError(failures)
        if self.state is None:
            self._create(inputs)
            return "create"
        found = self.diff(inputs)
        if found.replaces:
            self._replace(inputs, old_first=found.deleteBeforeReplace)
            return "replace"
        if found.changes == proto.DiffResponse.DIFF_NONE and not self.state.is_incomplete:
            return "same"
        self._update(inputs)
        return "update"

    def refresh(self) -> None:
        """Look at how it is."""
        assert self.state is not None
        state = self.state
        found = self._read(state.id, state.inputs, state.outputs)
        if found is not None:
            found.is_incomplete = state.is_incomplete
        self.state = found

    def imported(self, identity: str) -> State | None:
        """What an import of `identity` records."""
        return self._read(identity, {}, {})

    def destroy(self) -> None:
        """Remove it."""
        self._lifecycle.begin()
        self.leave()

    def leave(self) -> None:
        """Remove it in a run that is under way: it is no longer in the program."""
        assert self.state is not None
        self._delete(self.state)
        self.state = None

    def create(self, request: proto.CreateRequest) -> proto.CreateResponse:
        """Answer to one call."""
        return self._lifecycle.create(request, self.environment)

    def _create(self, inputs: Inputs) -> None:
        try:
            answer = self.create(proto.CreateRequest(urn=self.urn, properties=encode(inputs)))
        except Incomplete as error:
            outputs = self._lifecycle.outputs(error.outputs)
            self.state = State(error.id, inputs, outputs, is_incomplete=True)
            raise
        self.state = State(answer.id, inputs, plain(decode(answer.properties)))

    def _update(self, inputs: Inputs) -> None:
        assert self.state is not None
        old = self.state
        request = proto.UpdateRequest(
            id=old.id,
            urn=self.urn,
            olds=encode(old.outputs),
            news=encode(inputs),
            old_inputs=encode(old.inputs),
        )
        try:
            answer = self._lifecycle.update(request, self.environment)
        except Incomplete as error:
            outputs = self._lifecycle.outputs(error.outputs)
            self.state = State(old.id, inputs, outputs, is_incomplete=True)
            raise
        self.state = State(old.id, inputs, plain(decode(answer.properties)))

    def _replace(self, inputs: Inputs, *, old_first: bool) -> None:
        assert self.state is not None
        old = self.state
        if old_first:
            self._delete(old)
            self.state = None
            self._create(inputs)
        else:
            self._create(inputs)
            self._delete(old)

    def _read(self, identity: str, inputs: Inputs, outputs: Mapping[str, Any]) -> State | None:
        request = proto.ReadRequest(
            id=identity, urn=self.urn, inputs=encode(inputs), properties=encode(dict(outputs))
        )
        answer = self._lifecycle.read(request, self.environment)
        if not answer.id:
            return None
        return State(answer.id, plain(decode(answer.inputs)), plain(decode(answer.properties)))

    def _delete(self, state: State) -> None:
        request = proto.DeleteRequest(
            id=state.id,
            urn=self.urn,
            properties=encode(state.outputs),
            old_inputs=encode(state.inputs),
        )
        self._lifecycle.delete(request, self.environment)


def attempt(driver: Driver, inputs: Inputs) -> EdgefleetError | None:
    """What an up raises; a wrong input is no failure of the cloud and is not caught."""
    try:
        driver.up(inputs)
    except InvalidInput:
        raise
    except EdgefleetError as error:
        return error
    return None
