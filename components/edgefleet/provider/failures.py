"""The status of a failed call: one line a problem, never a traceback.

The status also carries the problems as data and, for a partly created resource, its id and outputs
(`ErrorResourceInitFailed`), so that the engine records it.
"""

import os
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto import status_pb2

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem, Refused
from edgefleet.io.environment import Incomplete
from edgefleet.model.paths import parse_path
from edgefleet.provider.properties import decode, encode

DEBUG = "EDGEFLEET_DEBUG"
"""Environment variable that makes a bug print its traceback on standard error."""
DETAILS = "grpc-status-details-bin"
PACKAGE = Path(__file__).resolve().parents[1]
"""The package's folder; that of a checkout may be called edgefleet, too."""

# Pulumi takes these three as: nothing was changed. It takes INTERNAL as: the outcome is unknown.
_CODES: Mapping[type[EdgefleetError], grpc.StatusCode] = {
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    OutsideFailure: grpc.StatusCode.ABORTED,
    Refused: grpc.StatusCode.FAILED_PRECONDITION,
}


class Context(Protocol):
    """The part of gRPC's call context that is used here; the embedded engine has its own."""

    def abort_with_status(self, status: Any) -> NoReturn:
        """End the call with `status`."""
        ...


class Answering(Protocol):
    """A servicer, as far as its failures are concerned."""

    def outputs_of(self, request: Any) -> Callable[[object], Mapping[str, Any]]:
        """Turns typed outputs of the requested resource into plain data."""
        ...


Method = TypeVar("Method", bound=Callable[..., Any])


def answering(method: Method) -> Method:
    """Turn what `method` raises into a status, after its ``except`` so that no engine sees a chain."""

    @wraps(method)
    def answer(self: Answering, request: Any, context: Context) -> Any:
        try:
            return method(self, request, context)
        except Exception as error:  # noqa: BLE001 - the one place that turns a bug into a line
            status = status_of(error, _call(method.__name__, request), self.outputs_of(request))
        context.abort_with_status(status)
        raise AssertionError(status.details)  # abort_with_status raises

    return answer  # type: ignore[return-value]  # the wrapper has the method's own signature


def type_of(request: Any) -> str:
    """The type token, if need be from the URN (``urn:pulumi:<stack>::<project>::<types>::<name>``)."""
    named = str(getattr(request, "type", ""))
    parts = str(getattr(request, "urn", "")).split("::", 3)
    return named or (parts[2].rpartition("$")[2] if len(parts) > 2 else "")  # noqa: PLR2004 - the third part


def _call(name: str, request: Any) -> str:
    of = type_of(request)
    return f"{name} of {of}" if of else name


class Status(grpc.Status):
    """A failed call's code, message and details."""

    def __init__(self, code: grpc.StatusCode, message: str, details: tuple[Message, ...] = ()) -> None:
        self.code = code
        self.details = message
        packed = [AnyMessage() for _ in details]
        for wrapper, detail in zip(packed, details, strict=True):
            wrapper.Pack(detail)
        carried = status_pb2.Status(code=code.value[0], message=message, details=packed)
        self.trailing_metadata = ((DETAILS, carried.SerializeToString()),)


def status_of(error: Exception, call: str, outputs: Callable[[object], Mapping[str, Any]]) -> Status:
    """The status that reports `error` of `call`, ``Create of edgefleet:aws:Bucket``.

    `outputs` turns typed outputs of an incomplete resource into plain data.
    """
    if not isinstance(error, EdgefleetError):
        return Status(grpc.StatusCode.INTERNAL, _bug(error, call))
    code = next(code for family, code in _CODES.items() if isinstance(error, family))
    details: list[Message] = [_problems(error)]
    if isinstance(error, Incomplete):
        made = proto.ErrorResourceInitFailed(
            id=error.id,
            properties=encode(outputs(error.outputs)),
            reasons=list(map(str, error.problems)),
            inputs=None if error.inputs is None else encode(error.inputs),
        )
        details.insert(0, made)
    return Status(code, str(error), tuple(details))


def failures_of(problems: Iterable[Problem], secret: Collection[str] = ()) -> list[proto.CheckFailure]:
    """Each problem for the engine: its path, and the problem and hint in one line.

    The CLI shows the value of a property that it gets, so a problem of a `secret` input has its path in the
    text.
    """
    return [
        proto.CheckFailure(reason=f"{item.path}: {item.problem}; {item.hint}")
        if set(parse_path(item.path)[:1]).intersection(secret)
        else proto.CheckFailure(property=item.path, reason=f"{item.problem}; {item.hint}")
        for item in problems
    ]


def problems_of(details: bytes) -> tuple[Problem, ...]:
    """The problems inside a status's ``grpc-status-details-bin``, if any."""
    for detail in status_pb2.Status.FromString(details).details:
        said = Struct()
        if detail.Is(Struct.DESCRIPTOR) and detail.Unpack(said):
            return tuple(Problem(**problem) for problem in decode(said).get("problems", []))
    return ()


def _problems(error: EdgefleetError) -> Struct:
    names = ("where", "path", "problem", "hint", "code")
    listed = [{name: getattr(problem, name) for name in names} for problem in error.problems]
    return encode({"exitCode": error.exit_code, "problems": listed})


def _bug(error: Exception, call: str) -> str:
    """One line for a bug, without the error's text, which may hold a secret."""
    if os.environ.get(DEBUG):
        traceback.print_exception(error, file=sys.stderr)
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)] or frames
    place = f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return (
        f"{call}: edgefleet has a bug: {type(error).__name__}{place}; report it, and set {DEBUG}=1 to see"
        " more (with the pulumi CLI also --debug)"
    )
