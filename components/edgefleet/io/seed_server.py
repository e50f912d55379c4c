"""A small server for a provisioning LAN: kernels for every client, a seed once, for its node alone.

A client is recognized by this machine's table of neighbours, so it must be in the same network, or by the
word on its printed sheet. Without TLS anyone who listens there can read a seed.
"""

import hmac
import re
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from edgefleet.errors import InvalidInput, OutsideFailure, Problem
from edgefleet.io import disk
from edgefleet.io.seed_ledger import Gone, Ledger

NEIGHBOURS = Path("/proc/net/arp")
AT_ONCE = 64
"""Connections at the same time; more are turned away."""
OF_ONE = 8
"""Connections of one address at the same time: also of all nodes behind one router."""
PATIENCE = 30
"""Seconds in which a request must be received and a small answer sent."""
SLOWEST = 64 * 1024
"""Bytes in a second that a client must receive of a larger answer."""
FIRST = "#!ipxe\nisset ${ip} || dhcp || exit\nchain /boot/${mac:hexhyp}.ipxe || exit\n"
ROUTED = """#!ipxe
isset ${ip} || dhcp || exit
echo The word of the node ${mac} is on its sheet.
echo -n Word:
read word
chain /boot/${mac:hexhyp}/${word}.ipxe || exit
"""
"""The first script for nodes behind a router. Source: ipxe.org/cmd/read."""
MAC = re.compile(r"/boot/((?:[0-9a-f]{2}-){5}[0-9a-f]{2})(?:/([a-z-]{1,40}))?\.ipxe")
SEED = re.compile(r"/boot/seed/([A-Za-z0-9_-]{8,128})/([a-z.-]{1,40})")
FILE = re.compile(r"/boot/files/([0-9a-f]{64})")


