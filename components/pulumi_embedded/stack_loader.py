"""Open a stack: its configuration, its secrets and its state, with the journal of an unfinished run."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pulumi_embedded import checkpoint as checkpoints
from pulumi_embedded.backend import Backend, digest
from pulumi_embedded.checkpoint import Checkpoint, State
from pulumi_embedded.disk import Disk
from pulumi_embedded.errors import InvalidInput, Problem, Refused
from pulumi_embedded.project import Config, Project, load_config, open_project, stack_document
from pulumi_embedded.secrets import Crypter, find_passphrase, new_salt, open_crypter
from pulumi_embedded.snapshot import fold
from pulumi_embedded.values import reveal


@dataclass(slots=True, kw_only=True)
class LoadedStack:
    """A loaded stack."""

    project: Project
    backend: Backend
    crypter: Crypter | None
    config: Config
    checkpoint: Checkpoint
    """With the records of the journal."""


def load_stack(
    project: Project, backend: Backend, stack: str, environ: Mapping[str, str], *, writes: bool = False
) -> LoadedStack:
    """Read a stack's configuration and state, with the journal of an unfinished run.

    Args:
        project: From `open_project`.
        backend: Its files.
        stack: Its name.
        environ: Source of the passphrase.
        writes: Whether state will be written, so that a salt is needed.

    Raises:
        InvalidInput: there is no such stack, its state is damaged, or the passphrase is another.
        Refused: its state is of a kind that this engine does not read, or was forked.
    """
    document = stack_document(project, stack)
    require_stack(project, backend, stack)
    content, journal = backend.read()
    salt = str(document.get("encryptionsalt") or "")
    crypter_for = partial(open_crypter, environ)
    crypter = crypter_for(salt) if salt else None
    where = str(backend.checkpoint)
    checkpoint = Checkpoint() if content is None else checkpoints.read(content, where, crypter_for)
    if checkpoint.salt and salt and checkpoint.salt != salt:
        raise Refused(
            Problem(
                where=str(project.stack_file(stack)),
                path="encryptionsalt",
                problem="is not the one that the state's secrets are encrypted under",
                hint="restore the line, or move the stack with `pulumi stack change-secrets-provider`",
                code="bad-salt",
            )
        )
    crypter = crypter or (crypter_for(checkpoint.salt) if checkpoint.salt else None)
    if crypter is None and writes:
        crypter = new_salt(find_passphrase(environ))
        _write_salt(backend, project.stack_file(stack), crypter.salt)
    if content and crypter is not None:
        checkpoints.check_secrets(content, where, crypter)
    if journal is not None:
        checkpoint = fold(checkpoint, backend.journal, crypter, digest(content), content=journal)
        if crypter is not None:
            checkpoints.check_secrets(journal, str(backend.journal), crypter)
    config = load_config(document, project, crypter)
    return LoadedStack(
        project=project, backend=backend, crypter=crypter, config=config, checkpoint=checkpoint
    )


def require_stack(project: Project, backend: Backend, stack: str) -> None:
    """Refuse a stack that is not there: one has a checkpoint, or a file of its own.

    Raises:
        InvalidInput: it is not there.
    """
    stack_document(project, stack)
    if not project.stack_file(stack).exists() and backend.load() is None:
        raise InvalidInput(
            Problem(
                problem=f"there is no stack called {stack!r}",
                hint=f"create it with `pulumi stack init {stack}`",
                code="no-stack",
            )
        )


def read_state(
    root: Path, stack: str, environ: Mapping[str, str], *, show_secrets: bool
) -> list[tuple[State, dict[str, Any], dict[str, Any]]]:
    """Return a stack's resources with inputs and outputs; a passphrase is needed only to show secrets.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack's name.
        environ: Source of the passphrase.
        show_secrets: Whether secrets are shown, or stay as they are recorded.
    """
    project = open_project(root, environ)
    backend = Backend(project.state, project.name, stack, Disk())
    if show_secrets:
        states = load_stack(project, backend, stack, environ).checkpoint.resources
        return [(state, reveal(state.inputs.data), reveal(state.outputs.data)) for state in states]
    require_stack(project, backend, stack)
    content, journal = backend.read()
    where = str(backend.checkpoint)
    checkpoint = Checkpoint() if content is None else checkpoints.read(content, where, lambda _salt: None)
    if journal is not None:
        checkpoint = fold(checkpoint, backend.journal, None, digest(content), content=journal)
    return [(state, *_recorded(state)) for state in checkpoint.resources]


def _recorded(state: State) -> tuple[dict[str, Any], dict[str, Any]]:
    recorded = state.recorded or {}
    return recorded.get("inputs", {}), recorded.get("outputs", {})


def _write_salt(backend: Backend, path: Path, salt: str) -> None:
    text = path.read_text() if path.exists() else ""
    backend.write(path, f"encryptionsalt: {salt}\n{text}".encode())
