"""Logins to a cluster: a credential that a kubeconfig holds, or one that a program of it prints.

Such a program is a credential plugin of client-go, ``aws eks get-token`` for example. It is run without a
shell and without a terminal, at the first request to the cluster, when its credential has expired, and once
more when the server refuses it. No message holds its output.

Source: Kubernetes docs, "Authenticating", on client-go credential plugins.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from edgefleet.errors import OutsideFailure
from edgefleet.io import processes
from edgefleet.io.kubernetes_errors import redacted
from edgefleet.model import strict_json

PATIENCE = 60.0
"""Seconds that a program may take."""
Run = Callable[..., processes.Finished]
"""Runs a program to its end, as `processes.run`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a client presents; nothing, to a server that asks for nothing."""

    token: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    expires: datetime | None = None


class Login:
    """Who this user is to a cluster: a credential that does not change.

    Args:
        known: the credential; by default nothing is presented.
    """

    def __init__(self, known: Credential | None = None) -> None:
        self._known = known

    def credential(self) -> Credential:
        """The present credential."""
        return self._known or Credential()

    def renews(self, refused: Credential) -> bool:
        """Whether there may be another credential than the one that the server refused."""
        del refused
        return False


class Variable(BaseModel):
    """A variable of a program's environment."""

    name: str
    value: str


class Program(BaseModel):
    """The part ``exec`` of a user in a kubeconfig."""

    version: Literal["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"] = Field(
        alias="apiVersion"
    )
    command: str = Field(min_length=1)
    args: list[str] | None = None
    env: list[Variable] | None = None
    interactive: Literal["Never", "IfAvailable", "Always"] = Field(
        default="IfAvailable", alias="interactiveMode"
    )
    hint: str = Field(default="", alias="installHint")
    has_cluster: bool = Field(default=False, alias="provideClusterInfo")

    @property
    def variables(self) -> dict[str, str]:
        """dict[name -> value] of its own environment."""
        return {variable.name: variable.value for variable in self.env or ()}

    def environ(self, given: Mapping[str, str], cluster: Mapping[str, str]) -> dict[str, str]:
        """Its whole environment: what is `given`, its own, and the cluster if it asks for that."""
        spec: dict[str, Any] = {"interactive": False} | ({"cluster": cluster} if self.has_cluster else {})
        info = {"apiVersion": self.version, "kind": "ExecCredential", "spec": spec}
        return {**given, **self.variables, "KUBERNETES_EXEC_INFO": json.dumps(info)}


class _Status(BaseModel):
    token: str = ""
    certificate: str = Field(default="", alias="clientCertificateData")
    key: str = Field(default="", alias="clientKeyData")
    expires: AwareDatetime | None = Field(default=None, alias="expirationTimestamp")


class _Answer(BaseModel):
    version: str = Field(alias="apiVersion")
    kind: Literal["ExecCredential"]
    status: _Status


def _now() -> datetime:
    return datetime.now(UTC)


class ProgramLogin(Login):
    """The credential that a program prints; one for many threads.

    Args:
        program: as the kubeconfig has it.
        folder: where the kubeconfig is; a command with a slash is relative to it.
        environ: its environment.
        run: runs it.
        now: the present time.
    """

    def __init__(
        self,
        program: Program,
        *,
        folder: Path,
        environ: Mapping[str, str],
        run: Run = processes.run,
        now: Callable[[], datetime] = _now,
    ) -> None:
        super().__init__()
        self._program, self._run, self._now = program, run, now
        command = str(folder / program.command) if os.sep in program.command else program.command
        self._command, self._environ = [command, *(program.args or ())], environ
        self._lock = Lock()

    def credential(self) -> Credential:
        """The credential, a new one where there is none that is still valid.

        Raises:
            OutsideFailure: the program fails, or prints no credential.
        """
        with self._lock:
            known = self._known
            if known is None or (known.expires is not None and known.expires <= self._now()):
                self._known = known = self._printed()
            return known

    def renews(self, refused: Credential) -> bool:
        """Drop a refused credential; True, as the program may print another one."""
        with self._lock:
            if self._known == refused:
                self._known = None
        return True

    def _printed(self) -> Credential:
        output = self._output()
        try:
            answer = _Answer.model_validate(strict_json.parse(output))
        except ValueError:  # its message may hold the token
            answer = None
        version, by_hand = self._program.version, "run it by hand to see what it prints"
        if answer is None or answer.version != version:
            raise self._failure(f"prints no ExecCredential of {version}", by_hand)
        status = answer.status
        if not (status.token or (status.certificate and status.key)):
            raise self._failure("prints neither a token nor a certificate with its key", by_hand)
        return Credential(
            token=status.token,
            certificate=status.certificate.encode(),
            key=status.key.encode(),
            expires=status.expires,
        )

    def _output(self) -> bytes:
        try:
            done = self._run(self._command, env=self._environ, timeout=PATIENCE)
        except OutsideFailure as error:
            hint = " ".join(self._program.hint.split()) or error.problem.hint
            raise self._failure(error.problem.problem, hint) from None
        if done.status:
            errors = redacted(done.errors.strip(), self._program.variables.values())
            problem = f"ended with {done.status}: {errors.rpartition(chr(10))[2]}".rstrip(": ")
            raise self._failure(problem, "run it by hand to see what it needs")
        return done.output

    def _failure(self, problem: str, hint: str) -> OutsideFailure:
        where = self._program.command
        return OutsideFailure.at(where, "login-program", f"the login program {problem}", hint)
