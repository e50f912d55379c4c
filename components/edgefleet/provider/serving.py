"""The plugin's process: a gRPC server on loopback that prints its port on standard output."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from edgefleet.provider.servicer import Servicer

THREADS = 64
"""Concurrent calls; most of them wait for AWS or a disk."""
LARGEST = 400 * 1024 * 1024
"""Bytes of a message; the engine's own limit (Pulumi SDK, rpcutil)."""
GRACE = 10.0
"""Seconds for calls in progress when the process gets a signal to end."""


def listen(servicer: Servicer, *, threads: int = THREADS) -> tuple[grpc.Server, int]:
    """A started server of `servicer` on a free port of 127.0.0.1, and the port."""
    options = [("grpc.max_receive_message_length", LARGEST), ("grpc.max_send_message_length", LARGEST)]
    server = grpc.server(ThreadPoolExecutor(threads, thread_name_prefix="call"), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(servicer: Servicer, *, parent: Callable[[], int] = os.getppid) -> None:
    """Serve until SIGTERM, or until the parent process ends."""
    ended = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: ended.set())
    server, port = listen(servicer)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    started_by = parent()
    while not ended.wait(timeout=1) and parent() == started_by:
        pass
    server.stop(GRACE).wait()
