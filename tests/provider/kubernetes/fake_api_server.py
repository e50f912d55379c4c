"""A stand-in for a Kubernetes API server, on loopback: as much of it as the provider's unit tests need.

It keeps objects, gives them UIDs, and answers strict dry runs, applies and conflicts as the real one does.
It validates nothing but that no field's name begins with ``bogus``, and runs no controllers: a test sets what
they would write. The real server is in tests/cluster.
"""

import copy
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]
TOKEN = "a-token-of-the-test"  # noqa: S105 - of a server that lives on loopback for a test
KINDS = {
    "v1": {
        "ConfigMap": "configmaps",
        "Secret": "secrets",
        "Service": "services",
        "Pod": "pods",
        "Namespace": "namespaces",
    },
    "apps/v1": {"Deployment": "deployments"},
    "discovery.k8s.io/v1": {"EndpointSlice": "endpointslices"},
    "apiextensions.k8s.io/v1": {"CustomResourceDefinition": "customresourcedefinitions"},
}
CLUSTER_WIDE = {"Namespace", "CustomResourceDefinition", "Gate"}


class Answer(Exception):  # noqa: N818 - how a request ends
    """An answer other than success."""

    def __init__(self, status: int, reason: str, message: str, causes: list[Object] | None = None) -> None:
        super().__init__(message)
        self.status = status
        details = {"causes": causes} if causes else {}
        self.body = {
            "kind": "Status",
            "code": status,
            "reason": reason,
            "message": message,
            "details": details,
        }


