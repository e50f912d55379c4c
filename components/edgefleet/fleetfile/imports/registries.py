"""A ``registries.yaml`` of k3s (k3s docs, installation/private-registry)."""

from typing import Any

from edgefleet.fleetfile.imports.file_kind import FileKind, Left, Place, Setting, Settings, listed, mapping


def settings(document: Any, _: Place) -> Settings:
    """Mirrors of every site; credentials are named, never repeated."""
    for host, mirror in mapping(document.get("mirrors")).items():
        at = ("defaults", "registries", host)
        yield Setting((*at, "endpoints"), listed(mapping(mirror).get("endpoint")))
        if rewrite := mapping(mirror).get("rewrite"):
            yield Setting((*at, "rewrite"), rewrite)
    for host, config in mapping(document.get("configs")).items():
        for key in mapping(mapping(config).get("auth")):
            yield Left(f"configs.{host}.auth.{key}", "a secret; keep it in the stack's configuration")
        for key in mapping(mapping(config).get("tls")):
            yield Left(f"configs.{host}.tls.{key}", "a setting of the node's files")


def _fits(document: Any) -> bool:
    return isinstance(document, dict) and bool(document) and document.keys() <= {"mirrors", "configs"}


KIND = FileKind(name="k3s registries.yaml", fits=_fits, settings=settings)
