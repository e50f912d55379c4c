"""The objects of a fleet's workloads in the cluster of its hub, one `Workload` each.

A k3s hub's deployer edits namespaces and creates none (`edgefleet.keys.hub_access`), so its servers apply the
namespaces and what is in none. Every other cluster gets all objects through its provider.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pulumi

from edgefleet.fleet import objects as kubernetes
from edgefleet.fleet.control_plane import ControlPlane
from edgefleet.fleet.open_workload import Object
from edgefleet.fleet.trying import tried
from edgefleet.fleet.workload import Workload, with_secrets
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.hub_edge_objects import edge_nodes
from edgefleet.hub import channel_objects, cloudcore, update_gateway
from edgefleet.hub.edge_objects import edge_objects
from edgefleet.model.hub import Hub
from edgefleet.model.paths import Part, format_path
from edgefleet.model.programs import KUBEEDGE
from edgefleet.site.inputs import FleetKeys
from edgefleet.workloads.base.objects import host_of
from edgefleet.workloads.checking import CHANNEL
from edgefleet.workloads.composing import SHARED, certified, hub_objects_of
from edgefleet.workloads.hub_nodes import name_of


@dataclass(frozen=True, kw_only=True)
class HubObjects:
    """The objects of a hub's cluster, before it is there."""

    fleet: Fleet
    of_servers: Sequence[Object]
    """Those that the hub's own servers apply."""
    of_workloads: Mapping[str, Sequence[Object]]
    """dict[workload, or `SHARED` -> its objects that a provider applies]."""
    given: pulumi.ProviderResource | None
    """The provider that the program gives for them."""
    directory: str | None
    """Where they are written to as YAML in the place of a cluster."""

    def locate(self, workload: str, path: tuple[Part, ...]) -> tuple[str, str]:
        """Where a field of a workload is declared, and its path in the fleet file."""
        name = name_of(workload, self.fleet.hub_workloads.get(workload, {}))
        return self.fleet.locate_workload(workload, path), format_path(("workloads", name, *path))


@dataclass(frozen=True, kw_only=True)
class HubSecrets:
    """What the Secrets of a hub's objects have."""

    text: Callable[[str], Any]
    """Gives a secret of the stack by its name."""
    certificate: Callable[[str], Any]
    """Gives the certificate of the hub's server at a host, dict[key of a Secret -> text]."""
    cloudcore: Callable[[], Any]
    """Gives those of CloudCore and of its authority, in the same form."""
    gateway: Callable[[str, datetime], Any]
    """Gives those of the channel's gateway at a host, with a list of revoked ones of this issue."""

    def certified(self, objects: Sequence[Any]) -> tuple[Object, ...]:
        """`objects` with the texts of their certificates."""
        texts = certified(objects, lambda each: self.certificate(host_of(each)))
        return tuple(self._with_certificates(each) for each in texts)

    def _with_certificates(self, each: Any) -> Object:
        if each.get("type") == cloudcore.CERTIFICATES:
            return {**each, "stringData": self.cloudcore()}
        if each.get("type") == channel_objects.CERTIFICATES:
            return {**each, "stringData": self.gateway(*channel_objects.issued_of(each))}
        return dict(each)


def gateway_certificates(keys: FleetKeys, host: str, issued: datetime) -> dict[str, str]:
    """The texts of the Secret of the channel's gateway."""
    fleet = keys.fleet
    place = (fleet.name, fleet.region)
    return update_gateway.certificates(keys.secret, host, place, revoked=fleet.revoked, now=issued)


def hub_objects(of: pulumi.ComponentResource, hub: Hub, fleet: Fleet) -> HubObjects:
    """The objects of the cluster of a fleet's hub; a Secret has references to secrets.

    Args:
        of: a component that may be given a provider, or inherit one.
        hub: the fleet's declared hub.
        fleet: the fleet.
    """
    all_objects, given = hub_objects_of(fleet.hub_workloads), of.get_provider(f"{kubernetes.PACKAGE}::")
    if hub.kubeedge is not None:
        nodes = edge_nodes(hub.kubeedge, fleet.sites, fleet.provenance.members)
        own = (*cloudcore.cloudcore_objects(hub.kubeedge), *edge_objects(hub.kubeedge, nodes))
        all_objects = {SHARED: (), **all_objects, KUBEEDGE: own}
    if of_channel := channel_objects.channel_objects(fleet, datetime.now(UTC)):
        all_objects = {SHARED: (), **all_objects, CHANNEL: of_channel}
    has_servers = hub.kind == "k3s" and hub.render_objects is None and given is None
    return HubObjects(
        fleet=fleet,
        of_servers=[each for each in _flat(all_objects) if _is_of_cluster(each)] if has_servers else [],
        of_workloads={
            name: [each for each in objects if not (has_servers and _is_of_cluster(each))]
            for name, objects in all_objects.items()
        },
        given=given,
        directory=hub.render_objects,
    )


def register(
    of: pulumi.ComponentResource,
    name: str,
    objects: HubObjects,
    hub: ControlPlane,
    secrets: HubSecrets,
) -> None:
    """Register `objects` below the component `of`, called `name`."""
    if not any(objects.of_workloads.values()):
        return
    options = pulumi.ResourceOptions(parent=of, provider=_provider(of, f"{name}/cluster", objects, hub))
    prefix = f"{name}/workloads"
    shared = kubernetes.register(objects.of_workloads[SHARED], prefix, "", options)
    options = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=shared))
    for workload, own in objects.of_workloads.items():
        if workload != SHARED and own:
            whole = secrets.certified(with_secrets(own, secrets.text))
            args: Any = {"name": workload, "workload": whole}
            Workload(f"{prefix}/{workload}", args, options)


def _provider(
    of: pulumi.ComponentResource, name: str, objects: HubObjects, hub: ControlPlane
) -> pulumi.ProviderResource:
    if objects.given is not None:
        return objects.given
    if objects.directory is not None:
        return kubernetes.provider(name, {"renderYamlToDirectory": objects.directory}, of)
    kubeconfig = tried(hub.cluster, objects.of_workloads, objects.fleet.hub_workloads, objects.locate)
    return kubernetes.provider(name, {"kubeconfig": kubeconfig}, of, after=[hub])


def _flat(objects: Mapping[str, Sequence[Object]]) -> list[Object]:
    return [each for own in objects.values() for each in own]


def _is_of_cluster(of: Object) -> bool:
    return "namespace" not in of["metadata"]
