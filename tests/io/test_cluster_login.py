"""Logins by a program of the kubeconfig: what it is given, and when it is run again."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.provider.kubernetes.fake_api_server import FakeApiServer, fake_api_server

from edgefleet.errors import OutsideFailure
from edgefleet.io import processes
from edgefleet.io.kubeconfig import read_access
from edgefleet.io.kubernetes import ApiServer
from edgefleet.model.kubernetes import Kind, Ref

VERSION = "client.authentication.k8s.io/v1beta1"
REF = Ref(Kind("v1", "ConfigMap"), "settings", "default")
PROGRAM = """#!{python}
import json, os, sys
print("hunter22", file=sys.stderr)
given = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
with open(sys.argv[1], "a") as file:
    file.write(json.dumps([given, os.environ["REGION"], sys.argv[2:], sys.stdin.read()]) + "\\n")
runs = open(sys.argv[1]).read().count("\\n")
expires = "2000-01-01T00:00:00Z" if runs == 1 else None
status = {{"token": f"token-{{runs}}", "expirationTimestamp": expires}}
print(json.dumps({{"apiVersion": given["apiVersion"], "kind": "ExecCredential", "status": status}}))
"""


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    with fake_api_server() as served:
        yield served


def kubeconfig(server: FakeApiServer, **program: Any) -> str:
    document = json.loads(server.kubeconfig())
    document["users"][0]["user"] = {"exec": {"apiVersion": VERSION, "command": "aws", **program}}
    return json.dumps(document)


def test_the_program_gives_the_token(server: FakeApiServer, tmp_path: Path) -> None:
    """It is run at the first request; again when the token has expired, and when the server refuses it."""
    (tmp_path / "login").write_text(PROGRAM.format(python=sys.executable))
    (tmp_path / "login").chmod(0o755)
    log = tmp_path / "log"
    program = {
        "command": "./login",
        "args": [str(log), "eks", "get-token"],
        "env": [{"name": "REGION", "value": "eu-central-1"}],
        "provideClusterInfo": True,
    }
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig(server, **program))
    client = ApiServer(read_access(str(path), environ={}))
    assert not log.exists()
    server.tokens = {"token-1", "token-3"}
    client.get(REF)
    given, region, arguments, stdin = json.loads(log.read_text().splitlines()[0])
    assert ("eu-central-1", ["eks", "get-token"], "") == (region, arguments, stdin)
    assert {"interactive": False, "cluster": {"server": server.address}} == given["spec"]
    assert 3 == len(log.read_text().splitlines()), "the first token has expired, and the second is refused"
    client.get(REF)
    assert 3 == len(log.read_text().splitlines())


def printing(output: Any = None, status: int = 0, errors: str = "") -> Callable[..., processes.Finished]:
    """A runner whose program prints this."""
    text = output if isinstance(output, str) else json.dumps(output)
    return lambda *_, **__: processes.Finished(status=status, output=text.encode(), errors=errors)


def missing(command: Sequence[str], *, env: Mapping[str, str], timeout: float) -> processes.Finished:
    return processes.run(["/nonexistent", *command], env=env, timeout=timeout)


FAILED: dict[str, tuple[Callable[..., processes.Finished], str]] = {
    "no program": (missing, "aws: the login program is not installed; pip install awscli"),
    "a failure": (
        printing(status=255, errors="x\nno credentials of s3cret"),
        "ended with 255: no credentials",
    ),
    "no JSON": (printing("hunter22"), "prints no ExecCredential of client.authentication.k8s.io/v1beta1"),
    "another version": (
        printing({"apiVersion": "v2", "kind": "ExecCredential", "status": {"token": "hunter22"}}),
        "prints no ExecCredential of client.authentication.k8s.io/v1beta1",
    ),
    "no token": (
        printing({"apiVersion": VERSION, "kind": "ExecCredential", "status": {"clientKeyData": "hunter22"}}),
        "prints neither a token nor a certificate with its key",
    ),
}


@pytest.mark.parametrize("what", FAILED)
def test_a_program_that_gives_no_login_is_an_error(server: FakeApiServer, what: str) -> None:
    """Without what it printed, and without the values of its environment."""
    run, words = FAILED[what]
    program = {"env": [{"name": "KEY", "value": "s3cret"}], "installHint": "pip install awscli\n"}
    login = read_access(kubeconfig(server, **program), environ={}, run=run).login
    with pytest.raises(OutsideFailure, match=words) as caught:
        login.credential()
    assert not [text for text in ("hunter22", "s3cret") if text in str(caught.value)]
