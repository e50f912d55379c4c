"""A ``config.yaml`` of k3s (k3s docs, installation/configuration)."""

from collections.abc import Mapping
from typing import Any

from edgefleet.fleetfile.imports.documents import listed
from edgefleet.fleetfile.imports.file_kind import FileKind, Left, Place, Setting, Settings, secret
from edgefleet.model.k3s_config import OWNED
from edgefleet.model.k3s_flags import KINDS
from edgefleet.runtimes import RUNTIMES

OF_SITES = ("defaults",)
TOKENS = {"token": "token", "agent-token": "agentToken"}
"""dict[key -> key of ``k3s`` in a fleet file]."""


def places(runtime: str, nodes: Mapping[tuple[str, ...], str]) -> list[tuple[str, ...]]:
    """Where the settings of a file for nodes with `runtime` stand: what the servers have holds for all sites.

    Args:
        runtime: a name in `RUNTIMES`.
        nodes: dict[path of a node -> that of its runtime].
    """
    return [OF_SITES] if RUNTIMES[runtime].runs_api else [at for at, own in nodes.items() if own == runtime]


def settings(document: Any, place: Place, at: tuple[str, ...] = OF_SITES) -> Settings:
    """What the file sets at `at`: for all sites, or for a node."""
    if at == OF_SITES:
        yield from _joining(document)
    for key in [*document]:
        value, name = document.pop(key), key.rstrip("+")
        if name == "disable":
            yield Setting((*at, "k3s", "disable"), listed(value))
        elif name == "node-label":
            pairs = (str(label).partition("=") for label in listed(value))
            yield from (Setting((*at, "labels", label), text) for label, _, text in pairs)
        elif name == "node-taint":
            yield Setting((*at, "taints"), listed(value))
        elif name == "node-name":
            yield Setting((*(place.of_site if at == OF_SITES else at), "hostname"), value)
        elif name in OWNED:
            yield Left(key, OWNED[name])
        else:
            yield Setting((*at, "k3s", "config", key), value)


def _joining(document: dict[str, Any]) -> Settings:
    """The cluster that the file's node joins, or that it begins: who joins has the token of agents."""
    server = document.pop("server", None)
    yield Setting((*OF_SITES, "k3s", "server"), server)
    for key in [key for key in TOKENS if document.pop(key, None) is not None]:
        path = (*OF_SITES, "k3s", TOKENS[key] if server is None else "agentToken")
        yield from secret(path, f"k3s-{key}", key, f"the {key}")


def _fits(document: Any) -> bool:
    return isinstance(document, dict) and any(key.rstrip("+") in KINDS.keys() | OWNED for key in document)


KIND = FileKind(name="k3s config.yaml", fits=_fits, settings=settings)
