"""One preview, up, refresh or destroy by the embedded engine, from the project to its saved state."""

import contextlib
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from edgefleet.errors import InvalidInput, Problem, Refused
from edgefleet.local import checkpoint as checkpoints
from edgefleet.local import ending, refreshing
from edgefleet.local.backend import Backend, write_file
from edgefleet.local.checkpoint import Checkpoint, State
from edgefleet.local.deployment import Deployment, Stopped, Targets
from edgefleet.local.events import Emitter, OnEvent
from edgefleet.local.program import run_program
from edgefleet.local.project import Config, Project, load_config, open_project, stack_document
from edgefleet.local.providers import Factory
from edgefleet.local.registry import Registry
from edgefleet.local.secrets import Crypter, find_passphrase, new_salt, open_salt
from edgefleet.local.snapshot import Journal, Snapshot, fold
from edgefleet.local.values import reveal

Operation = Literal["preview", "up", "refresh", "destroy"]
_KINDS = {"up": "update", "refresh": "refresh", "destroy": "destroy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to do, and to what."""

    operation: Operation
    stack: str
    root: Path
    """Folder of Pulumi.yaml."""
    targets: tuple[str, ...] = ()
    refresh: bool = False
    parallel: int = 16
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended."""

    result: Literal["succeeded", "failed", "cancelled"]
    outputs: dict[str, Any] = field(default_factory=dict, repr=False)
    """The stack's outputs, secrets hidden as events hide them."""


@dataclass(slots=True, kw_only=True)
class Opened:
    """A stack, read and ready."""

    project: Project
    backend: Backend
    crypter: Crypter | None
    config: Config
    checkpoint: Checkpoint


def run(request: Request, factories: Mapping[str, Factory], on_event: OnEvent) -> Ended:
    """Do it.

    Args:
        request: What to do.
        factories: Package -> what makes a servicer of its provider.
        on_event: Gets each engine event, one at a time.

    Raises:
        InvalidInput: the project, its configuration or its program is at fault.
        OutsideFailure: the state could not be kept.
        Refused: the stack is locked, elsewhere, or uses what this engine does not do.
    """
    project = open_project(request.root, request.environ)
    backend = Backend(project.state, project.name, request.stack)
    is_preview = request.operation == "preview"
    if is_preview:
        opened = open_stack(project, backend, request.stack, request.environ)
        return _deploy(
            request, opened, Snapshot(opened.checkpoint, None, opened.crypter), factories, on_event
        )
    _require_stack(project, backend, request.stack)
    backend.lock()
    try:
        opened = open_stack(project, backend, request.stack, request.environ, writes=True)
        ended = _change(request, opened, factories, on_event)
    except BaseException:
        if backend.journal.exists():
            backend.abandon()
        else:
            backend.unlock()
        raise
    backend.unlock()
    return ended


def open_stack(
    project: Project, backend: Backend, stack: str, environ: Mapping[str, str], *, writes: bool = False
) -> Opened:
    """Read a stack's configuration and state; what a run left in the journal counts.

    Args:
        project: From `open_project`.
        backend: Its files.
        stack: Its name.
        environ: Where the passphrase may be.
        writes: Whether state will be written, so that a salt is needed.
    """
    document = stack_document(project, stack)
    content = _require_stack(project, backend, stack)
    salt = str(document.get("encryptionsalt") or "")
    opener = partial(_open, project=project, environ=environ)
    crypter = opener(salt) if salt else None
    found = checkpoints.read(content, str(backend.checkpoint), opener) if content else Checkpoint()
    if found.salt and salt and found.salt != salt:
        raise Refused(
            Problem(
                where=str(project.stack_file(stack)),
                path="encryptionsalt",
                problem="is not the one that the state's secrets are encrypted under",
                hint="restore the line, or move the stack with `pulumi stack change-secrets-provider`",
                code="bad-salt",
            )
        )
    crypter = crypter or (opener(found.salt) if found.salt else None)
    if crypter is None and writes:
        crypter = new_salt(find_passphrase(project.root, environ))
        _write_salt(project.stack_file(stack), crypter.salt)
    if backend.journal.exists():
        found = fold(found, backend.journal, crypter)
    config = load_config(document, project, crypter)
    return Opened(project=project, backend=backend, crypter=crypter, config=config, checkpoint=found)


def _open(salt: str, *, project: Project, environ: Mapping[str, str]) -> Crypter:
    return open_salt(find_passphrase(project.root, environ), salt)


def _require_stack(project: Project, backend: Backend, stack: str) -> bytes | None:
    """Return a stack's checkpoint; a stack is there if it has one, or a file of its own."""
    stack_document(project, stack)
    content = backend.load()
    if content is None and not project.stack_file(stack).exists():
        raise InvalidInput(
            Problem(
                problem=f"there is no stack called {stack!r}",
                hint=f"make it with `edgefleet init -s {stack}` or `pulumi stack init {stack}`",
                code="no-stack",
            )
        )
    return content


def _write_salt(path: Path, salt: str) -> None:
    text = path.read_text() if path.exists() else ""
    write_file(path, f"encryptionsalt: {salt}\n{text}".encode())


def _change(request: Request, opened: Opened, factories: Mapping[str, Factory], on_event: OnEvent) -> Ended:
    """Run with a journal, and fold it into the checkpoint at the end, however that comes."""
    backend, crypter = opened.backend, opened.crypter
    assert crypter is not None  # noqa: S101 - opened for writing
    if backend.journal.exists():
        _save(opened, opened.checkpoint, crypter)
    journal = Journal(backend.journal, {"version": 1, "lock": backend.lock_id})
    snapshot = Snapshot(opened.checkpoint, journal, crypter)
    started = int(time.time())
    result = "failed"
    try:
        ended = _deploy(request, opened, snapshot, factories, on_event)
        result = "succeeded" if ended.result == "succeeded" else "failed"
    finally:
        journal.close()
        _save(opened, snapshot.checkpoint() if snapshot.changed else None, crypter)
        _record(request, opened, started, result)
    return ended


def _save(opened: Opened, checkpoint: Checkpoint | None, crypter: Crypter) -> None:
    """Write the checkpoint, if there is anything new in it; then the journal has said all it had to."""
    backend = opened.backend
    if checkpoint is not None or not backend.checkpoint.exists():
        backend.save(checkpoints.write(checkpoint or opened.checkpoint, backend.qualified, crypter))
    backend.journal.unlink(missing_ok=True)


def _record(request: Request, opened: Opened, started: int, result: str) -> None:
    opened.backend.record(
        {
            "kind": _KINDS[request.operation],
            "startTime": started,
            "message": "",
            "environment": {"exec.kind": "edgefleet", "pulumi.os": platform.system().lower()},
            "config": opened.config.recorded,
            "version": 0,
            "result": result,
            "endTime": int(time.time()),
        }
    )


def _deploy(
    request: Request, opened: Opened, snapshot: Snapshot, factories: Mapping[str, Factory], on_event: OnEvent
) -> Ended:
    is_preview = request.operation == "preview"
    events = Emitter(on_event, preview=is_preview)
    deployment = Deployment(
        project=opened.project,
        stack=request.stack,
        preview=is_preview,
        parallel=max(request.parallel, 1),
        config=opened.config,
        snapshot=snapshot,
        registry=Registry(factories),
        events=events,
        targets=Targets(request.targets),
    )
    events.prelude(opened.config.shown())
    _warn_pending(deployment)
    try:
        # Providers resolve relative paths as the CLI's plugins do: in the project's folder.
        with contextlib.chdir(opened.project.root):
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
    return Ended(result=result, outputs=_stack_outputs(deployment))


def _operate(request: Request, deployment: Deployment) -> None:
    if request.refresh or request.operation == "refresh":
        refreshing.refresh(deployment)
    if request.operation in ("preview", "up"):
        run_program(deployment)
        deployment.check_running()
        for name in deployment.targets.missing():
            deployment.fail(f"no resource is called '{name}'")
        ending.delete_rest(deployment)
    elif request.operation == "destroy":
        ending.delete_rest(deployment)


def _stack_outputs(deployment: Deployment) -> dict[str, Any]:
    step = deployment.news.get(deployment.root)
    state = step.new if step is not None else deployment.olds.get(deployment.root)
    return dict(state.outputs.masked) if state is not None else {}


def _warn_pending(deployment: Deployment) -> None:
    for pending in deployment.snapshot.base.pending:
        urn = pending.resource.urn
        if pending.type == "creating":
            message = (
                f"an earlier run ended while it was creating {urn}: whether it exists is not known; "
                "see what there is, then `pulumi refresh` (or `pulumi import`) settles it"
            )
        else:
            message = f"an earlier run ended while it was {pending.type} {urn}; `refresh` finds out how it is"
        deployment.events.diagnostic("warning", message, urn)


def read_state(
    root: Path, stack: str, environ: Mapping[str, str], *, show_secrets: bool
) -> list[tuple[State, dict[str, Any], dict[str, Any]]]:
    """Return a stack's resources with inputs and outputs; a passphrase is needed only to show secrets.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack's name.
        environ: Where the passphrase may be.
        show_secrets: Whether secrets are shown, or stay as they are recorded.
    """
    project = open_project(root, environ)
    backend = Backend(project.state, project.name, stack)
    if show_secrets:
        states = open_stack(project, backend, stack, environ).checkpoint.resources
        return [(state, reveal(state.inputs.data), reveal(state.outputs.data)) for state in states]
    content = _require_stack(project, backend, stack)
    found = (
        checkpoints.read(content, str(backend.checkpoint), lambda _salt: None) if content else Checkpoint()
    )
    if backend.journal.exists():
        found = fold(found, backend.journal, None)
    return [(state, *_recorded(state)) for state in found.resources]


def _recorded(state: State) -> tuple[dict[str, Any], dict[str, Any]]:
    recorded = state.recorded or {}
    return recorded.get("inputs", {}), recorded.get("outputs", {})
