"""`ControlPlane`: a region's hub, of the kind ``k3s``, ``eks``, ``existing`` or ``none``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NotRequired, TypedDict
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from edgefleet.cloud.server_set import ServerMember
from edgefleet.errors import InvalidInput
from edgefleet.fleet import aws
from edgefleet.fleet.acting_provider import acting_provider, holder_of, is_hidden, settings_in, settings_of
from edgefleet.fleet.hub.identity import identity, site_identity
from edgefleet.fleet.hub.managed import managed
from edgefleet.fleet.hub.network import network
from edgefleet.fleet.hub.servers import API_PORT, servers
from edgefleet.fleet.hub.storage import bucket, hub_manifests, limit, logs
from edgefleet.fleet.hub.wiring import Wiring
from edgefleet.fleet.open_inputs import derived, open_hub
from edgefleet.fleet.plainly import plainly
from edgefleet.fleetfile.partial import partial
from edgefleet.hub.upgrades import needs
from edgefleet.io import disk
from edgefleet.io.project import project_folder
from edgefleet.keys.derivation import hub_master
from edgefleet.model import hub as model
from edgefleet.model.site import RECIPES
from edgefleet.model.spec import Secret
from edgefleet.provider.component_outputs import values_of
from edgefleet.provider.validation import arguments

_HUBS: WeakKeyDictionary[pulumi.Resource, dict[tuple[str, str], str]] = WeakKeyDictionary()
"""dict[stack of a run -> dict[(fleet, region) -> name of its hub]]."""


class ControlPlaneArgs(TypedDict):
    """Inputs of a hub."""

    bucket: NotRequired[pulumi.Input[str] | None]
    """Declared name of the artifacts bucket; absent for a hub without one. In the place of `hub`."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Tags of everything that is made."""
    hub: NotRequired[Annotated[Mapping[str, Any], partial(model.Hub)]]
    """What is wanted, by the keys of ``controlPlane`` in a fleet file: kind, cloud, dns, servers, ...
    Each value may be an output, except those that decide which resources there are."""
    fleet: NotRequired[pulumi.Input[str]]
    """Name of the fleet; the project's where it is absent."""
    region: NotRequired[pulumi.Input[str]]
    """Name of the region; the stack's where it is absent."""
    secret: NotRequired[Annotated[pulumi.Input[str], Secret()]]
    """The fleet secret, in the stack's configuration as fleet:secret, from which the hub's own are derived;
    `edgefleet.fleet_secret()` reads it."""
    hubKey: NotRequired[Annotated[pulumi.Input[str], Secret()]]
    """PEM of the key of the intermediate authority that `hub` names by ``identity.chain``."""
    pins: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """dict[k3s's binary or an image -> digest], from the artifacts lock; see `edgefleet.hub.upgrades`."""
    revoked: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[int]]]]
    """dict[site -> last revoked key generation]."""
    store: NotRequired[pulumi.Input[str]]
    """Where releases of sites are kept, ``s3://<bucket>/<prefix>``; by default the artifacts bucket."""
    objects: NotRequired[pulumi.Input[Sequence[Mapping[str, Any]]]]
    """Kubernetes objects that the servers of a k3s hub apply with all rights. Its deployer edits what is in
    the namespaces among them."""


