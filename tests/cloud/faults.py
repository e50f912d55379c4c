"""Faults at the n-th call to AWS, through botocore's own hooks: nothing of ours is touched."""

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from edgefleet.io.aws import Aws
from edgefleet.model.cloud import Cloud

REFUSALS = {
    "throttled": (400, "Throttling", "Rate exceeded"),
    "5xx": (500, "InternalError", "An internal error has occurred"),
    "denied": (403, "AccessDenied", "You are not authorized to perform this operation"),
    "quota": (400, "VpcLimitExceeded", "The maximum number has been reached"),
}
"""dict[fault -> (status, code, message)]: AWS answers this and does nothing.

The other faults are ``timeout``, where the call never arrives, and ``lost``, where it takes effect and
its answer does not arrive.
"""


class Once(Aws):
    """Clients that try once, so that a fault is seen where it happens."""

    attempts = 1


@dataclass
class Faults:
    """Counts calls, and lets one of them fail."""

    kind: str = ""
    at: int = -1
    """Number of the call, from 0, that fails; none where it is negative."""
    calls: list[str] = field(default_factory=list)
    """Operations that were called."""
    services: set[str] = field(default_factory=set)
    """Services that were ever called."""
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    """dict[operation -> (code, message)] of those that AWS refuses `times` times."""
    times: int = 0
    """Refusals that are left."""

    def arm(self, kind: str, at: int) -> None:
        """From now on: the call number `at` fails as `kind` says."""
        self.kind, self.at = kind, at
        self.calls.clear()

    def disarm(self) -> None:
        """Nothing fails any more."""
        self.arm("", -1)

    @property
    def has_struck(self) -> bool:
        """Whether the call that was to fail came."""
        return 0 <= self.at < len(self.calls)

    def before_call(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)
        self.services.add(model.service_model.service_name)

    def before_send(self, request: Any, **_: Any) -> AWSResponse | None:
        """The answer in place of sending, where this call is to fail before it has any effect."""
        if self.times and self.calls[-1] in self.refused:
            self.times -= 1
            return answered(request, 400, *self.refused[self.calls[-1]])
        if len(self.calls) - 1 != self.at or self.kind == "lost":
            return None
        if self.kind == "timeout":
            raise ReadTimeoutError(endpoint_url=request.url)
        status, code, message = REFUSALS[self.kind]
        return answered(request, status, code, message)

    def after_call(self, **_: Any) -> None:
        """Lose the answer of a call that took effect."""
        if self.kind == "lost" and len(self.calls) - 1 == self.at:
            raise ReadTimeoutError(endpoint_url="lost")


def faulty(endpoint: str, region: str) -> tuple[Aws, Faults]:
    """Clients of the emulated cloud whose calls can be made to fail."""
    session = boto3.Session(
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",  # noqa: S106 - opens nothing
        region_name=region,
    )
    faults = Faults()
    session.events.register("before-call", faults.before_call)
    session.events.register("before-send", faults.before_send)  # type: ignore[arg-type]  # it may answer
    session.events.register("after-call", faults.after_call)
    return Once(Cloud(endpoint=endpoint), session=session), faults


class _Raw:
    """The body of an answer, as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Any:
        yield self._body


def answered(request: Any, status: int, code: str, message: str) -> AWSResponse:
    """An error in the form of the protocol that `request` speaks."""
    kind = str(request.headers.get("Content-Type", ""))
    is_json = b"json" in kind.encode() or "X-Amz-Target" in request.headers
    headers = {"x-amzn-ErrorType": code, "Content-Type": "application/json" if is_json else "text/xml"}
    if is_json:
        body = f'{{"__type": "{code}", "message": "{message}"}}'
    elif "ec2" in str(request.headers.get("Authorization", b"")):
        error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        body = f"<Response><Errors>{error}</Errors><RequestID>0</RequestID></Response>"
    elif "s3/aws4_request" in str(request.headers.get("Authorization", b"")):
        body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    else:
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        body = f"<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>"
    return AWSResponse(request.url, status, headers, _Raw(body.encode()))  # type: ignore[arg-type]  # any mapping of headers
