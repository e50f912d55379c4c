"""A ``config.yaml`` of k3s (k3s docs, installation/configuration)."""

from typing import Any

from edgefleet.fleetfile.imports.file_kind import FileKind, Left, Place, Setting, Settings, listed
from edgefleet.model.k3s_config import OWNED
from edgefleet.model.k3s_flags import KINDS


def settings(document: Any, place: Place) -> Settings:
    """What the file sets: the same for all sites but for the name of a node."""
    for key, value in document.items():
        yield from _setting(key, key.rstrip("+"), value, place)


def _setting(key: str, name: str, value: Any, place: Place) -> Settings:
    defaults = "defaults"
    if name == "disable":
        yield Setting((defaults, "k3s", "disable"), listed(value))
    elif name == "node-label":
        pairs = (str(label).partition("=") for label in listed(value))
        yield from (Setting((defaults, "labels", label), text) for label, _, text in pairs)
    elif name == "node-taint":
        yield Setting((defaults, "taints"), listed(value))
    elif name == "node-name":
        yield Setting((*place.of_site, "hostname"), value)
    elif name in OWNED:
        yield Left(key, OWNED[name])
    else:
        yield Setting((defaults, "k3s", "config", key), value)


def _fits(document: Any) -> bool:
    return isinstance(document, dict) and any(key.rstrip("+") in KINDS.keys() | OWNED for key in document)


KIND = FileKind(name="k3s config.yaml", fits=_fits, settings=settings)
