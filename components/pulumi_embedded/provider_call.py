"""One call to a servicer in this process: its context, errors and timeout."""

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, NoReturn, cast

import grpc
from google.protobuf import any_pb2, descriptor_pool, message_factory
from pulumi.runtime.proto import errors_pb2, provider_pb2

from pulumi_embedded.values import Bag

_METHODS = provider_pb2.DESCRIPTOR.services_by_name["ResourceProvider"].methods_by_name
_GRACE = 1.0
"""Seconds that a provider gets beyond its time, to report the timeout itself."""


class ProviderError(Exception):
    """A provider returned an error; the text is its own."""


class TimedOut(ProviderError):  # noqa: N818 - it states what happened
    """A provider has not answered in time; the outcome of the call is unknown."""


class InitFailed(ProviderError):  # noqa: N818 - the protocol calls it so
    """A resource was created or updated, but is not ready."""

    def __init__(
        self, message: str, *, id_: str, outputs: Bag, inputs: Bag | None, reasons: tuple[str, ...]
    ) -> None:
        super().__init__(message)
        self.id = id_
        self.outputs = outputs
        self.inputs = inputs
        self.reasons = reasons


class _AbortedCall(Exception):  # noqa: N818 - control flow, as grpc's own abort
    def __init__(self, code: Any, details: str, status: bytes = b"") -> None:
        super().__init__(details)
        self.code = code
        self.details = details
        self.status = status


class CallContext:
    """Stands in for grpc's context."""

    def __init__(self) -> None:
        self.code: Any = None
        self.details = ""

    def abort(self, code: Any, details: str) -> NoReturn:
        """End the call with an error."""
        raise _AbortedCall(code, details)

    def abort_with_status(self, status: Any) -> NoReturn:
        """End the call with an error that has details."""
        metadata = dict(status.trailing_metadata or ())
        raise _AbortedCall(status.code, status.details, metadata.get("grpc-status-details-bin", b""))

    def set_code(self, code: Any) -> None:
        """Set the call's status code."""
        self.code = code

    def set_details(self, details: str) -> None:
        """Set the call's status text."""
        self.details = details

    def is_active(self) -> bool:
        """Return true: the caller is alive."""
        return True

    def invocation_metadata(self) -> tuple[Any, ...]:
        """Return no metadata."""
        return ()


def call(servicer: Any, name: str, request: Any, timeout: float = 0) -> Any:
    """Call a servicer; wait little longer than `timeout` seconds.

    Raises:
        InitFailed: the created or updated resource is not ready.
        TimedOut: it has not answered.
        ProviderError: it returned an error, or raised.
    """
    if timeout <= 0:
        return _answer(servicer, name, request)
    answer: Future[Any] = Future()

    def work() -> None:
        try:
            answer.set_result(_answer(servicer, name, request))
        except BaseException as error:  # noqa: BLE001 - the caller gets it, whatever it is
            answer.set_exception(error)

    # A daemon thread: the process can end while the provider hangs.
    threading.Thread(target=work, name=f"timed {name}", daemon=True).start()
    try:
        return answer.result(timeout + _GRACE)
    except FutureTimeout:
        if answer.done():
            raise
        raise TimedOut(
            f"the provider has not answered {name} within the {timeout:g} s that customTimeouts give it"
        ) from None


def _answer(servicer: Any, name: str, request: Any) -> Any:
    context = CallContext()
    try:
        response = getattr(servicer, name)(request, context)
    except _AbortedCall as aborted:
        raise _translate(aborted) from None
    except Exception as error:  # a provider's mistake must read like one, whatever it raised
        raise ProviderError(f"the provider failed in {name}: {type(error).__name__}: {error}") from error
    if context.code not in (None, grpc.StatusCode.OK):
        raise ProviderError(context.details or str(context.code))
    wanted = _METHODS[name].output_type.full_name
    if getattr(getattr(response, "DESCRIPTOR", None), "full_name", "") != wanted:
        raise ProviderError(
            f"the provider failed in {name}: it answered with {type(response).__name__}, not with {wanted}"
        )
    return response


def _translate(aborted: _AbortedCall) -> ProviderError:
    for detail in _details(aborted.status):
        if detail.TypeName() == provider_pb2.ErrorResourceInitFailed.DESCRIPTOR.full_name:
            failure = provider_pb2.ErrorResourceInitFailed.FromString(detail.value)
            return InitFailed(
                aborted.details,
                id_=failure.id,
                outputs=Bag(struct=failure.properties),
                inputs=Bag(struct=failure.inputs) if failure.HasField("inputs") else None,
                reasons=tuple(failure.reasons),
            )
        if detail.TypeName() == errors_pb2.ErrorCause.DESCRIPTOR.full_name:
            return ProviderError(
                f"{aborted.details}: {errors_pb2.ErrorCause.FromString(detail.value).message}"
            )
    return ProviderError(aborted.details or str(aborted.code))


def _details(status: bytes) -> Iterable[any_pb2.Any]:
    """Read the details of a status, with the generated class that the process has loaded.

    Both the SDK and googleapis define ``google.rpc.Status``; a process that imports both cannot start.
    """
    if not status:
        return ()
    descriptor = descriptor_pool.Default().FindMessageTypeByName("google.rpc.Status")
    return cast("Any", message_factory.GetMessageClass(descriptor).FromString(status)).details  # type: ignore[no-any-return]  # made at run time
