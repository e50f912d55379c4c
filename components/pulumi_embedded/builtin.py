"""The package ``pulumi``, which an engine serves itself: here it reads the outputs of other stacks.

It speaks the protocol of any provider, so that a `StackReference` is read, recorded and refreshed like
every other resource that is managed elsewhere (the CLI's ``builtinProvider``).
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, Final, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from pulumi_embedded import checkpoint as checkpoints
from pulumi_embedded.backend import Backend, digest
from pulumi_embedded.checkpoint import STACK_TYPE, Checkpoint
from pulumi_embedded.errors import EngineError, InvalidInput, Problem
from pulumi_embedded.project import Project
from pulumi_embedded.secrets import Crypter, open_crypter
from pulumi_embedded.snapshot import fold
from pulumi_embedded.values import SECRET, SIGNATURE, from_struct, to_struct, walk

PACKAGE: Final = "pulumi"
REFERENCE: Final = "pulumi:pulumi:StackReference"
READ_OUTPUTS: Final = "pulumi:pulumi:readStackOutputs"
_PARTS: Final = 3

ReadOutputs = Callable[[str], dict[str, Any]]
"""From a stack's name to its outputs, secrets marked."""


class _Eliding(Crypter):
    """Decrypts what it can; the rest is an empty object (the CLI's ``errorCatchingSecretsManager``)."""

    def __init__(self, environ: Mapping[str, str], salt: str) -> None:
        self.has_elided = False
        try:
            self._crypter: Crypter | None = open_crypter(environ, salt)
        except InvalidInput:
            self._crypter = None

    def decrypt(self, text: str) -> str:
        """Decrypt a text."""
        try:
            if self._crypter is not None:
                return self._crypter.decrypt(text)
        except InvalidInput:
            pass
        self.has_elided = True
        return "{}"


def stack_outputs(
    name: str, *, project: Project, environ: Mapping[str, str], report: Callable[[str], None]
) -> dict[str, Any]:
    """Read the outputs of a stack of the same backend as they are now; nothing is locked.

    Args:
        name: ``stack``, ``organization/stack`` or ``organization/project/stack``.
        project: The project that asks.
        environ: Source of the passphrase of the other stack's secrets, as of this one's.
        report: Takes the message that secrets of another passphrase are left out.

    Raises:
        InvalidInput: there is no such stack.
        Refused: its state is of a kind that this engine does not read.
    """
    parts = name.split("/")
    if len(parts) > _PARTS or not all(parts) or (len(parts) > 1 and parts[0] != "organization"):
        raise InvalidInput(
            Problem(
                problem=f"{name!r} names no stack of this backend",
                hint="write `organization/<project>/<stack>`",
                code="stack-name",
            )
        )
    owner = parts[1] if len(parts) == _PARTS else project.name
    backend = Backend(project.state, owner, parts[-1])
    content, journal = backend.read()
    if content is None:
        raise InvalidInput(
            Problem(
                problem=f"there is no stack {name!r} in this backend",
                hint="create it first, or fix the reference",
                code="no-stack",
            )
        )
    crypter_for = cache(partial(_Eliding, environ))
    checkpoint = checkpoints.read(content, str(backend.checkpoint), crypter_for)
    crypter = crypter_for(checkpoint.salt) if checkpoint.salt else None
    if journal is not None:
        checkpoint = fold(checkpoint, backend.journal, crypter, digest(content), content=journal)
    outputs = _outputs(checkpoint)
    if crypter is not None and crypter.has_elided:
        report(
            f"stack reference '{name}': its secret outputs cannot be decrypted with this stack's passphrase "
            "and are empty objects; create both stacks with the same passphrase"
        )
    return outputs


def _outputs(checkpoint: Checkpoint) -> dict[str, Any]:
    for state in checkpoint.resources:
        if state.type == STACK_TYPE and not state.delete:
            return state.outputs.data
    return {}


class Builtin:
    """The provider of the package."""

    def __init__(self, read_outputs: ReadOutputs) -> None:
        self._read_outputs = read_outputs

    def CheckConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's names
        """Take any configuration."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Find no difference."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Need nothing."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Read a stack's outputs."""
        name = from_struct(request.properties).get("name")
        if not isinstance(name, str):
            _abort(context, "a stack reference has a name and cannot be imported")
        return provider_pb2.ReadResponse(
            id=request.id, inputs=request.inputs, properties=to_struct(self._reference(name, context))
        )

    def Diff(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Find no difference: what is read is never changed."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Read a stack's outputs by a function."""
        name = from_struct(request.args).get("name")
        if request.tok != READ_OUTPUTS or not isinstance(name, str):
            _abort(context, f"unrecognized function '{request.tok}'")
        answer: dict[str, Any] = {"return": to_struct(self._reference(name, context))}
        return provider_pb2.InvokeResponse(**answer)

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Do nothing: no call is in progress."""
        return empty_pb2.Empty()

    def _reference(self, name: str, context: Any) -> dict[str, Any]:
        try:
            outputs = self._read_outputs(name)
        except EngineError as error:
            _abort(context, str(error))
        hidden = sorted(key for key, value in outputs.items() if _has_secret(value))
        return {"name": name, "outputs": outputs, "secretOutputNames": hidden}


def _has_secret(value: Any) -> bool:
    return any(isinstance(item, dict) and item.get(SIGNATURE) == SECRET for item in walk(value))


def _abort(context: Any, why: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, why)
    raise AssertionError  # abort always raises
