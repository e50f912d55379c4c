"""Messages to the engine's user, besides the answers to its calls."""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

Severity = Literal["debug", "info", "warning", "error"]


class Log(Protocol):
    """Reports messages to the engine's user."""

    def __call__(self, severity: Severity, message: str, urn: str = "") -> None:
        """Report `message`, about the resource `urn` if one is given."""
        ...


class EngineLog:
    """A `Log` through the engine's own service; a message that cannot be sent is dropped."""

    def __init__(self, send: Callable[[engine_pb2.LogRequest], Any]) -> None:
        self._send = send

    @classmethod
    def at(cls, address: str) -> "EngineLog":
        """The log of the engine at `address`."""
        engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
        return cls(lambda request: engine.Log(request, timeout=5))

    def __call__(self, severity: Severity, message: str, urn: str = "") -> None:
        """Send `message`."""
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.Value(severity.upper()), message=message, urn=urn
        )
        try:
            self._send(request)
        except grpc.RpcError:
            return


def silent(severity: Severity, message: str, urn: str = "") -> None:
    """Drop the message: no engine has given its address."""
    del severity, message, urn
