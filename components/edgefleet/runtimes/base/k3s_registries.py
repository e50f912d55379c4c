"""``registries.yaml`` of k3s: mirrors, and how containerd connects to each registry.

Source: k3s docs, installation/private-registry. ``configs`` names the host that a node connects to, so a
mirror's own. The certificates lie in k3s's folder, so that they are rolled back with its configuration.
"""

import re
from collections.abc import Iterator
from typing import Any

from edgefleet.errors import Problem
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.paths import format_path
from edgefleet.model.registries import ANY, Registry, key_pem
from edgefleet.model.site import SiteSpec

PATH = "/etc/rancher/k3s/registries.yaml"
FOLDER = "/etc/rancher/k3s/registries"


def registries(target: Target) -> Step:
    """The file and the certificates that it names; an empty list of mirrors changes nothing for k3s."""
    mirrors: dict[str, dict[str, Any]] = {}
    configs: dict[str, dict[str, Any]] = {}
    files: list[File] = []
    for host, registry in sorted(target.settings.registries.items()):
        own = certificate_files(FOLDER, host, registry)
        files += own.values()
        if config := _config(registry, {key: file.path for key, file in own.items()}):
            configs[host] = config
        if registry.endpoints or not config:
            mirrors[host] = _mirror(registry)
    document = {"mirrors": mirrors, **({"configs": configs} if configs else {})}
    is_secret = any("auth" in config for config in configs.values())
    return Step(files=(File.text(PATH, to_yaml(document), mode=0o600, is_secret=is_secret), *files))


def _mirror(registry: Registry) -> dict[str, Any]:
    mirror: dict[str, Any] = {"endpoint": list(registry.endpoints)}
    if registry.rewrite:
        mirror["rewrite"] = dict(sorted(registry.rewrite.items()))
    return mirror


def _config(registry: Registry, paths: dict[str, str]) -> dict[str, Any]:
    auth, tls = login_of(registry), dict[str, Any](paths)
    if registry.skip_verify:
        tls["insecure_skip_verify"] = True
    return {key: part for key, part in (("auth", auth), ("tls", tls)) if part}


def login_of(registry: Registry) -> dict[str, str]:
    """dict[key of ``auth`` -> its value]; empty without a login."""
    login: dict[str, str] = {}
    if registry.credentials is not None:
        login["username"], _, login["password"] = registry.credentials.partition(":")
    if registry.identity_token is not None:
        login["identity_token"] = registry.identity_token
    return login


def certificate_files(folder: str, host: str, registry: Registry) -> dict[str, File]:
    """dict[key of ``tls`` -> its file in `folder`]."""
    place = f"{folder}/{re.sub('[^A-Za-z0-9.-]', '_', host)}"
    files: dict[str, File] = {}
    if registry.ca is not None:
        files["ca_file"] = File.text(f"{place}.ca.pem", registry.ca)
    if registry.client_certificate is not None:
        files["cert_file"] = File.text(f"{place}.pem", registry.client_certificate)
    if registry.client_key is not None:
        key = key_pem(registry.client_key)
        files["key_file"] = File.text(f"{place}.key", key, mode=0o600, is_secret=True)
    return files


def check_registries(site: SiteSpec) -> Iterator[Problem]:
    """Registries with settings that do nothing, or that exclude each other."""
    for path, settings in site.parts:
        for host, registry in settings.registries.items():
            for key, problem, hint in _flaws(host, registry, site):
                where = path + format_path(("registries", host, *key))
                yield Problem.of_value(where, "bad-registry", problem, hint)


def _flaws(host: str, registry: Registry, site: SiteSpec) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(key below the registry, problem, hint)."""
    is_shared = site.k3s.config.get("embedded-registry") is True
    if registry == Registry() and not is_shared:
        yield (), f"nothing is set for {host}", "add endpoints: [https://registry.example], or remove it"
    if registry.rewrite and not registry.endpoints:
        yield ("rewrite",), "names are rewritten for endpoints alone", "add endpoints, or remove rewrite"
    if host == ANY and (login := login_of(registry)):
        key = "credentials" if "username" in login else "identityToken"
        problem = "containerd logs in at a host by its name, and a login for all would reach hosts of others"
        yield (key,), problem, "set it for the host of the registry or mirror that asks for it"
    if registry.credentials is not None and registry.identity_token is not None:
        problem = "credentials and identityToken are two ways to log in"
        yield ("identityToken",), problem, "remove one of them"
    if (registry.client_certificate is None) != (registry.client_key is None):
        problem = "clientCertificate and clientKey belong together"
        is_lacking = registry.client_key is None
        hint = (
            f"add {'clientKey: {secret: NAME}' if is_lacking else 'clientCertificate'}, or remove the other"
        )
        yield ("clientCertificate" if is_lacking else "clientKey",), problem, hint
    if registry.ca is not None and registry.skip_verify:
        yield ("skipVerify",), "with skipVerify nothing is verified by ca", "remove skipVerify"
