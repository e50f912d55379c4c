"""A proxy before an API server that interrupts at one change: it ends the client, or loses the reply."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import httpx

How = Literal["before", "after", "lost"]


@dataclass
class InterruptingProxy:
    """What is interrupted, and how."""

    upstream: httpx.Client
    address: str = ""
    at: int = 0
    """The change to interrupt at, from 1; 0: none. Dry runs are changes here."""
    how: How = "lost"
    """``before`` the server gets it, or ``after``, the process ends; or the reply to it is ``lost``."""
    kill: Callable[[], None] = lambda: None
    changes: list[str] = field(default_factory=list)
    """Method and path of each change."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, at: int, how: How, kill: Callable[[], None] = lambda: None) -> None:
        """Interrupt at the change `at` from now on."""
        self.at, self.how, self.kill, self.changes = at, how, kill, []

    @property
    def was_reached(self) -> bool:
        """Whether there was such a change."""
        return 0 < self.at <= len(self.changes)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> httpx.Response | None:
        """The server's answer; None where it does not reach the client."""
        is_hit = False
        if method != "GET":
            with self._lock:
                self.changes.append(f"{method} {path}")
                is_hit = len(self.changes) == self.at
        if is_hit and self.how == "before":
            self.kill()
            return None
        answer = self.upstream.request(method, path, headers=headers, content=body)
        if not is_hit:
            return answer
        if self.how == "after":
            self.kill()
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: InterruptingProxy

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {
            name: self.headers[name] for name in ("content-type", "authorization") if name in self.headers
        }
        answer = self.proxy.answer(self.command, self.path, headers, body)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Print nothing."""


@contextmanager
def interrupting(kubeconfig: Path, own: Path) -> Iterator[InterruptingProxy]:
    """A proxy before the cluster of `kubeconfig`, while the block runs; `own` becomes a kubeconfig for it."""
    document = json.loads(kubeconfig.read_text())
    cluster = document["clusters"][0]["cluster"]
    context = ssl.create_default_context(cafile=cluster["certificate-authority"])
    with httpx.Client(base_url=cluster["server"], verify=context, timeout=60) as upstream:
        proxy = InterruptingProxy(upstream)
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"proxy": proxy}))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        proxy.address = f"http://127.0.0.1:{server.server_port}"
        document["clusters"][0]["cluster"] = {"server": proxy.address}
        own.write_text(json.dumps(document))
        try:
            yield proxy
        finally:
            server.shutdown()
            server.server_close()
