"""Kubeconfigs: which cluster and login they give, and what they may not ask for."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from edgefleet.errors import InvalidInput
from edgefleet.io.cluster_login import Credential
from edgefleet.io.kubeconfig import Access, read_access

CA = base64.b64encode(b"authority").decode()


def config(
    user: dict[str, Any] | None = None, cluster: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """A kubeconfig with two contexts."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "hub",
        "preferences": {},
        "clusters": [
            {"name": "hub", "cluster": {"server": "https://hub.example:6443/", **cluster}},
            {"name": "lab", "cluster": {"server": "https://lab.example"}},
        ],
        "contexts": [
            {"name": "hub", "context": {"cluster": "hub", "user": "me"}},
            {"name": "lab", "context": {"cluster": "lab", "user": "me", "namespace": "trials"}},
        ],
        "users": [{"name": "me", "user": {"token": "t0ken"} if user is None else user}],
    }


def access(document: Any, **chosen: Any) -> Access:
    return read_access(yaml.safe_dump(document), **chosen, environ={})


def token(found: Access) -> str:
    return found.login.credential().token


def test_the_current_context_is_the_default() -> None:
    """Its cluster, its user, and the default namespace."""
    found = access(config(cluster={"certificate-authority-data": CA}))
    assert ("https://hub.example:6443", b"authority", "t0ken", "default") == (
        found.server,
        found.ca,
        token(found),
        found.namespace,
    )
    assert "t0ken" not in repr(found)


def test_another_context_or_cluster_can_be_chosen() -> None:
    """As with kubectl's options."""
    assert ("https://lab.example", "trials") == (
        (lab := access(config(), context="lab")).server,
        lab.namespace,
    )
    assert ("https://hub.example:6443", "trials") == (
        (mixed := access(config(), context="lab", cluster="hub")).server,
        mixed.namespace,
    )


def test_files_are_relative_to_the_kubeconfig(tmp_path: Path) -> None:
    """It is named by a path, by KUBECONFIG, or found in the home directory."""
    (tmp_path / "ca.pem").write_text("authority")
    (tmp_path / "token").write_text("t0ken\n")
    document = config({"tokenFile": "token"}, cluster={"certificate-authority": "ca.pem"})
    (tmp_path / ".kube").mkdir()
    path = tmp_path / "hub.kubeconfig"
    path.write_text(yaml.safe_dump(document))
    (tmp_path / ".kube" / "config").write_text(yaml.safe_dump(config()))
    for found in (read_access(str(path), environ={}), read_access("", environ={"KUBECONFIG": str(path)})):
        assert (b"authority", "t0ken") == (found.ca, token(found))
    assert "t0ken" == token(read_access("", environ={"HOME": str(tmp_path)}))


PROGRAM = {"apiVersion": "client.authentication.k8s.io/v1", "command": "aws"}
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a program that asks": (
        lambda: config({"exec": {**PROGRAM, "interactiveMode": "Always"}}),
        r"program \(exec\) needs a terminal",
    ),
    "a program of a version that is gone": (
        lambda: config({"exec": {**PROGRAM, "apiVersion": "client.authentication.k8s.io/v1alpha1"}}),
        "users.0.user.*apiversion: input should be",
    ),
    "a plugin": (lambda: config({"auth-provider": {"name": "gcp"}}), "made by a plugin"),
    "a password": (lambda: config({"username": "me", "password": "hunter22"}), "user name and password"),
    "another user": (lambda: config({"token": "t", "as": "root"}), "acts as another user"),
    "no verification": (lambda: config(cluster={"insecure-skip-tls-verify": True}), "turns verification off"),
    "a proxy": (lambda: config(cluster={"proxy-url": "http://proxy.example"}), "proxy of its own"),
    "another TLS name": (lambda: config(cluster={"tls-server-name": "x"}), "tls-server-name"),
    "no TLS": (lambda: config(cluster={"server": "http://hub.example"}), "reached without TLS"),
    "bad base64": (lambda: config(cluster={"certificate-authority-data": "hunter22!"}), "is not base64"),
    "a missing file": (lambda: config(cluster={"certificate-authority": "/nonexistent"}), "cannot be read"),
    "no context": (
        lambda: config() | {"current-context": ""},
        "names no current-context; .* it has hub, lab",
    ),
    "a missing context": (lambda: config() | {"current-context": "x"}, "has no context 'x'"),
    "a missing user": (lambda: config() | {"users": None}, "has no user 'me'; .* it has none"),
    "another shape": (lambda: {"clusters": "hunter22"}, "clusters: input should be a valid list"),
    "a list": (lambda: ["hunter22"], "valid dictionary"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_named_and_nothing_of_it_shown(what: str) -> None:
    make, words = REFUSED[what]
    with pytest.raises(InvalidInput, match=words) as caught:
        access(make())
    assert "hunter22" not in str(caught.value)


def test_all_that_is_refused_is_named_at_once() -> None:
    """A login by a password to a server that is not verified."""
    with pytest.raises(InvalidInput, match=r"user name and password; .*insecure-skip-tls-verify"):
        access(config({"username": "me"}, cluster={"insecure-skip-tls-verify": True}))


@pytest.mark.parametrize(
    ("kubeconfig", "environ", "words"),
    [
        ("nowhere/config", {}, "this kubeconfig cannot be read"),
        ("", {"HOME": "/nonexistent"}, "this kubeconfig cannot be read; give the provider a kubeconfig"),
        ("", {"KUBECONFIG": "a:b"}, "names several files"),
        ("{\n: hunter22", {}, "this is no YAML"),
    ],
)
def test_what_cannot_be_read_is_an_error(kubeconfig: str, environ: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        read_access(kubeconfig, environ=environ)
    assert "hunter22" not in str(caught.value)


def test_a_certificate_that_cannot_be_used_is_an_error() -> None:
    """Without its key in the message."""
    broken = Credential(certificate=b"hunter22", key=b"hunter22")
    with pytest.raises(InvalidInput, match="client certificate or key cannot be used") as caught:
        Access(server="https://hub.example").tls(broken)
    assert "hunter22" not in str(caught.value)
