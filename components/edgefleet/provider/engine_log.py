"""Messages to the person at the engine, beside the answers to its calls."""

from typing import Literal, Protocol

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

Severity = Literal["debug", "info", "warning", "error"]


class Log(Protocol):
    """Says something to the person at the engine."""

    def __call__(self, severity: Severity, message: str, urn: str = "") -> None:
        """Say `message`, about the resource `urn` where one is given."""
        ...


class EngineLog:
    """A `Log` through the engine's own service; what cannot be said is dropped, it is no reason to fail."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self._engine = engine_pb2_grpc.EngineStub(self._channel)

    def __call__(self, severity: Severity, message: str, urn: str = "") -> None:
        """Say `message`."""
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.Value(severity.upper()), message=message, urn=urn
        )
        try:
            self._engine.Log(request, timeout=5)
        except grpc.RpcError:
            return


def silent(severity: Severity, message: str, urn: str = "") -> None:
    """Say nothing: no engine has said where it listens."""
    del severity, message, urn
