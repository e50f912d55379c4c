"""One preview, up, refresh or destroy by the embedded engine, from the project to its saved state."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pulumi_embedded import builtin, deletions, recovery, refresh
from pulumi_embedded.backend import Backend
from pulumi_embedded.deployment import Deployment, Stopped, Targets
from pulumi_embedded.disk import Disk
from pulumi_embedded.errors import EngineError
from pulumi_embedded.events import Emitter, OnEvent
from pulumi_embedded.interrupts import Interrupts
from pulumi_embedded.monitor import Log
from pulumi_embedded.persistence import StateWriter
from pulumi_embedded.program import run_program
from pulumi_embedded.project import Project, open_project
from pulumi_embedded.providers import Factory
from pulumi_embedded.registry import Registry
from pulumi_embedded.sdk import check_sdk, installed_sdk
from pulumi_embedded.snapshot import Snapshot
from pulumi_embedded.stack_loader import LoadedStack, load_stack, require_stack

Operation = Literal["preview", "up", "refresh", "destroy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The operation of a run and its targets."""

    operation: Operation
    stack: str
    root: Path
    """Folder of Pulumi.yaml."""
    targets: tuple[str, ...] = ()
    refresh: bool = False
    clear_pending: bool = False
    """Whether a refresh forgets creations of unknown outcome."""
    parallel: int = 16
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    disk: Disk = field(default_factory=Disk)
    clear_command: str = "pulumi refresh --clear-pending-creates"
    """The command that clears operations of unknown outcome, for messages."""
    sdk: str = field(default_factory=installed_sdk)
    """Version of the Pulumi SDK that runs the program."""
    passes: tuple[type[Exception], ...] = ()
    """Exceptions that a program may raise on purpose: they end the run and are raised unchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a run ended."""

    result: Literal["succeeded", "failed", "cancelled"]
    outputs: dict[str, Any] = field(default_factory=dict, repr=False)
    """The stack's outputs, with secrets hidden as in events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A request with its environment."""

    request: Request
    factories: Mapping[str, Factory]
    events: Emitter
    interrupts: Interrupts


def run(request: Request, factories: Mapping[str, Factory], on_event: OnEvent) -> RunResult:
    """Run an operation.

    Args:
        request: The operation.
        factories: Package -> factory of its provider's servicer.
        on_event: Gets each engine event, one at a time.

    Raises:
        InvalidInput: the project, its configuration or its program is at fault.
        OutsideFailure: the state could not be kept, or the Pulumi SDK is not a verified one.
        Refused: the stack is locked, elsewhere, or uses an unsupported feature.
    """
    check_sdk(request.sdk)
    project = open_project(request.root, request.environ)
    project.require_hosted(factories.keys())
    backend = Backend(project.state, project.name, request.stack, request.disk)
    is_preview = request.operation == "preview"
    events = Emitter(on_event, preview=is_preview)
    with Interrupts() as interrupts:
        this = _Run(request=request, factories=factories, events=events, interrupts=interrupts)
        if is_preview:
            stack = load_stack(project, backend, request.stack, request.environ)
            return _deploy(this, stack, Snapshot(stack.checkpoint, None, stack.crypter))
        require_stack(project, backend, request.stack)
        return _with_lock(this, project, backend)


def _with_lock(this: _Run, project: Project, backend: Backend) -> RunResult:
    """Run under the stack's lock; a remaining journal keeps its lock."""
    request = this.request
    backend.lock()
    try:
        stack = load_stack(project, backend, request.stack, request.environ, writes=True)
        outcome = _change(this, stack)
    except BaseException:
        if backend.journal.exists():
            backend.abandon()
        else:
            backend.unlock()
        raise
    backend.unlock()
    return outcome


def _change(this: _Run, stack: LoadedStack) -> RunResult:
    """Run with a journal, and fold it into the checkpoint at every kind of end."""
    writer = StateWriter(stack)
    snapshot = writer.begin()
    result = "failed"
    try:
        outcome = _deploy(this, stack, snapshot)
        result = "succeeded" if outcome.result == "succeeded" else "failed"
    finally:
        writer.end(snapshot)
        failure = writer.record(this.request.operation, result, this.events.counts)
        if failure is not None:
            this.events.diagnostic("warning", f"the run is done, but its history entry failed: {failure}")
    return outcome


def _deploy(this: _Run, stack: LoadedStack, snapshot: Snapshot) -> RunResult:
    request, events = this.request, this.events
    deployment = Deployment(
        project=stack.project,
        stack=request.stack,
        preview=request.operation == "preview",
        parallel=max(request.parallel, 1),
        config=stack.config,
        snapshot=snapshot,
        registry=Registry({**this.factories, **_builtin(this, stack.project)}, Log(events)),
        events=events,
        targets=Targets(request.targets),
        clear_command=request.clear_command,
        passes=(EngineError, *request.passes),
    )
    this.interrupts.watch(deployment)
    events.prelude(stack.config.masked())
    try:
        # As with the CLI, program and providers resolve relative paths in the program's folder.
        with contextlib.chdir(stack.project.folder):
            recovery.recover(deployment, clear=request.clear_pending)
            _operate(request, deployment)
    except Stopped:
        pass
    except KeyboardInterrupt:
        deployment.is_cancelled = True
    finally:
        events.summary(is_corrupt=False)
    if deployment.refusal is not None:
        raise deployment.refusal
    result: Any = (
        "cancelled" if deployment.is_cancelled else "failed" if deployment.has_failed else "succeeded"
    )
    return RunResult(result=result, outputs=_stack_outputs(deployment))


def _builtin(this: _Run, project: Project) -> dict[str, Factory]:
    """Return the package that the engine serves itself."""
    report = partial(this.events.diagnostic, "info")
    environ = this.request.environ
    read_outputs = partial(builtin.stack_outputs, project=project, environ=environ, report=report)
    return {builtin.PACKAGE: partial(builtin.Builtin, read_outputs)}


def _operate(request: Request, deployment: Deployment) -> None:
    deployment.check_running()
    if request.refresh or request.operation == "refresh":
        refresh.refresh(deployment, alone=request.operation == "refresh")
    if request.operation in ("preview", "up"):
        run_program(deployment)
        deployment.check_running()
        for name in deployment.targets.missing(deployment.olds):
            deployment.fail(f"no resource is called '{name}'")
        deletions.delete_obsolete(deployment)
    elif request.operation == "destroy":
        deletions.delete_obsolete(deployment)


def _stack_outputs(deployment: Deployment) -> dict[str, Any]:
    step = deployment.news.get(deployment.root)
    state = step.new if step is not None else deployment.olds.get(deployment.root)
    return dict(state.outputs.masked) if state is not None else {}
