"""`edgefleet:aws:NodeGroup`: machines of a managed cluster, kept at their number by EKS."""

from collections.abc import Iterable
from dataclasses import field
from typing import Annotated, Any

from pydantic import Field

from edgefleet.cloud.base import ArnOutputs, Described, NamedResource, Readiness, Table, Tagged
from edgefleet.cloud.base.constraints import Api, Arn, GiB, MachineImageKind, SubnetId
from edgefleet.cloud.base.quotas import at_most
from edgefleet.errors import InvalidInput, Problem
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import EKS
from edgefleet.model.hub import InstanceType, NodeGroupName
from edgefleet.model.spec import Initial, Unordered, spec
from edgefleet.model.unknown import is_known

PATIENCE = 1_800.0
"""Seconds that a group may take."""


@spec
class NodeGroupSpec(Tagged):
    """Machines of a managed cluster (EKS API, CreateNodegroup)."""

    cluster: Annotated[str, Api("eks.CreateCluster.name")]
    """Name of the cluster."""
    name: NodeGroupName | None = None
    """Name, unique in the cluster. By default edgefleet chooses one for each replacement."""
    role: Arn
    """ARN of the role that the machines have."""
    subnets: Annotated[tuple[SubnetId, ...], Unordered(), Field(min_length=1)]
    """Ids of the subnets that they are in."""
    instance_types: Annotated[tuple[InstanceType, ...], at_most("instance types of a node group")] = (
        "t3.medium",
    )
    """Types that they may have."""
    ami_type: MachineImageKind = "AL2023_x86_64_STANDARD"
    """Kind of machine image."""
    disk_size: GiB = 40
    """GiB of each disk."""
    least: Annotated[int, Api("eks.CreateNodegroup.scalingConfig.minSize")] = 2
    """Least machines."""
    most: Annotated[int, Api("eks.CreateNodegroup.scalingConfig.maxSize")] = 4
    """Most machines."""
    wanted: Annotated[int, Api("eks.CreateNodegroup.scalingConfig.desiredSize"), Initial()] = 2
    """Machines to begin with; an autoscaler moves their number between `least` and `most`."""
    labels: dict[
        Annotated[str, Api("eks.CreateNodegroup.labels.key")],
        Annotated[str, Api("eks.CreateNodegroup.labels.value")],
    ] = field(default_factory=dict)
    """Labels of the nodes."""


class NodeGroup(NamedResource, spec=NodeGroupSpec, outputs=ArnOutputs):
    """The kind; its id is ``<cluster>/<name>``."""

    REPLACE_ON = frozenset({"cluster", "name", "role", "subnets", "instanceTypes", "amiType", "diskSize"})
    CLAIMS = ("cluster", "name")
    LONGEST_NAME = 63
    ENDS_LATE = True  # its machines are gone only then
    TAGGING = EKS
    EXISTS = frozenset({"ResourceInUseException"})
    TABLE = Table(
        create="create_nodegroup",
        delete="delete_nodegroup",
        key="nodegroupArn",
        fields={
            "cluster": "clusterName",
            "name": "nodegroupName",
            "role": "nodeRole",
            "subnets": "subnets",
            "instanceTypes": "instanceTypes",
            "amiType": "amiType",
            "diskSize": "diskSize",
            "labels": "labels",
        },
        settings={
            "least": "scalingConfig.minSize",
            "most": "scalingConfig.maxSize",
            "wanted": "scalingConfig.desiredSize",
        },
        besides=lambda spec: {"scalingConfig": _scaling(spec)},
        token="clientRequestToken",  # noqa: S106 - the name of a parameter
        outputs={"arn": "nodegroupArn"},
        readiness=Readiness(
            at="status",
            good="ACTIVE",
            bad=frozenset({"CREATE_FAILED", "DEGRADED"}),
            reason=lambda current: next(
                (issue.get("message") for issue in current.get("health", {}).get("issues") or ()), None
            ),
            hint="fix that and run up again",
            patience=PATIENCE,
        ),
    )

    def identity(self, spec: NodeGroupSpec) -> str:
        """Cluster and name."""
        return f"{spec.cluster}/{spec.name}"

    def inspect(self, spec: NodeGroupSpec) -> Iterable[Problem]:
        """Numbers that do not match."""
        yield from super().inspect(spec)
        numbers = (spec.least, spec.wanted, spec.most)
        if is_known(*numbers) and list(numbers) != sorted(numbers):
            hint = "least <= wanted <= most"
            problem = f"{spec.least}, {spec.wanted} and {spec.most} do not match"
            yield Problem(code="range", path="wanted", problem=problem, hint=hint)

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By cluster and name."""
        cluster, slash, name = identity.partition("/")
        if not slash:
            hint, problem = "give <cluster>/<name>", "is not the id of a node group"
            raise InvalidInput.at(identity, "id", problem, hint)
        place, named = self.place(environment, identity), {"clusterName": cluster, "nodegroupName": name}
        answer = environment.aws.seek("eks", "describe_nodegroup", place, **named)
        return None if answer is None else dict(answer["nodegroup"])

    def id_of(self, current: Described) -> str:
        """Cluster and name."""
        return f"{current['clusterName']}/{current['nodegroupName']}"

    def named(self, current: Described) -> dict[str, Any]:
        """Cluster and name."""
        return {name: current[name] for name in ("clusterName", "nodegroupName")}

    def settle(self, current: Described, spec: NodeGroupSpec, environment: Environment) -> Described:
        """Its numbers and labels."""
        current = self.ready(current, environment)
        labels = current.get("labels") or {}
        if (current["scalingConfig"], labels) != (_scaling(spec), spec.labels):
            removed = sorted(set(labels) - set(spec.labels))
            about = {"addOrUpdateLabels": spec.labels, "removeLabels": removed}
            method, numbers = "update_nodegroup_config", _scaling(spec)
            self.call(current, environment, method, scalingConfig=numbers, labels=about)
            current = self.ready(current, environment, is_changed=True)
        return current


def _scaling(spec: NodeGroupSpec) -> dict[str, int]:
    """Its numbers; that of an autoscaler is kept between the two others, as EKS requires."""
    wanted = min(max(spec.wanted, spec.least), spec.most)
    return {"minSize": spec.least, "maxSize": spec.most, "desiredSize": wanted}