@dataclass
class FakeApiServer:
    """The objects, and what goes wrong."""

    address: str = ""
    kinds: dict[str, dict[str, str]] = field(default_factory=lambda: copy.deepcopy(KINDS))
    objects: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    """dict[(plural, namespace, name) -> object]."""
    managed_by_others: dict[str, str] = field(default_factory=dict)
    """dict[path of a field -> its manager]: an apply that is not forced meets a conflict there."""
    asked: list[str] = field(default_factory=list)
    """Each request: method, path, and ``dry`` for a dry run."""
    lost: set[str] = field(default_factory=set)
    """Methods whose next reply is lost after they had their effect."""
    refusal: Answer | None = None
    """What every change is answered with, if set."""
    written: Callable[[Object], None] = lambda _: None
    """Plays the controllers: gets each object that was written, before it is stored."""
    warning: str = ""
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    """Those of this user."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def kubeconfig(self) -> str:
        """A kubeconfig for it, as content."""
        name = "fake"
        return json.dumps(
            {
                "current-context": name,
                "clusters": [{"name": name, "cluster": {"server": self.address}}],
                "users": [{"name": name, "user": {"token": TOKEN}}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            }
        )

    def find(self, kind: str, name: str, namespace: str = "default") -> Object | None:
        """An object, or None."""
        plural = next(names[kind] for names in self.kinds.values() if kind in names)
        return self.objects.get((plural, "" if kind in CLUSTER_WIDE else namespace, name))

    def answer(self, method: str, address: str, body: Any) -> tuple[int, Any]:
        """The answer to one request."""
        path, query = urlsplit(address).path, parse_qs(urlsplit(address).query)
        is_dry = "dryRun" in query
        self.asked.append(f"{method} {path}{' dry' if is_dry else ''}")
        parts = path.strip("/").split("/")
        version, rest = (parts[1], parts[2:]) if parts[0] == "api" else ("/".join(parts[1:3]), parts[3:])
        if version not in self.kinds:
            raise Answer(404, "NotFound", "the server could not find the requested resource")
        if not rest:
            return 200, self._discovery(version)
        namespace = rest[1] if rest[0] == "namespaces" and len(rest) > 2 else ""
        plural, *name = rest[2:] if namespace else rest
        key = (plural, namespace, name[0] if name else "")
        if method == "GET":
            return 200, self._read(key)
        if self.refusal is not None:
            raise self.refusal
        change = {"POST": self._create, "PATCH": self._patch, "DELETE": self._delete}[method]
        return 200, change(key, body, query, is_dry=is_dry)

    def _discovery(self, version: str) -> Object:
        listed = [
            {"name": plural, "kind": kind, "namespaced": kind not in CLUSTER_WIDE}
            for kind, plural in self.kinds[version].items()
        ]
        return {"kind": "APIResourceList", "resources": listed}

    def _read(self, key: tuple[str, str, str]) -> Object:
        if key[2]:
            return self._existing(key)
        return {"items": [item for other, item in self.objects.items() if other[:2] == key[:2]]}

    def _existing(self, key: tuple[str, str, str]) -> Object:
        if key not in self.objects:
            raise Answer(404, "NotFound", f'{key[0]} "{key[2]}" not found')
        return self.objects[key]

    def _create(self, key: tuple[str, str, str], body: Object, _query: Any, *, is_dry: bool) -> Object:
        unknown = [f'unknown field "{path}"' for path in bogus(body)]
        if unknown:
            raise Answer(400, "BadRequest", f"strict decoding error: {', '.join(unknown)}")
        name = body["metadata"]["name"]
        if key[1] and key[1] != "default" and self.find("Namespace", key[1]) is None:
            raise Answer(404, "NotFound", f'namespaces "{key[1]}" not found')
        if (*key[:2], name) in self.objects:
            raise Answer(409, "AlreadyExists", f'{key[0]} "{name}" already exists')
        return self._write((*key[:2], name), body, {}, is_dry=is_dry)

    def _patch(self, key: tuple[str, str, str], body: Any, query: Any, *, is_dry: bool) -> Object:
        if isinstance(body, list):  # a JSON patch of the managed fields
            item = self._existing(key)
            item["metadata"]["managedFields"] = body[0]["value"]
            return item
        if paths := list(bogus(body)):
            raise Answer(
                500, "", f"failed to create typed patch object: .{paths[0]}: field not declared in schema"
            )
        live = self.objects.get(key, {})
        manager, is_forced = query["fieldManager"][0], query["force"] == ["true"]
        causes = [
            {"reason": "FieldManagerConflict", "message": f'conflict with "{other}"', "field": f".{path}"}
            for path, other in self.managed_by_others.items()
            if live and value_at(body, path) not in (None, value_at(live, path))
        ]
        if causes and not is_forced:
            raise Answer(409, "Conflict", "Apply failed", causes)
        managed = [
            entry
            for entry in live.get("metadata", {}).get("managedFields", [])
            if (entry["manager"], entry["operation"]) != (manager, "Apply")
        ]
        managed.append({"manager": manager, "operation": "Apply", "fieldsV1": fields_of(body)})
        return self._write(key, body, {**live, "managed": managed}, is_dry=is_dry)

    def _write(self, key: tuple[str, str, str], body: Object, live: Object, *, is_dry: bool) -> Object:
        managed = live.pop("managed", [])
        item: Object = merged(copy.deepcopy(live), body)
        metadata = item["metadata"]
        metadata.setdefault("uid", f"uid-{next(self._numbers)}")
        metadata["generation"] = metadata.get("generation", 0) + 1
        metadata["resourceVersion"], metadata["managedFields"] = str(next(self._numbers)), managed
        self.written(item)
        if not is_dry:
            self.objects[key] = item
        return item

    def _delete(self, key: tuple[str, str, str], body: Object, _query: Any, *, is_dry: bool) -> Object:
        assert not is_dry
        item = self._existing(key)
        if body.get("preconditions", {}).get("uid") not in (None, item["metadata"]["uid"]):
            raise Answer(409, "Conflict", "Precondition failed: UID in precondition")
        if item["metadata"].get("finalizers"):
            item["metadata"]["deletionTimestamp"] = "2026-11-29T10:00:00Z"
        else:
            del self.objects[key]
        return {"kind": "Status", "status": "Success"}


def bogus(value: Any, path: str = "") -> Iterator[str]:
    """Paths of the fields that this server does not know."""
    for key, child in value.items() if isinstance(value, dict) else ():
        here = f"{path}.{key}" if path else key
        if key.startswith("bogus"):
            yield here
        yield from bogus(child, here)


def value_at(value: Any, path: str) -> Any:
    """The value at a path of names."""
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def fields_of(value: Any) -> Object:
    """The managed fields that an object makes."""
    return {f"f:{key}": fields_of(child) for key, child in value.items()} if isinstance(value, dict) else {}


def merged(live: Any, wanted: Any) -> Any:
    """`live` with the values of `wanted`."""
    if not (isinstance(live, dict) and isinstance(wanted, dict)):
        return copy.deepcopy(wanted)
    return {**live, **{key: merged(live.get(key), child) for key, child in wanted.items()}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: FakeApiServer
    lock: threading.Lock

    def _serve(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length) or "null")
        if self.headers.get("authorization", "").removeprefix("Bearer ") not in self.served.tokens:
            self._say(401, {"kind": "Status", "message": "Unauthorized"})
            return
        with self.lock:
            try:
                status, answer = self.served.answer(self.command, self.path, body)
            except Answer as refusal:
                status, answer = refusal.status, refusal.body
            data = json.dumps(answer).encode()
        if self.command in self.served.lost and "dryRun" not in self.path:
            self.served.lost.discard(self.command)
            self.close_connection = True
            return
        self._say(status, None, data)

    def _say(self, status: int, answer: Any, data: bytes = b"") -> None:
        data = data or json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        if self.served.warning:
            self.send_header("warning", f'299 - "{self.served.warning}"')
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Print nothing."""


@contextmanager
def fake_api_server() -> Iterator[FakeApiServer]:
    """One that listens while the block runs."""
    served = FakeApiServer()
    handler = type("Bound", (_Handler,), {"served": served, "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    served.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
