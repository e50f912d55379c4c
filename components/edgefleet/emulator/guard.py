"""`Guard`: only the project's own commands reach its emulated cloud.

It holds the hub's tokens and keys in clear. Any web page can send requests to loopback, and any user of the
machine can; neither knows the project's token, which callers have as the id of their access key.
"""

import hmac
import re
from collections.abc import Iterable
from typing import Any

from edgefleet.emulator.requests import Application, Environment, Start, answer_json
from edgefleet.io.emulator import HEALTH, HOST, TOKEN_HEADER

CREDENTIAL = re.compile(r"Credential=([^/]+)/")


class Guard:
    """Wraps the whole application; it answers nothing to a caller without the token."""

    def __init__(self, app: Application, token: str) -> None:
        self._app, self._token = app, token

    def __call__(self, environment: Environment, start: Start) -> Iterable[bytes]:
        """Pass the call on, or refuse it."""
        if reason := self._refusal(environment):
            return answer_json(start, {"message": reason}, error="AccessDenied")
        if environment.get("PATH_INFO") == HEALTH:
            return answer_json(start, {})

        def start_plainly(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            """Without permission for pages of other origins, whatever moto grants."""
            kept = [item for item in headers if not item[0].lower().startswith("access-control-")]
            return start(status, kept, *more)

        return self._app(environment, start_plainly)

    def _refusal(self, environment: Environment) -> str:
        """Why the call is refused; empty if it is not."""
        hosts = {f"{name}:{environment.get('SERVER_PORT')}" for name in (HOST, "localhost")}
        if environment.get("HTTP_HOST") not in hosts:
            return "the request names another host"  # a name that an attacker made resolve to loopback
        if "HTTP_ORIGIN" in environment or environment["REQUEST_METHOD"] == "OPTIONS":
            return "the request comes from a web page"
        credential = CREDENTIAL.search(environment.get("HTTP_AUTHORIZATION", ""))
        names = "HTTP_" + TOKEN_HEADER.upper().replace("-", "_")
        given = environment.get(names) or (credential[1] if credential else "")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return "the request has no token of this project"
        if "moto-api" in environment.get("PATH_INFO", "").split("/"):
            return "this emulated cloud has no such interface"
        return ""
