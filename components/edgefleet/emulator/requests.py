"""`Fake`, the base of the stand-ins: parsed requests, answers, and moto's stored resources."""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

Answer = dict[str, Any]
Environment = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environment, Start], Iterable[bytes]]
SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
ACCOUNT = "123456789012"
"""The account of all resources in moto."""
RESET = "/moto-api/reset"


class Refusal(Exception):  # noqa: N818 - an answer of the API
    """The API's error with that code."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    service: str
    """Service that it is signed for, ``ec2``; empty if unsigned."""
    region: str
    method: str
    path: str
    query: str
    body: bytes
    target: str
    """Operation of a JSON protocol, ``AmazonSSM.SendCommand``; else empty."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """dict[name in lower case -> value]."""

    @property
    def form(self) -> dict[str, str]:
        """Parameters of a query protocol; the first of each name."""
        return {name: values[0] for name, values in parse_qs(self.body.decode(errors="replace")).items()}

    @property
    def json(self) -> Any:
        """The body of a JSON protocol; an empty map if there is none."""
        return json.loads(self.body or b"{}")


def read_call(environment: Environment) -> Call:
    """The request; its body can be read again afterwards."""
    is_chunked = environment.pop("HTTP_TRANSFER_ENCODING", "") == "chunked"
    length = -1 if is_chunked else int(environment.get("CONTENT_LENGTH") or 0)
    body = environment["wsgi.input"].read(length) if length else b""
    environment |= {"wsgi.input": io.BytesIO(body)} | (
        {"CONTENT_LENGTH": str(len(body))} if is_chunked else {}
    )
    scope = SCOPE.search(environment.get("HTTP_AUTHORIZATION", ""))
    return Call(
        service=scope["service"] if scope else "",
        region=scope["region"] if scope else "",
        method=environment["REQUEST_METHOD"],
        path=unquote(environment.get("PATH_INFO", "/")),
        query=environment.get("QUERY_STRING", ""),
        body=body,
        target=environment.get("HTTP_X_AMZ_TARGET", ""),
        headers={
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environment.items()
            if name.startswith("HTTP_") or name in {"CONTENT_LENGTH", "CONTENT_TYPE"}
        },
    )


def moto_backend(service: str, region: str) -> Any:
    """Moto's backend of `service` in `region`; that of S3 is in the region ``aws``."""
    from moto.backends import get_backend  # noqa: PLC0415 - optional

    backends: Any = get_backend
    return backends(service)[ACCOUNT][region]


def answer_json(start: Start, body: Any, *, error: str = "") -> Iterator[bytes]:
    """Answer in AWS's JSON protocols."""
    data = json.dumps(body).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
    if error:
        start("400 Bad Request", [*headers, ("x-amzn-ErrorType", error)])
    else:
        start("200 OK", headers)
    return iter([data])


class Fake:
    """A stand-in that wraps an application."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self.reset()

    def __call__(self, environment: Environment, start: Start) -> Iterable[bytes]:
        """Answer the call, or pass it on and complete what moto did."""
        call = read_call(environment)
        if call.path == RESET:
            self.reset()
        try:
            answer = self.answer(call)
        except Refusal as refused:
            code = str(refused)
            return answer_json(start, {"__type": code, "message": code}, error=code)
        if answer is not None:
            return answer_json(start, answer)
        passed = self._app(environment, start)
        self.complete(call)
        return passed

    def reset(self) -> None:
        """Forget everything."""

    def answer(self, call: Call) -> Answer | None:
        """The answer to a call; None if it is passed on.

        Raises:
            Refusal: the API's error.
        """

    def complete(self, call: Call) -> None:
        """Complete what moto did for a call that was passed on."""
