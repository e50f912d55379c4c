"""Logins are found where curl and docker keep them, and shown nowhere."""

import base64
import json
import os
from pathlib import Path

import pytest

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.io.logins import Login, Logins

ME = Login(user="me", password="hunter2")  # noqa: S106 - made up


def docker(folder: Path, content: object) -> Logins:
    """Logins of a user whose docker has this file."""
    (folder / ".docker").mkdir()
    (folder / ".docker/config.json").write_text(json.dumps(content))
    return Logins({"HOME": str(folder)})


def auth(text: str = "me:hunter2") -> dict[str, str]:
    """An entry of docker's file."""
    return {"auth": base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    ("known", "host", "found"),
    [
        ({"auths": {"registry.example:5000": auth()}}, "registry.example:5000", ME),
        ({"auths": {"https://registry.example": auth()}}, "registry.example", ME),
        ({"auths": {"https://index.docker.io/v1/": auth()}}, "docker.io", ME),
        ({"auths": {"registry.example": auth()}}, "other.example", None),
        ({"auths": {"registry.example": {"auth": "%%%"}}}, "registry.example", None),
        (
            {"auths": {"registry.example": {"username": "me", "password": "hunter2"}}},
            "registry.example",
            ME,
        ),
        (
            {"auths": {"registry.example": {"identitytoken": "t"}}},
            "registry.example",
            Login(identity_token="t"),  # noqa: S106 - made up
        ),
    ],
)
def test_dockers_file(tmp_path: Path, known: object, host: str, found: Login | None) -> None:
    """By host, with its port; docker's own registry has a name of its own there."""
    assert found == docker(tmp_path, known).registry(host)


def test_netrc_comes_last(tmp_path: Path) -> None:
    """It serves registries, too; podman's file comes first."""
    (tmp_path / ".netrc").write_text(
        "machine registry.example login you password other\ndefault login any password host\n"
    )
    (tmp_path / ".netrc").chmod(0o600)
    (tmp_path / "auth.json").write_text(json.dumps({"auths": {"registry.example": auth("pod:man")}}))
    logins = docker(tmp_path, {})
    you = Login(user="you", password="other")  # noqa: S106 - made up
    assert (you, None) == (logins.registry("registry.example:5000"), logins.web("other.example"))
    podman = Logins({"HOME": str(tmp_path), "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")})
    assert Login(user="pod", password="man") == podman.registry("registry.example")  # noqa: S106 - made up


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('{"Username": "me", "Secret": "hunter2"}', ME),
        ('{"Username": "<token>", "Secret": "t"}', Login(identity_token="t")),  # noqa: S106 - made up
    ],
)
def test_a_credential_helper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, found: Login
) -> None:
    """Gets a request in docker's protocol: the host on stdin, JSON on stdout."""
    helper = tmp_path / "docker-credential-fake"
    helper.write_text(
        f"#!/bin/sh\nread -r host\n[ \"$1 $host\" = 'get registry.example' ] && echo '{said}'\n"
    )
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    logins = docker(tmp_path, {"credHelpers": {"registry.example": "fake", "other.example": "fake"}})
    assert found == logins.registry("registry.example")
    assert logins.registry("other.example") is None


def test_a_helper_that_is_missing(tmp_path: Path) -> None:
    """The error has its name."""
    logins = docker(tmp_path, {"credHelpers": {"registry.example": "of-nobody"}})
    with pytest.raises(OutsideFailure, match="docker-credential-of-nobody: is not installed"):
        logins.registry("registry.example")


def test_files_that_cannot_be_understood(tmp_path: Path) -> None:
    """The file is named, and nothing of what is in it."""
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text("{hunter2")
    (tmp_path / ".netrc").write_text("machine x login me passwort hunter2\n")
    logins = Logins({"HOME": str(tmp_path)})
    for ask, code in ((logins.registry, "bad-docker-config"), (logins.web, "bad-netrc")):
        with pytest.raises(InvalidInput) as caught:
            ask("x")
        assert (code, False) == (caught.value.problem.code, "hunter2" in str(caught.value))
    assert "hunter2" not in repr(ME)
