"""A ``registries.yaml`` of k3s (k3s docs, installation/private-registry)."""

from typing import Any

from edgefleet.fleetfile.imports.file_kind import FileKind, Place, Setting, Settings, listed, within


def settings(document: Any, _: Place) -> Settings:
    """Mirrors of every site."""
    mirrors = within(document, "mirrors")
    for host in mirrors:
        mirror, at = within(mirrors, host), ("defaults", "registries", host)
        yield Setting((*at, "endpoints"), listed(mirror.pop("endpoint", None)))
        yield Setting((*at, "rewrite"), mirror.pop("rewrite", None))


def _fits(document: Any) -> bool:
    return isinstance(document, dict) and bool(document) and document.keys() <= {"mirrors", "configs"}


KIND = FileKind(
    name="k3s registries.yaml",
    fits=_fits,
    settings=settings,
    unread="write it by hand; a credential is a secret of the stack",
)
