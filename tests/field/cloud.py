"""The emulated AWS of the field's tests: in this process, empty for each test, with a log of its calls."""

import configparser
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from moto.backends import get_backend
from werkzeug.serving import make_server

from edgefleet.emulator.app import create_app
from edgefleet.emulator.requests import Answer, Application, Environment, Fake, Start, read_call
from edgefleet.io.aws import Aws

ENDPOINTS = ("ambient", "emulated", "mine", "other")
"""Names of the addresses that the one emulated AWS listens at.

`ambient` is the environment's, where a call goes that names nothing; `emulated` is what a provider's endpoint
``emulated`` becomes; the others are for programs to name.
"""
PROFILES = ("mine", "other")
"""Profiles in AWS's configuration file; a call of each comes with the key of its name."""
REGION = "eu-central-1"


@dataclass(frozen=True, slots=True)
class Call:
    """One call to AWS."""

    account: str
    """``ambient``, ``emulated``, a profile, or the account number of an assumed role; empty if unsigned."""
    region: str
    endpoint: str
    """Name in `ENDPOINTS`."""
    service: str
    """``s3``, as it is signed for."""
    operation: str
    """``CreateVpc``; of a service with paths ``PUT /bucket``."""


@dataclass(slots=True)
class Refusal:
    """An answer of IAM's, or of another query protocol, in the place of what moto would do."""

    code: str
    message: str
    times: int
    """How often it is still given."""

    def give(self, start: Start) -> list[bytes]:
        """Answer it once more."""
        self.times -= 1
        error = f"<Error><Type>Sender</Type><Code>{self.code}</Code><Message>{self.message}</Message></Error>"
        start("400 Bad Request", [("Content-Type", "text/xml")])
        return [f"<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>".encode()]


class CallLog(Fake):
    """Keeps what was called, and refuses what a test asks it to."""

    def __init__(self, app: Application) -> None:
        self.calls: list[Call] = []
        self.endpoints: dict[str, str] = {}
        """dict[port -> name]."""
        self.refusals: dict[str, Refusal] = {}
        """dict[operation -> how it is refused]."""
        super().__init__(app)

    def __call__(self, environment: Environment, start: Start) -> Any:
        """Log the call, and refuse it or pass it on."""
        if not environment.get("PATH_INFO", "").startswith("/moto-api/"):
            call = self._logged(environment)
            self.calls.append(call)
            refusal = self.refusals.get(call.operation)
            if refusal is not None and refusal.times:
                return refusal.give(start)
        return super().__call__(environment, start)

    def _logged(self, environment: Environment) -> Call:
        call = read_call(environment)
        action = call.form.get("Action") or call.target.rpartition(".")[2]
        return Call(
            account=account_of(environment.get("HTTP_AUTHORIZATION", "")),
            region=call.region,
            endpoint=self.endpoints[str(environment["SERVER_PORT"])],
            service=call.service,
            operation=action or f"{call.method} {call.path}",
        )

    def answer(self, call: Any) -> Answer | None:
        """Answer nothing: pass all on."""
        del call
        return None


def account_of(authorization: str) -> str:
    """Whose call it is."""
    key = authorization.partition("Credential=")[2].partition("/")[0]
    accounts: Any = get_backend("sts") if key.startswith("ASIA") else {}
    roles = (role for account in list(accounts.values()) for role in account["aws"].assumed_roles)
    arn = next((role.role_arn for role in roles if role.access_key_id == key), "")
    return arn.split(":")[4] if arn else key


@dataclass(frozen=True, slots=True)
class Cloud:
    """The emulated AWS."""

    log: CallLog
    url: Mapping[str, str]
    """dict[name in `ENDPOINTS` -> address]."""

    @property
    def calls(self) -> list[Call]:
        """The calls so far, but for the test's own."""
        return [call for call in self.log.calls if call.account != "test"]

    def aws(self, region: str = REGION) -> Aws:
        """Clients for the test itself, to look and to change things outside; no log has their calls."""
        return Aws.emulated(self.url["emulated"].replace("//", "//test@"), region)

    def reset(self) -> None:
        """Forget everything."""
        with urlopen(Request(f"{self.url['ambient']}/moto-api/reset", method="POST")):  # noqa: S310 - our own address
            self.log.calls.clear()
            self.log.refusals.clear()

    def variables(self, folder: Path) -> dict[str, str]:
        """The environment of a program whose account is the ambient one; its files are in `folder`."""
        profiles = configparser.ConfigParser()
        for name in PROFILES:
            profiles[f"profile {name}"] = {"aws_access_key_id": name, "aws_secret_access_key": name}
        with (folder / "aws.config").open("w") as file:
            profiles.write(file)
        return {
            "AWS_ACCESS_KEY_ID": "ambient",
            "AWS_SECRET_ACCESS_KEY": "ambient",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url["ambient"],
            "AWS_CONFIG_FILE": str(folder / "aws.config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def serving() -> Iterator[Cloud]:
    """Serve it at all of its addresses."""
    log = CallLog(create_app())
    servers = {name: make_server("127.0.0.1", 0, log, threaded=True) for name in ENDPOINTS}
    for name, server in servers.items():
        log.endpoints[str(server.server_port)] = name
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Cloud(log, {name: f"http://127.0.0.1:{server.server_port}" for name, server in servers.items()})
    for server in servers.values():
        server.shutdown()


def plain(value: Any) -> Any:
    """All of a value that is computed when somebody looks."""
    return json.loads(json.dumps(value, default=dict))