class ControlPlane(pulumi.ComponentResource):
    """A region's hub: sites get their images from it and report to it."""

    bucket: aws.Bucket | None
    """The artifacts bucket."""
    cluster: pulumi.Input[str | None]
    """The kubeconfig that deploys to a hub's cluster; not known before there is one."""
    summary: dict[str, pulumi.Input[Any]]
    """Outputs for other stacks, those of the outputs below that this hub has."""
    kind: pulumi.Output[str]
    """``k3s``, ``eks``, ``existing`` or ``none``."""
    endpoint: pulumi.Output[str | None]
    """URL of the Kubernetes API of a hub of kind k3s or eks."""
    ca_hash: pulumi.Output[str | None]
    """Hash of the authority of a k3s hub, hex SHA-256, with which a node verifies the hub."""
    kubeconfigs: pulumi.Output[Annotated[dict[str, str], Secret()]]
    """dict[role -> kubeconfig as YAML]: deployer and readOnly of k3s, aws of eks, admin of existing."""
    buckets: pulumi.Output[dict[str, str]]
    """dict[purpose -> name of a bucket]: artifacts."""
    servers: pulumi.Output[list[Annotated[dict[str, Any], ServerMember]]]
    """The servers of a k3s hub, by place."""
    site_identity: pulumi.Output[dict[str, str]]
    """dict[trustAnchor, profile, role -> ARN] with which a site's certificate opens the bucket."""
    cost: pulumi.Output[dict[str, Any]]
    """The items that the hub's cost consists of, without prices."""

    def __init__(self, name: str, args: ControlPlaneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:index:ControlPlane", name, {}, opts)
        with plainly():
            given = arguments(ControlPlaneArgs, args)
            hub = _declared(given)
            wiring = self._wiring(name, hub, given)
            self.bucket, self.cluster = None, None
            self.summary = {"kind": hub.kind, "bucket": hub.bucket}
            self._build(wiring, given)
            self._export(hub)
        self.register_outputs(values_of(self))

    def _export(self, hub: model.Hub) -> None:
        """Each part of the summary as an output, for programs that use the component as a package."""
        output, summary = pulumi.Output.from_input, self.summary
        self.kind, self.endpoint = output(str(hub.kind)), output(summary.get("endpoint"))
        self.ca_hash = output(summary.get("caHash"))
        self.kubeconfigs = pulumi.Output.secret(summary.get("kubeconfigs", {}))
        self.buckets = output({"artifacts": hub.bucket} if hub.bucket else {})
        self.servers = output(summary.get("servers", []))
        self.site_identity = output(summary.get("siteIdentity", {}))
        self.cost = output(summary.get("cost", {}))

    def _wiring(self, name: str, hub: model.Hub, args: Mapping[str, Any]) -> Wiring:
        fleet = args.get("fleet", pulumi.get_project())
        region = args.get("region", pulumi.get_stack())
        secret = pulumi.Output.secret(args.get("secret"))
        cloud = settings_in(hub.cloud)
        provider = acting_provider(
            self,
            name,
            cloud,
            holder=holder_of(secret, fleet, region) if "secret" in args else None,
            path="hub.cloud",
        )
        settings = settings_of(provider) or {}
        if hub.kind in {"k3s", "eks"} or hub.identity.sites:
            _claim(name, fleet, region)
        return Wiring(
            parent=self,
            name=name,
            provider=provider,
            placed_in=cloud.get("region") if is_hidden(provider, cloud.get("region")) else None,
            endpoint=settings.get("endpoint", hub.cloud.endpoint),
            hub=hub,
            fleet=fleet,
            region=region,
            recipe=RECIPES[-1],
            now=datetime.now(UTC),
            pins=args.get("pins", {}),
            tags=args.get("tags", {}),
            secret=secret.apply(lambda value: value or ""),
            chain=_read(hub.identity.chain, "identity.chain") if hub.identity.chain else "",
            chain_key=pulumi.Output.secret(args.get("hubKey", "")),
            objects=args.get("objects", ()),
            master=derived(_master, secret, fleet, region),
        )

    def _build(self, wiring: Wiring, args: Mapping[str, Any]) -> None:
        hub = wiring.hub
        if "secret" not in args and (hub.kind == "k3s" or hub.identity.sites):
            hint = "pass secret: edgefleet.fleet_secret(), which everything of the hub is derived from"
            raise InvalidInput.at("", "no-secret", "is missing", hint, path="secret")
        if hub.kind == "existing":
            text = _read(hub.kubeconfig or "", "kubeconfig")
            self.cluster = pulumi.Output.secret(text)
            self.summary["kubeconfigs"] = {"admin": self.cluster}
        if hub.kind in {"existing", "none"}:
            self._build_bucket(wiring)
        else:
            self.bucket = bucket(wiring)
        if hub.kind == "k3s":
            self._build_k3s(wiring)
        if hub.kind == "eks":
            self._build_managed(wiring)
        store = args.get("store", hub.bucket and derived("s3://{}".format, hub.bucket))
        if hub.identity.sites and store is not None:
            self.summary["siteIdentity"] = site_identity(wiring, store, args.get("revoked", {}))

    def _build_bucket(self, wiring: Wiring) -> None:
        """The bucket alone, for regions without a hub."""
        if wiring.hub.bucket is not None:
            self.bucket = aws.Bucket(
                wiring.child("artifacts"),
                {"name": wiring.hub.bucket, "tags": wiring.tags},
                wiring.options(holds_data=True),
            )

    def _build_managed(self, wiring: Wiring) -> None:
        """A control plane of EKS."""
        net = network(wiring)
        limit(wiring)
        cluster = managed(wiring, net)
        self.cluster = cluster.kubeconfig
        self.summary |= {
            "endpoint": cluster.endpoint,
            "kubeconfigs": {"aws": cluster.kubeconfig},
            "buckets": {"artifacts": wiring.hub.bucket},
            "cost": _cost(wiring.hub, net.gateways),
        }

    def _build_k3s(self, wiring: Wiring) -> None:
        """Servers with k3s."""
        hub = wiring.hub
        assert self.bucket is not None  # noqa: S101 - a hub has one
        derived(self._warn_unpinned, hub.k3s, wiring.pins)
        net, access = network(wiring), identity(wiring)
        after = [*hub_manifests(wiring, self.bucket), logs(wiring)]
        limit(wiring)
        server_set = servers(wiring, net, access, after=after)
        deployer = access.kubeconfigs["deployer"]
        self.cluster = pulumi.Output.all(deployer, server_set.id).apply(lambda known: str(known[0]))
        self.summary |= {
            "endpoint": derived(f"https://{{}}:{API_PORT}".format, hub.dns_name),
            "caHash": access.ca_hash,
            "kubeconfigs": access.kubeconfigs,
            "buckets": {"artifacts": hub.bucket},
            "servers": server_set.members,
            "cost": _cost(hub, net.gateways),
        }

    def _warn_unpinned(self, k3s: model.HubK3s, pins: Mapping[str, str]) -> None:
        if unpinned := [need.name for need in needs(model.Hub(kind="k3s", k3s=k3s)) if need.name not in pins]:
            pulumi.log.warn(
                f"the hub's servers run what no artifacts lock pins: {', '.join(unpinned)};"
                f" run edgefleet artifacts lock -s {pulumi.get_stack()}",
                self,
            )


def _master(secret: str | None, fleet: str, region: str) -> str:
    """The master of the hub; empty without a secret: a kind that needs one reports that it is missing."""
    return hub_master(secret, fleet=fleet, region=region) if secret else ""


def _declared(args: Mapping[str, Any]) -> model.Hub:
    """The declared hub, from either form of the inputs."""
    given = args.get("hub")
    if given is None:
        return model.Hub(bucket=args.get("bucket"))
    if "bucket" in args:
        hint = "move it: hub: {bucket: ...}"
        raise InvalidInput.at("", "two-forms", "has no effect beside hub", hint, path="bucket")
    return given if isinstance(given, model.Hub) else open_hub(given)


def _claim(name: str, fleet: object, region: object) -> None:
    """Record that a program's hub `name` is that of a region, if its names are known.

    Raises:
        InvalidInput: another one of the program is: both would have the same names, keys and tokens.
    """
    stack = (
        None if isinstance(get_monitor(), MockMonitor) else get_root_resource()
    )  # mocks serve many programs
    if stack is None or not (isinstance(fleet, str) and isinstance(region, str)):
        return
    other = _HUBS.setdefault(stack, {}).setdefault((fleet, region), name)
    if other != name:
        problem = f"{name} and {other} are both the hub of the region {region} of the fleet {fleet}"
        hint = "give each its own region; another stack of the region reads the hub by a StackReference"
        raise InvalidInput.at("", "two-hubs", problem, hint, path="region")


def _read(name: str, path: str) -> str:
    """The text of the project's file `name`, which the key at `path` of the hub names."""
    file = project_folder() / name
    data = disk.read(file)
    if data is None:
        hint = f"correct controlPlane.{path}, a path in the project"
        raise InvalidInput.at(file, "no-file", "does not exist", hint, path=f"hub.{path}")
    return data.decode()


def _cost(hub: model.Hub, gateways: int) -> dict[str, Any]:
    """The items that the hub's cost consists of, without prices."""
    count = hub.servers if hub.kind == "k3s" else hub.eks.min_nodes
    size = derived(lambda size: size // model.GIB, hub.volume.size)
    disk_ = {"type": hub.volume.type, "sizeGiB": size, "count": count}
    return {
        "instances": [{"type": hub.instance_type, "count": count}],
        "volumes": [disk_],
        "natGateways": gateways,
        "networkLoadBalancers": int(hub.kind == "k3s"),
        "eksClusters": int(hub.kind == "eks"),
    }
