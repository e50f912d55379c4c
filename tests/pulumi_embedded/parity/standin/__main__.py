"""Serves the stand-in as a plugin of the Pulumi CLI: prints the port it listens on, then waits."""

import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

sys.path.insert(0, str(Path(__file__).parent))

server = grpc.server(ThreadPoolExecutor(max_workers=16))
provider_pb2_grpc.add_ResourceProviderServicer_to_server(
    importlib.import_module("servicer").Servicer(), server
)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)  # noqa: T201 - how the CLI learns the port
server.wait_for_termination()
