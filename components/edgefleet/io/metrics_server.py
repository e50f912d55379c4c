"""A server of one page for a Prometheus, made again at most once a minute however often it is requested."""

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from edgefleet.errors import EdgefleetError, OutsideFailure

LIFE = 60
"""Seconds for which a page is served again."""
PATIENCE = 30
"""Seconds in which a request must be received."""
PLAIN = "text/plain; charset=utf-8"


class Page:
    """A text that is made when a request finds none, or an old one."""

    def __init__(self, make: Callable[[], str], clock: Callable[[], float]) -> None:
        self._make, self._clock = make, clock
        self._lock = threading.Lock()
        self._text, self._until = b"", clock()

    def text(self) -> bytes:
        """The text; a request waits while it is made.

        Raises:
            EdgefleetError: it cannot be made; the next request tries again.
        """
        with self._lock:
            now = self._clock()
            if now >= self._until:
                self._text = self._make().encode()
                self._until = now + LIFE
            return self._text


class _Handler(BaseHTTPRequestHandler):
    server: "MetricsServer"
    timeout = PATIENCE
    server_version, sys_version = "edgefleet", ""

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self._answer(HTTPStatus.OK, PLAIN, b"ok\n")
        elif self.path != "/metrics":
            self._answer(HTTPStatus.NOT_FOUND, PLAIN, b"only /metrics and /healthz are here\n")
        else:
            self._metrics()

    def _metrics(self) -> None:
        try:
            text = self.server.page.text()
        except EdgefleetError as error:
            self.server.say(str(error))
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, PLAIN, b"the store has no answer; see the log\n")
        else:
            self._answer(HTTPStatus.OK, self.server.content_type, text)

    def _answer(self, status: HTTPStatus, content_type: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing: a scrape is no event."""


class MetricsServer(ThreadingHTTPServer):
    """Serves a text at ``/metrics``, and ``/healthz`` whatever becomes of it.

    Raises:
        OutsideFailure: the address or port is not free, or not of this machine.
    """

    daemon_threads = True

    def __init__(
        self,
        place: tuple[str, int],
        make: Callable[[], str],
        content_type: str,
        *,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Listen; see `serve`.

        Args:
            place: (address, port); port 0 is a free one.
            make: makes the text, and may raise an `EdgefleetError`.
            content_type: of the text.
            say: reports why there is none.
            clock: seconds.
        """
        try:
            super().__init__(place, _Handler)
        except OSError as error:
            problem = f"cannot be listened on: {(error.strerror or str(error)).lower()}"
            hint = "give an address of this machine with --listen, and a free port with --serve"
            raise OutsideFailure.at(f"{place[0]}:{place[1]}", "listen", problem, hint) from error
        self.page = Page(make, clock)
        self.content_type, self.say = content_type, say
        self.address = f"http://{place[0]}:{self.server_address[1]}"

    def serve(self) -> None:
        """Answer until Ctrl-C."""
        try:
            self.serve_forever()
        except KeyboardInterrupt:
            self.say("stopped")
        finally:
            self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no event."""
