"""Servers on loopback for tests: one for files that misbehaves as told, and a stand-in for a registry."""

import base64
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""


Answering = Callable[["Handler"], None]


@dataclass
class FileServer:
    """What is served, and how badly."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    """dict[path -> content]."""
    asked: list[Asked] = field(default_factory=list)
    faults: list[Answering] = field(default_factory=list)
    """What the next requests get instead, the first one first."""
    tags: dict[str, str] = field(default_factory=dict)
    """dict[path -> ETag]."""

    def answer(self, handler: "Handler") -> None:
        """Answer one request as servers do."""
        if self.faults:
            self.faults.pop(0)(handler)
            return
        data = self.files.get(handler.path.partition("?")[0])
        if data is None:
            handler.say(404, b"no such file")
            return
        tag = self.tags.get(handler.path, '"v1"')
        start = 0
        asked = handler.headers.get("range", "")
        if asked and handler.headers.get("if-range", tag) == tag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(data):
                handler.say(416, b"")
                return
        headers = {"etag": tag}
        if start:
            headers["content-range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        handler.say(206 if start else 200, data[start:], headers)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    served: Any

    def handle_one(self) -> None:
        """Note the request and answer it."""
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.served.asked.append(Asked(self.command, self.path + (f" {body}" if body else ""), headers))
        self.served.answer(self)

    do_GET = do_HEAD = do_POST = handle_one  # noqa: N815 - the library's names

    def say(
        self, status: int, data: bytes, headers: Mapping[str, str] | None = None, length: int | None = None
    ) -> None:
        """Answer; `length` is what is announced, where that is not so."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        if length is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def half(data: bytes, part: int) -> Answering:
    """The first `part` bytes of `data`, and then the line is cut."""
    return lambda handler: handler.say(200, data[:part], {"etag": '"v1"'}, length=len(data))


def status(code: int, headers: Mapping[str, str] | None = None) -> Answering:
    """An answer without content."""
    return lambda handler: handler.say(code, b"", headers)


def page(handler: Handler) -> None:
    """A web page."""
    handler.say(200, b"<!DOCTYPE html><title>log in</title>", {"content-type": "text/html; charset=utf-8"})


def silence(seconds: float) -> Answering:
    """Nothing, for a while."""
    return lambda _: time.sleep(seconds)


@contextmanager
def serving(served: Any, tls: Path | None = None) -> Iterator[Any]:
    """`served` at an address of its own; by TLS with the key and certificate in the file `tls`."""
    kind = type("Bound", (Handler,), {"served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    if tls is not None:
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    served.address = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    """A port of this machine on which nobody answers."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def digest_of(data: bytes) -> str:
    """``sha256:<hex>``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class FakeRegistry:
    """A stand-in for a container registry: what the OCI distribution specification says about reading."""

    address: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    """dict[digest -> content]."""
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    """dict[(repository, tag or digest) -> (media type, content)]."""
    asked: list[Asked] = field(default_factory=list)
    login: str = ""
    """``user:password``, without which nothing is given; empty: everybody may read."""
    kind: str = "bearer"
    tokens: int = 0
    """Tokens given so far; only the last one is good."""
    lasts: int = 300

    @property
    def host(self) -> str:
        """Its name in names of images."""
        return self.address.removeprefix("http://")

    def keep(self, data: bytes) -> dict[str, Any]:
        """Keep a blob; its descriptor."""
        self.blobs[digest_of(data)] = data
        return {"digest": digest_of(data), "size": len(data), "mediaType": "application/octet-stream"}

    def push(self, repository: str, arch: str, *layers: bytes, tag: str = "", os: str = "linux") -> str:
        """Keep an image of one platform; its digest."""
        root = {"type": "layers", "diff_ids": [digest_of(each) for each in layers]}
        config = json.dumps({"architecture": arch, "os": os, "config": {}, "rootfs": root}).encode()
        kind = "application/vnd.oci.image."
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.keep(config) | {"mediaType": f"{kind}config.v1+json"},
            "layers": [self.keep(each) | {"mediaType": f"{kind}layer.v1.tar"} for each in layers],
        }
        return self.name(repository, MANIFEST, json.dumps(manifest).encode(), tag)

    def push_files(self, repository: str, tag: str, files: Mapping[str, bytes]) -> None:
        """Keep files as `oras push` does."""
        title = "org.opencontainers.image.title"
        layers = [self.keep(data) | {"annotations": {title: name}} for name, data in files.items()]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.keep(b"{}"), "layers": layers}
        self.name(repository, MANIFEST, json.dumps(manifest).encode(), tag)

    def index(self, repository: str, tag: str, platforms: Mapping[str, str]) -> str:
        """Keep an index of dict[``os/arch[/variant]`` -> digest]; its digest."""
        entries = []
        for platform, digest in platforms.items():
            os, arch, *variant = platform.split("/")
            said = {"os": os, "architecture": arch} | ({"variant": variant[0]} if variant else {})
            entries.append({"mediaType": MANIFEST, "digest": digest, "size": 1, "platform": said})
        plain = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        return self.name(repository, INDEX, json.dumps(plain).encode(), tag)

    def name(self, repository: str, kind: str, data: bytes, tag: str = "") -> str:
        """Keep a manifest under its digest and a tag."""
        for reference in (digest_of(data), *([tag] if tag else [])):
            self.manifests[repository, reference] = (kind, data)
        return digest_of(data)

    def answer(self, handler: Handler) -> None:
        """Answer one request."""
        path = handler.path.partition("?")[0]
        if path == "/token":
            self._give_token(handler)
        elif not self._is_let_in(handler):
            challenge = f'Bearer realm="{self.address}/token",service="fake",scope="repository:x:pull"'
            handler.say(
                401, b"{}", {"www-authenticate": challenge if self.kind == "bearer" else 'Basic realm="x"'}
            )
        elif path == "/v2/":
            handler.say(200, b"{}")
        elif "blobs/" in path:
            self._give_blob(handler, path.rpartition("/")[2])
        else:
            repository, _, reference = path.removeprefix("/v2/").partition("/manifests/")
            kind, data = self.manifests.get((repository, reference), ("", b""))
            handler.say(200 if data else 404, data, {"content-type": kind or "application/json"})

    def _give_blob(self, handler: Handler, digest: str) -> None:
        data = self.blobs.get(digest)
        if data is None:
            handler.say(404, b"{}")
            return
        asked = handler.headers.get("range", "")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        headers = {"content-range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        handler.say(206 if start else 200, data[start:], headers)

    def _give_token(self, handler: Handler) -> None:
        basic = "Basic " + base64.b64encode(self.login.encode()).decode()
        is_known = handler.headers.get("authorization") == basic or "refresh_token=" in self.asked[-1].path
        if self.login and not is_known:
            handler.say(401, b"{}")
            return
        self.tokens += 1
        token = f"t{self.tokens}"  # of both names: that of OAuth 2 is "access_token"
        answer = {"token": token, "access_token": token, "expires_in": self.lasts}
        handler.say(200, json.dumps(answer).encode())

    def _is_let_in(self, handler: Handler) -> bool:
        said = handler.headers.get("authorization", "")
        if not self.login:
            return True
        if self.kind == "basic":
            return said == "Basic " + base64.b64encode(self.login.encode()).decode()
        return self.tokens > 0 and said == f"Bearer t{self.tokens}"
