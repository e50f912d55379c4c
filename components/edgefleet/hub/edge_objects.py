"""KubeEdge's own kinds as objects of the hub's cluster: groups, applications, devices, jobs. Pure.

Sources: KubeEdge 1.23.1, cloud/pkg/controllermanager and the definitions beside this file.

- A NodeGroup names its nodes. Without labels it matches every node that is new (nodegroupcontroller.go,
  `IfMatchNodeGroup`), and others then miss theirs, so each has a label that no node has.
- What an EdgeApplication makes gets the namespace, the replicas and the tolerations of its manifests alone.
- An environment is changed by removing and adding: KubeEdge's `replace` puts it into another order at each
  look, which restarts the Pods.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgefleet.fleetfile.hub_edge_objects import EdgeNodes
from edgefleet.hub.cloudcore import PLACE
from edgefleet.model.edge import HubKubeEdge
from edgefleet.model.edge_objects import (
    Application,
    Device,
    DeviceModel,
    DeviceProperty,
    ModelProperty,
    Overrides,
    Upgrade,
    manifest_objects,
    milliseconds,
)
from edgefleet.model.schedules import seconds_of
from edgefleet.runtimes.base.edgecore import EDGE_TAINT
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Object, Place

APPS, DEVICES = "apps.kubeedge.io/v1alpha1", "devices.kubeedge.io/v1beta1"
OPERATIONS = "operations.kubeedge.io/v1alpha2"
GROUP = "edgefleet.dev/node-group"
"""Label that no node has, see above."""
TOLERATION = {**EDGE_TAINT, "operator": "Exists"}


def edge_objects(kubeedge: HubKubeEdge, at: EdgeNodes) -> Iterator[Object]:
    """The objects of what a fleet file declares, at nodes of the hub's cluster."""
    for name, members in at.groups.items():
        yield _of_cluster("NodeGroup", APPS, name, {"nodes": [*members], "matchLabels": {GROUP: name}})
    for name, application in kubeedge.applications.items():
        yield from _application(name, application)
    for name, model in kubeedge.device_models.items():
        yield of.a("DeviceModel", PLACE, name, api=DEVICES, spec=_model(model))
    for name, device in kubeedge.devices.items():
        model = kubeedge.device_models[device.model]
        yield of.a("Device", PLACE, name, api=DEVICES, spec=_device(device, model, at.devices[name]))
    for name, upgrade in kubeedge.upgrades.items():
        yield _of_cluster("NodeUpgradeJob", OPERATIONS, name, _upgrade(upgrade, at.upgrades[name]))


def _of_cluster(kind: str, api: str, name: str, spec: Object) -> Object:
    metadata = {"name": name, "labels": of.labels(PLACE) | of.MANAGER}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}


def _application(name: str, application: Application) -> Iterator[Object]:
    place = Place(name=name, side="hub")
    manifests = [_manifest(place, each) for each in manifest_objects(application.manifests)]
    targets = [
        {"name": group, "overriders": _overriders(overrides)}
        for group, overrides in application.node_groups.items()
    ]
    spec = {"workloadTemplate": {"manifests": manifests}, "workloadScope": {"targetNodeGroups": targets}}
    yield of.namespace(place, level=application.security)
    yield of.a("EdgeApplication", place, name, api=APPS, spec=spec)


def _manifest(place: Place, written: Mapping[str, Any]) -> Object:
    """An object of an application in its namespace; its Pods may run at nodes of sites."""
    whole = {**written, "metadata": {**written["metadata"], "namespace": place.namespace}}
    if whole["kind"] != "Deployment":
        return whole
    spec = whole["spec"]
    pod = spec["template"]["spec"]
    tolerations = [*pod.get("tolerations", ())]
    template = {**spec["template"], "spec": {**pod, "tolerations": [*tolerations, TOLERATION]}}
    return whole | {"spec": {"replicas": 1, **spec, "template": template}}


def _overriders(overrides: Overrides) -> dict[str, Any]:
    images = {"Registry": overrides.registry, "Tag": overrides.tag}
    changed = [
        {"component": component, "operator": "replace", "value": value}
        for component, value in images.items()
        if value is not None
    ]
    environment = [
        {"containerName": container, "operator": operator, "value": entries}
        for container, variables in overrides.environment.items()
        for operator, entries in (
            ("remove", [{"name": name} for name in variables]),
            ("add", [{"name": name, "value": value} for name, value in variables.items()]),
        )
    ]
    return {
        **({} if overrides.replicas is None else {"replicas": overrides.replicas}),
        **({"imageOverriders": changed} if changed else {}),
        **({"envOverriders": environment} if environment else {}),
    }


def _model(model: DeviceModel) -> dict[str, Any]:
    properties = [_model_property(name, each) for name, each in model.properties.items()]
    return {"protocol": model.protocol, "properties": properties}


def _model_property(name: str, written: ModelProperty) -> dict[str, Any]:
    optional = {
        "description": written.description or None,
        "minimum": written.minimum,
        "maximum": written.maximum,
        "unit": written.unit,
    }
    access = written.access[0].upper() + written.access[1:]
    return {"name": name, "type": written.type.upper(), "accessMode": access} | _set(optional)


def _device(device: Device, model: DeviceModel, node: str) -> dict[str, Any]:
    methods = [
        {"name": name, "propertyNames": [*method.properties]}
        | _set({"description": method.description or None})
        for name, method in device.methods.items()
    ]
    return {
        "deviceModelRef": {"name": device.model},
        "nodeName": node,
        "protocol": _by(model, device.config),
        "properties": [_property(name, each, model) for name, each in device.properties.items()],
    } | _set({"methods": methods or None})


def _property(name: str, written: DeviceProperty, model: DeviceModel) -> dict[str, Any]:
    optional = {
        "desired": None if written.desired is None else {"value": written.desired},
        "collectCycle": written.collect_cycle and milliseconds(written.collect_cycle),
        "reportCycle": written.report_cycle and milliseconds(written.report_cycle),
    }
    reported = {"reportToCloud": written.report_to_cloud, "visitors": _by(model, written.visitor)}
    return {"name": name, **_set(optional), **reported}


def _by(model: DeviceModel, config: Mapping[str, Any]) -> dict[str, Any]:
    return {"protocolName": model.protocol, **({"configData": dict(config)} if config else {})}


def _upgrade(upgrade: Upgrade, nodes: Sequence[str]) -> dict[str, Any]:
    digests = {arch: f"sha256:{digest}" for arch, digest in upgrade.sha256.items()}
    return {
        "version": upgrade.version,
        "image": upgrade.image,
        **({"imageDigestGatter": digests} if digests else {}),  # its name in KubeEdge
        "nodeNames": [*nodes],
        "concurrency": upgrade.concurrency,
        "timeoutSeconds": seconds_of(upgrade.timeout),
        "failureTolerate": upgrade.failure_tolerate,
        "checkItems": [*upgrade.checks],
        "requireConfirmation": upgrade.require_confirmation,
    }


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
