"""Logins of this user by host, from netrc and docker's own file; never shown.

The files are the ones that curl, git, docker, podman and skopeo read, so that nothing is set up twice.
"""

import base64
import binascii
import json
import netrc
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._netrc: netrc.netrc | None = None
        self._docker: list[dict[str, Any]] | None = None

    def web(self, host: str) -> Login | None:
        """The login for a server at `host`; `None` without one."""
        if self._netrc is None:
            self._netrc = self._read_netrc()
        found = self._netrc.authenticators(host)
        return Login(user=found[0], password=found[2]) if found else None

    def registry(self, host: str) -> Login | None:
        """The login for the registry at `host` (with its port): docker's, else netrc's."""
        if self._docker is None:
            self._docker = [known for path in self._docker_files() if (known := _read_json(path))]
        names = (host, f"https://{host}", *((_HUB_KEY,) if host == HUB else ()))
        for known in self._docker:
            login = _of_docker(known, names)
            if login is not None:
                return login
        return self.web(host.partition(":")[0])

    def _home(self) -> Path:
        return Path(self._environment.get("HOME", "/nonexistent"))

    def _read_netrc(self) -> netrc.netrc:
        path = Path(self._environment.get("NETRC") or self._home() / ".netrc")
        try:
            return netrc.netrc(str(path))
        except OSError:
            return netrc.netrc("/dev/null")
        except (netrc.NetrcParseError, UnicodeDecodeError) as error:
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


def _read_json(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_bytes())
    except OSError:
        return {}
    except ValueError:
        config = None
    if not isinstance(config, dict):
        hint = "fix it, or recreate it with docker login"
        raise InvalidInput.at(
            path, "bad-docker-config", "this file of registry logins is not JSON", hint
        ) from None  # the unreadable text may be a password
    return config


def _of_docker(config: dict[str, Any], names: tuple[str, ...]) -> Login | None:
    helpers, store = config.get("credHelpers") or {}, config.get("credsStore")
    for name in names:
        helper = helpers.get(name) or (store if name in (config.get("auths") or {}) else None)
        if helper:
            return _of_helper(str(helper), name)
        entry = (config.get("auths") or {}).get(name)
        if entry:
            return _of_entry(entry)
    return None


def _of_entry(entry: dict[str, Any]) -> Login | None:
    token = str(entry.get("identitytoken") or "")
    try:
        user, _, password = base64.b64decode(entry.get("auth") or "").decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user, password = "", ""
    user, password = user or str(entry.get("username", "")), password or str(entry.get("password", ""))
    return Login(user=user, password=password, identity_token=token) if user or token else None


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
