"""Logins of this user by host, from netrc and docker's own file; never shown.

The files are the ones that curl, git, docker, podman and skopeo read, so that nothing is set up twice.
"""

import base64
import json
import netrc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.io import processes

HUB = "docker.io"
_HUB_KEY = "https://index.docker.io/v1/"
"""Docker's name for its own registry in its file."""
_TOKEN_USER = "<token>"  # noqa: S105 - a credential helper's word for: the secret is an identity token


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A name and a password, or a token to ask for others with."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of an ``Authorization`` header."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Logins:
    """Logins by host, read at the first use.

    A file that cannot be understood raises InvalidInput; a credential helper that is missing, OutsideFailure.

    Args:
        environment: NETRC, DOCKER_CONFIG, REGISTRY_AUTH_FILE and HOME are looked at.
        signed: (method, address) -> headers that sign a request.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        signed: Callable[[str, str], dict[str, str]] = lambda *_: {},
    ) -> None:
        self._environment = environment
        self._signed = signed
        self._netrc: netrc.netrc | None = None
        self._docker: list[_Docker] | None = None

    def web(self, host: str) -> Login | None:
        """The login for a server at `host`; `None` without its own: netrc's ``default`` names none."""
        if self._netrc is None:
            self._netrc = self._read_netrc()
        found = self._netrc.hosts.get(host)
        return Login(user=found[0], password=found[2]) if found else None

    def registry(self, host: str) -> Login | None:
        """The login for the registry at `host` (with its port): docker's, else netrc's."""
        if self._docker is None:
            self._docker = [_read_docker(path) for path in self._docker_files()]
        names = (host, f"https://{host}", *((_HUB_KEY,) if host == HUB else ()))
        for known in self._docker:
            login = known.login(names)
            if login is not None:
                return login
        return self.web(host.partition(":")[0])

    def signature(self, method: str, address: str, status: int) -> dict[str, str]:
        """The headers with which a request is repeated with this status, if any help."""
        return self._signed(method, address) if status == HTTPStatus.FORBIDDEN else {}

    def _home(self) -> Path:
        return Path(self._environment.get("HOME", "/nonexistent"))

    def _read_netrc(self) -> netrc.netrc:
        path = Path(self._environment.get("NETRC") or self._home() / ".netrc")
        try:
            return netrc.netrc(str(path))
        except OSError:
            return netrc.netrc("/dev/null")
        except (netrc.NetrcParseError, ValueError) as error:
            line = getattr(error, "lineno", None)
            where, hint = path, "write lines like: machine mirror.example login NAME password SECRET"
            raise InvalidInput.at(
                f"{where}:{line}" if line else where,
                "bad-netrc",
                "this file of logins cannot be understood",
                hint,
            ) from None  # the parser's own words may hold a password

    def _docker_files(self) -> list[Path]:
        auth_file = self._environment.get("REGISTRY_AUTH_FILE")
        folder = self._environment.get("DOCKER_CONFIG")
        docker = Path(folder) if folder else self._home() / ".docker"
        return [*([Path(auth_file)] if auth_file else []), docker / "config.json"]


_Helper = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,100}$")]
"""The end of a program's name; never a path."""


class _Entry(BaseModel):
    auth: str | None = None
    """Base64 of ``user:password``."""
    identitytoken: str | None = None
    username: str | None = None
    password: str | None = None

    @property
    def login(self) -> Login | None:
        try:
            user, _, password = base64.b64decode(self.auth or "").decode().partition(":")
        except ValueError:
            user, password = "", ""
        user, password = user or self.username or "", password or self.password or ""
        token = self.identitytoken or ""
        return Login(user=user, password=password, identity_token=token) if user or token else None


class _Docker(BaseModel):
    """docker's file, as far as it is used."""

    auths: dict[str, _Entry | None] | None = None
    helpers: dict[str, _Helper] | None = Field(default=None, alias="credHelpers")
    store: _Helper | None = Field(default=None, alias="credsStore")

    def login(self, names: tuple[str, ...]) -> Login | None:
        """The login for the first of `names` that the file has."""
        helpers, auths = self.helpers or {}, self.auths or {}
        for name in names:
            helper = helpers.get(name) or (self.store if name in auths else None)
            if helper:
                return _of_helper(helper, name)
            if (entry := auths.get(name)) is not None:
                return entry.login
        return None


def _read_docker(path: Path) -> _Docker:
    try:
        return _Docker.model_validate_json(path.read_bytes())
    except OSError:
        return _Docker()
    except ValueError:
        problem, hint = "this file of registry logins is not JSON", "fix it, or recreate it with docker login"
        raise InvalidInput.at(path, "bad-docker-config", problem, hint) from None  # it may hold a password


def _of_helper(helper: str, name: str) -> Login | None:
    program = f"docker-credential-{helper}"
    done = processes.run([program, "get"], stdin=name.encode(), timeout=60)
    if done.status != 0:  # without a login it fails, with a message on stdout
        return None
    try:
        answer = json.loads(done.output)
        user, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError):
        problem, hint = f"its answer for {name} cannot be understood", "check it with docker login"
        raise OutsideFailure.at(
            program, "credential-helper", problem, hint
        ) from None  # the answer may hold a password
    return Login(identity_token=secret) if user == _TOKEN_USER else Login(user=user, password=secret)
