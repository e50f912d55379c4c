"""A ``registries.yaml`` of k3s (k3s docs, installation/private-registry)."""

import re
from typing import Any

from edgefleet.fleetfile.imports.documents import listed, within
from edgefleet.fleetfile.imports.file_kind import FileKind, Left, Place, Setting, Settings, secret
from edgefleet.model.paths import format_path

FILES = {
    "ca_file": "copy it into the project, and add ca: file:PATH to the registry",
    "cert_file": "copy it into the project, and add clientCertificate: file:PATH to the registry",
    "key_file": "add clientKey: {secret: NAME} to the registry, with its DER in base64",
}
"""dict[key of ``tls`` -> what to do]: a path on a node is not one of the project."""


def settings(document: Any, _: Place) -> Settings:
    """Registries of every site."""
    mirrors, configs = within(document, "mirrors"), within(document, "configs")
    for host in mirrors:
        mirror, at = within(mirrors, host), ("defaults", "registries", host)
        yield Setting((*at, "endpoints"), listed(mirror.pop("endpoint", None)))
        yield Setting((*at, "rewrite"), mirror.pop("rewrite", None))
    for host in configs:
        yield from _config(within(configs, host), host)


def _config(config: dict[str, Any], host: str) -> Settings:
    at, where = ("defaults", "registries", host), ("configs", host)
    auth, tls = within(config, "auth"), within(config, "tls")
    name = f"registry-{re.sub('[^A-Za-z0-9]+', '-', host).strip('-')}"
    if {"username", "password", "auth"} & auth.keys():
        for key in ("username", "password", "auth"):
            auth.pop(key, None)
        yield from secret((*at, "credentials"), name, format_path((*where, "auth")), "<user>:<password>")
    elif auth.pop("identity_token", None) is not None:
        yield from secret((*at, "identityToken"), name, format_path((*where, "auth")), "the identity_token")
    if tls.pop("insecure_skip_verify", None) is True:
        yield Setting((*at, "skipVerify"), True)
    for key in FILES.keys() & tls.keys():
        tls.pop(key)
        yield Left(format_path((*where, "tls", key)), FILES[key])


def _fits(document: Any) -> bool:
    return isinstance(document, dict) and bool(document) and document.keys() <= {"mirrors", "configs"}


KIND = FileKind(name="k3s registries.yaml", fits=_fits, settings=settings)
