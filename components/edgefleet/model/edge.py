"""KubeEdge as fleet files describe it: edgecore on the nodes of a site, CloudCore on the hub.

KubeEdge below 1.23.1, 1.22.2 and 1.21.2 runs commands of others on nodes by its jobs (CVE-2026-62371,
CVE-2026-62182), and its hub can be stopped by a client (CVE-2026-62370; KubeEdge, CHANGELOG-1.23.md).
"""

from dataclasses import field
from typing import Annotated, Literal

from edgefleet.model.edge_objects import Application, Device, DeviceModel, Upgrade
from edgefleet.model.effects import Effect
from edgefleet.model.names import DOMAIN_RE, Name
from edgefleet.model.releases import Digest
from edgefleet.model.selection import Selection
from edgefleet.model.spec import At, spec
from edgefleet.model.syntax import Grammar

SAFE = {21: 2, 22: 2, 23: 1}
"""dict[minor version -> first patch release without known holes]; later minor versions have none."""
NEWEST = "v1.23.1"
WEBSOCKET, HTTPS = 10000, 10002
"""Ports of CloudCore that nodes reach (KubeEdge, cloudcore/v1alpha1/default.go)."""
_RELEASE = Grammar(
    r"(v1\.\d{1,2}\.\d{1,2})?",
    "bad-version",
    "a release of KubeEdge",
    f"write its whole name such as {NEWEST}",
    12,
)
KubeEdgeVersion = Annotated[str, _RELEASE]
_ADDRESS = Grammar(
    DOMAIN_RE,
    "bad-host",
    "a host name or an IPv4 address",
    "write one such as edge.eu.shops.example.org",
    253,
)
Address = Annotated[str, _ADDRESS]
MqttBroker = Literal["none", "internal", "external"]


def numbers(version: str) -> tuple[int, int]:
    """(minor, patch) of a release, ``v1.23.1``."""
    minor, patch = version.split(".")[1:]
    return int(minor), int(patch)


def is_safe(version: str) -> bool:
    """Whether a release has none of the known holes."""
    minor, patch = numbers(version)
    return minor > max(SAFE) or patch >= SAFE.get(minor, 100)


@spec
class KubeEdge:
    """KubeEdge at a site whose nodes have the runtime kubeedge."""

    version: Annotated[KubeEdgeVersion, Effect.LIVE] = ""
    """Release of edgecore, v1.23.1; not newer than that of the hub's CloudCore. Older than 1.23.1, 1.22.2 and
    1.21.2 have known holes and are refused."""
    mqtt: Annotated[MqttBroker, Effect.RESTART] = "none"
    """The MQTT broker of edgecore's event bus: none; internal, edgecore's own at 127.0.0.1:1884; external,
    one that runs on the node at 127.0.0.1:1883."""
    upgradable: Annotated[bool, Effect.RESTART] = False
    """Whether jobs of the hub (controlPlane.kubeedge.upgrades) may replace edgecore; they run as root."""
    sha256: Annotated[dict[Literal["amd64", "arm64", "armhf"], Digest], Effect.LIVE, At()] = field(
        default_factory=dict
    )
    """dict[architecture -> hex SHA-256 of the archive], from the artifacts lock; empty without one."""


@spec
class HubKubeEdge:
    """CloudCore on the hub, which the nodes with the runtime kubeedge join."""

    version: KubeEdgeVersion
    """Release of CloudCore, v1.23.1."""
    address: Address
    """DNS name, or IPv4 address, at which nodes reach CloudCore at the ports 10000 and 10002. It enters
    images and CloudCore's certificate, so it is declared before anything exists."""
    node_groups: dict[Name, Selection] = field(default_factory=dict)
    """dict[name -> nodes with KubeEdge for which all listed conditions hold]: NodeGroups. A node is in one at
    most."""
    applications: dict[Name, Application] = field(default_factory=dict)
    """dict[name -> EdgeApplication], which has a namespace of its name."""
    device_models: dict[Name, DeviceModel] = field(default_factory=dict)
    """dict[name -> DeviceModel]."""
    devices: dict[Name, Device] = field(default_factory=dict)
    """dict[name -> Device] at nodes of sites."""
    upgrades: dict[Name, Upgrade] = field(default_factory=dict)
    """dict[name -> NodeUpgradeJob], which runs once: another attempt is one of another name."""
