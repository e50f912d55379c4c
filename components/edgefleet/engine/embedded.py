"""The embedded engine as an `Engine`."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from edgefleet.engine.api import OnEvent, Options, Resource, StackState
from edgefleet.engine.configuration import with_passphrase
from edgefleet.engine.errors import translated
from edgefleet.engine.outcomes import Collector, Shown
from edgefleet.errors import EdgefleetError
from edgefleet.model.steps import Operation, Outcome
from edgefleet.provider.servicer import Servicer
from pulumi_embedded.disk import Disk
from pulumi_embedded.run import Request, run
from pulumi_embedded.stack_loader import read_state

Factories = Mapping[str, Callable[[], Any]]


def _kubernetes() -> Any:
    from edgefleet.provider.kubernetes.servicer import KubernetesServicer  # noqa: PLC0415 - few programs use it

    return KubernetesServicer()


HOSTED: Factories = {"edgefleet": Servicer, "kubernetes": _kubernetes}


class EmbeddedEngine:
    """Runs the project in this process, with the providers that edgefleet ships."""

    name: Literal["local"] = "local"

    def __init__(
        self,
        *,
        factories: Factories | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        disk: Disk | None = None,
    ) -> None:
        self._factories: Factories = HOSTED if factories is None else factories
        self._environ = environ
        self._clock = clock
        self._disk = disk or Disk()

    def run(self, operation: Operation, options: Options, on_event: OnEvent | None = None) -> Outcome:
        """Preview, bring up, refresh or destroy a stack; see `Engine.run`."""
        started = self._clock()
        collector = Collector(on_event)
        request = Request(
            operation=operation,
            stack=options.stack,
            root=options.project,
            targets=options.targets,
            refresh=options.refresh,
            clear_pending=options.clear_pending and operation == "refresh",
            parallel=options.parallel,
            environ=self._variables(options),
            disk=self._disk,
            clear_command=f"edgefleet refresh -s {options.stack} --clear-pending-creates",
            passes=(EdgefleetError,),
        )
        with translated(options.stack):
            ended = run(request, self._factories, collector)
        return collector.outcome(
            "local", options.stack, operation, result=ended.result, seconds=self._clock() - started
        )

    def state(self, options: Options, *, show_secrets: bool = False) -> StackState:
        """Return a stack's state; see `Engine.state`."""
        environ = self._variables(options)
        with translated(options.stack):
            states = read_state(options.project, options.stack, environ, show_secrets=show_secrets)
        return StackState(
            resources=tuple(
                Resource(
                    urn=state.urn,
                    type=state.type,
                    id=state.id,
                    inputs=Shown(inputs),
                    outputs=Shown(outputs),
                    created=state.created,
                    modified=state.modified,
                )
                for state, inputs, outputs in states
                if not state.delete
            )
        )

    def _variables(self, options: Options) -> dict[str, str]:
        return with_passphrase(os.environ if self._environ is None else self._environ, options.project)
