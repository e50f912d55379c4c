"""Where container images come from, and how nodes log in there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.fleetfile.conftest import load, problems

from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.firstboot import Target
from edgefleet.model.stack_secrets import revealed
from edgefleet.runtimes.base.k3s_registries import PATH, registries

__all__ = ["load", "problems"]
CA = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"
HOST = "registry.example:5000"
PLACE = "/etc/rancher/k3s/registries/registry.example_5000"
SECRETS = {"login": "till:pass:word", "token": "a-token", "key": "A" * 80}


def shop(registry: dict[str, Any], **settings: Any) -> str:
    """A fleet file's sites: one, with one registry."""
    return yaml.safe_dump({"sites": {"shop": {"registries": {HOST: registry}, **settings}}})


def test_mirrors_are_written_as_k3s_reads_them(target: Callable[..., Target]) -> None:
    """Endpoints keep their order, which is the order in which they are tried."""
    (file,) = registries(target()).files
    expected = {
        "*": {"endpoint": ["https://registry.example:5000"]},
        "docker.io": {
            "endpoint": ["https://registry.example:5000", "https://mirror.example"],
            "rewrite": {"^library/(.*)": "hub/$1"},
        },
    }
    assert {"mirrors": expected} == yaml.safe_load(file.content)
    assert (PATH, 0o600) == (file.path, file.mode)


def test_a_site_without_mirrors_has_an_empty_list(target: Callable[..., Target]) -> None:
    """The file is there at once, so that a later mirror is a changed file and not a new one."""
    (file,) = registries(target("vlan")).files
    assert {"mirrors": {}} == yaml.safe_load(file.content)


@pytest.mark.parametrize(
    ("registry", "config"),
    [
        ({"credentials": {"secret": "login"}}, {"auth": {"username": "till", "password": "pass:word"}}),
        ({"identityToken": {"secret": "token"}}, {"auth": {"identity_token": "a-token"}}),
        ({"skipVerify": True}, {"tls": {"insecure_skip_verify": True}}),
        ({"ca": CA}, {"tls": {"ca_file": f"{PLACE}.ca.pem"}}),
        ({"ca": "file:ca.pem"}, {"tls": {"ca_file": f"{PLACE}.ca.pem"}}),
        (
            {"clientCertificate": CA, "clientKey": {"secret": "key"}},
            {"tls": {"cert_file": f"{PLACE}.pem", "key_file": f"{PLACE}.key"}},
        ),
    ],
)
def test_configs_are_written_as_k3s_reads_them(
    load: Callable[..., Fleet], tmp_path: Path, registry: dict[str, Any], config: dict[str, Any]
) -> None:
    """k3s-io/k3s 1802 and 9050: logins, private authorities. What is secret is declared so."""
    (tmp_path / "ca.pem").write_text(CA)
    site = revealed(load(shop(registry)).sites["shop"], SECRETS)
    main, *others = registries(Target(site=site, name="n1", key="")).files
    assert {"mirrors": {}, "configs": {HOST: config}} == yaml.safe_load(main.content)
    assert ("auth" in config) == main.is_secret
    assert {*config.get("tls", {}).values()} - {True} == {file.path for file in others}
    secret = {file.path: file.mode for file in others if b"PRIVATE KEY" in file.content or file.is_secret}
    assert secret == ({f"{PLACE}.key": 0o600} if "clientKey" in registry else {})


@pytest.mark.parametrize(
    ("registry", "key"),
    [
        ({}, ""),
        ({"rewrite": {"a": "b"}}, ".rewrite"),
        ({"credentials": {"secret": "a"}, "identityToken": {"secret": "b"}}, ".identityToken"),
        ({"clientCertificate": CA}, ".clientCertificate"),
        ({"clientKey": {"secret": "a"}}, ".clientKey"),
        ({"ca": CA, "skipVerify": True}, ".skipVerify"),
    ],
)
def test_settings_without_effect_are_refused(
    problems: Callable[..., list[Problem]], registry: dict[str, Any], key: str
) -> None:
    """At the key, with what to do."""
    (problem,) = problems(shop(registry))
    assert (f'sites.shop.registries["{HOST}"]{key}', "bad-registry") == (problem.path, problem.code)


def test_a_shared_registry_has_no_endpoint(load: Callable[..., Fleet]) -> None:
    """`embedded-registry` shares the images of the registries under mirrors (k3s docs, registry-mirror)."""
    site = load(shop({}, k3s={"config": {"embedded-registry": True}})).sites["shop"]
    (file,) = registries(Target(site=site, name="n1", key="")).files
    assert {"mirrors": {HOST: {"endpoint": []}}} == yaml.safe_load(file.content)


@pytest.mark.parametrize("text", [CA.replace("MAMCAQU=", "MAMCAQ=="), CA.replace("CERT", "X"), "", "a"])
def test_damaged_certificates_are_refused(problems: Callable[..., list[Problem]], text: str) -> None:
    """Before an image is built with them."""
    assert ["bad-certificate"] == [problem.code for problem in problems(shop({"ca": text}))]