def neighbour(address: str) -> str | None:
    """The hardware address of `address` by the kernel's table; `None` where it is not in it."""
    for line in (disk.read(NEIGHBOURS) or b"").decode().splitlines()[1:]:
        words = line.split()
        if len(words) > 3 and words[0] == address:  # noqa: PLR2004 - its columns
            return words[3].lower()
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The files to serve."""

    nodes: Mapping[str, Mapping[str, bytes]]
    """dict[hardware address -> dict[name -> content] with ``boot.ipxe`` and the seed's files]."""
    files: Mapping[str, Path]
    """dict[hex SHA-256 -> kernel or initial file system]."""
    ledger: Ledger
    say: Callable[[str], None]
    neighbour: Callable[[str], str | None] = neighbour
    words: Mapping[str, str] | None = None
    """dict[hardware address -> the word on its node's sheet] where nodes are behind a router, whose clients
    are no neighbours."""


class _Handler(BaseHTTPRequestHandler):
    server: "SeedServer"
    shelf: Shelf
    base: str
    timeout = PATIENCE
    server_version, sys_version = "edgefleet", ""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/boot.ipxe":
            self._answer((FIRST if self.shelf.words is None else ROUTED).encode())
        elif match := MAC.fullmatch(path.lower()):
            self._script(match[1].replace("-", ":"), match[2] or "")
        elif match := SEED.fullmatch(path):
            self._seed(match[1], match[2])
        elif (match := FILE.fullmatch(path)) and match[1] in self.shelf.files:
            self._file(self.shelf.files[match[1]])
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def _script(self, mac: str, word: str) -> None:
        if mac not in self.shelf.nodes:
            return self._refuse(HTTPStatus.NOT_FOUND)
        if not (self._is_neighbour(mac) if self.shelf.words is None else self._knows_word(mac, word)):
            self.server.report_refusal(f"{mac}: {self.client_address[0]} is not this node; refused")
            return self._refuse(HTTPStatus.FORBIDDEN)
        try:
            address = self.shelf.ledger.address(mac)
        except Gone:
            return self._refuse(HTTPStatus.GONE)
        head, _, rest = self.shelf.nodes[mac]["boot.ipxe"].decode().partition("\n")
        self.shelf.say(f"{mac}: starts")
        return self._answer(
            f"{head}\nset base {self.base}\nset seed {self.base}/boot/seed/{address}/\n{rest}".encode()
        )

    def _seed(self, word: str, name: str) -> None:
        ledger = self.shelf.ledger
        try:
            mac = ledger.owner(word)
            if self.shelf.words is None and not self._is_neighbour(mac):
                return self._refuse(HTTPStatus.FORBIDDEN)
            data = b"" if name == "vendor-data" else self.shelf.nodes[mac][name]
            if name == "boot.ipxe":
                return self._refuse(HTTPStatus.NOT_FOUND)
            ledger.take(word, name)
        except KeyError:
            return self._refuse(HTTPStatus.NOT_FOUND)
        except Gone:
            return self._refuse(HTTPStatus.GONE)
        try:
            self._answer(data)
            self.wfile.flush()
        except OSError:
            self.shelf.say(f"{mac}: {name} was not received whole; if the node lacks it: --again {mac}")
            raise
        return self.shelf.say(f"{mac}: has {name}")

    def _is_neighbour(self, mac: str) -> bool:
        return self.shelf.neighbour(str(self.client_address[0])) == mac

    def _knows_word(self, mac: str, word: str) -> bool:
        return hmac.compare_digest((self.shelf.words or {})[mac].encode(), word.encode())

    def _file(self, path: Path) -> None:
        with path.open("rb") as file:
            size = path.stat().st_size
            self.server.extend(self.connection, size / SLOWEST)
            self._head(size)
            shutil.copyfileobj(file, self.wfile, disk.PIECE)

    def _answer(self, data: bytes) -> None:
        self._head(len(data))
        self.wfile.write(data)

    def _head(self, length: int) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(length))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()

    def _refuse(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing: a request's line has the one-time address in it."""


def tls_context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """The TLS context of a certificate and its key, PEM files; `None` without both.

    Raises:
        InvalidInput: one is missing, or they do not belong together.
    """
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise _no_tls(str(cert or key), "one of --cert and --key is missing")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
    except OSError as error:
        raise _no_tls(str(cert), f"no certificate with its key: {error.strerror or error}") from error
    return context


def _no_tls(where: str, problem: str) -> InvalidInput:
    hint = "give both --cert and --key, PEM files that belong together"
    return InvalidInput.at(where, "tls", problem, hint)


@dataclass(slots=True)
class _Connection:
    address: str
    deadline: float
    """By the server's clock, seconds."""


class SeedServer(ThreadingHTTPServer):
    """The server; addresses in scripts begin with `public`.

    A connection has a deadline, however often its client sends a byte, and a client has few connections, so
    that no slow one keeps a node from its seed.

    Raises:
        OutsideFailure: the address or port is not free, or not of this machine.
    """

    daemon_threads = True
    timeout = 0.2

    def __init__(
        self,
        place: tuple[str, int],
        shelf: Shelf,
        *,
        public: str = "",
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        handler = type("Handler", (_Handler,), {"shelf": shelf})
        try:
            super().__init__(place, handler)
        except OSError as error:
            raise OutsideFailure(_no_socket(place, error)) from error
        self._ledger, self._say, self._clock = shelf.ledger, shelf.say, clock
        self._refusals: set[str] = set()
        self._connections: dict[socket.socket, _Connection] = {}
        self._lock = threading.Lock()
        scheme = "http" if tls is None else "https"
        handler.base = public or f"{scheme}://{place[0]}:{self.server_address[1]}"  # type: ignore[attr-defined]  # of the class made above
        self.base: str = handler.base  # type: ignore[attr-defined]  # the same
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def serve(self, now: Callable[[], datetime]) -> bool:
        """Answer until the ledger's time is over or Ctrl-C; whether it was the time."""
        try:
            while now() < self._ledger.until:
                self.handle_request()
                self.service_actions()
        except KeyboardInterrupt:
            return False
        finally:
            self.server_close()
        return True

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for one more connection, of this client, too."""
        with self._lock:
            own = [each for each in self._connections.values() if each.address == client_address[0]]
            if len(self._connections) >= AT_ONCE or len(own) >= OF_ONE:
                return False
            self._connections[request] = _Connection(client_address[0], self._clock() + PATIENCE)
        return True

    def report_refusal(self, line: str) -> None:
        """Report a refusal, once, so that no client fills the screen."""
        with self._lock:
            if line in self._refusals or len(self._refusals) >= AT_ONCE:
                return
            self._refusals.add(line)
        self._say(line)

    def extend(self, request: socket.socket, seconds: float) -> None:
        """Give a connection `seconds` more."""
        with self._lock:
            self._connections[request].deadline += seconds

    def service_actions(self) -> None:
        """End the connections whose time is over."""
        with self._lock:
            for request, connection in self._connections.items():
                if connection.deadline <= self._clock():
                    with suppress(OSError):
                        socket.socket.shutdown(request, socket.SHUT_RDWR)  # of TLS, too: without its goodbye

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, and make room again."""
        with self._lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no event."""


def _no_socket(place: tuple[str, int], error: OSError) -> Problem:
    problem = f"cannot be listened on: {(error.strerror or str(error)).lower()}"
    hint = "give an address of this machine with --listen, and a free port with --port"
    return Problem(code="listen", where=f"{place[0]}:{place[1]}", problem=problem, hint=hint)
