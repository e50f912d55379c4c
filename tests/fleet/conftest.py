"""`record`: run a program against Pulumi's mocks and give back what it registered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, stack
from pulumi.runtime.settings import SETTINGS

from edgefleet.model.site_resource import TOKEN


@dataclass(frozen=True)
class Registered:
    """One registration: what a state file would hold of it."""

    type: str
    name: str
    inputs: dict[str, Any] = field(repr=False)
    request: Any = field(default=None, repr=False, compare=False)
    """As the engine gets it."""


@dataclass
class Recorder(mocks.Mocks):
    """A world in which every resource is made at once; keeps what was requested."""

    registered: list[Registered] = field(default_factory=list)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Keep the registration, give back its inputs as outputs, and of a site its release."""
        self.registered.append(Registered(args.typ, args.name, args.inputs))
        release = {"release": {"digest": f"sha256:{'a' * 64}"}} if args.typ == TOKEN else {}
        return f"{args.name}-id", {**args.inputs, **release}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """No program here calls a function."""
        raise LookupError(args.token)


class Monitor(mocks.MockMonitor):
    """Keeps the requests, too."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self.requests: dict[tuple[str, str], Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Keep the request."""
        self.requests[request.type, request.name] = request
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # Pulumi's


Record = Callable[..., list[Registered]]


@pytest.fixture(scope="session")
def record() -> Record:
    """``record(program, config={...}, preview=...)``: everything `program` registers, in order of name.

    The program's own exception is raised here: a failed assertion inside it fails the test.
    """

    def run(
        program: Callable[[], object], *, config: dict[str, str] | None = None, preview: bool = False
    ) -> list[Registered]:
        recorder = Recorder()
        monitor = Monitor(recorder)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            SETTINGS.rpc_manager.clear()
            SETTINGS.outputs.clear()
            mocks.set_mocks(recorder, project="fleet", stack="test", preview=preview, monitor=monitor)
            pulumi.runtime.set_all_config(config or {}, list(config or {}))

            def checked() -> None:
                program()

            loop.run_until_complete(stack.run_pulumi_func(checked))
        finally:
            for task in (left := asyncio.all_tasks(loop)):  # of a program that raised
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.close()
        found = [
            replace(each, request=monitor.requests.get((each.type, each.name)))
            for each in recorder.registered
        ]
        return sorted(found, key=lambda found: (found.type, found.name))

    return run
