"""`edgefleet:aws:NodeGroup`: machines of a managed cluster, kept at their number by EKS."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import NamedResource, Tagged
from edgefleet.errors import InvalidInput, OutsideFailure, Problem
from edgefleet.io.arn_tags import EKS
from edgefleet.io.ec2 import client_token
from edgefleet.io.environment import Outside
from edgefleet.io.waiting import until
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Unordered, spec

PATIENCE = 1_800.0
"""Seconds that a group may take."""


@spec
class NodeGroupSpec(Tagged):
    """Machines of a managed cluster (EKS API, CreateNodegroup)."""

    cluster: Annotated[str, Effect.NONE]
    """Name of the cluster."""
    name: Annotated[str, Effect.NONE]
    """Name, unique in the cluster."""
    role: Annotated[str, Effect.NONE]
    """ARN of the role that the machines have."""
    subnets: Annotated[tuple[str, ...], Unordered(), Effect.NONE]
    """Ids of the subnets that they are in."""
    instance_types: Annotated[tuple[str, ...], Effect.NONE] = ("t3.medium",)
    """Types that they may have."""
    ami_type: Annotated[str, Effect.NONE] = "AL2023_x86_64_STANDARD"
    """Kind of machine image."""
    disk_size: Annotated[int, Effect.NONE] = 40
    """GiB of each disk."""
    least: Annotated[int, Effect.NONE] = 2
    """Least machines."""
    most: Annotated[int, Effect.NONE] = 4
    """Most machines."""
    wanted: Annotated[int, Effect.NONE] = 2
    """Machines to begin with."""
    labels: Annotated[dict[str, str], Effect.NONE] = field(default_factory=dict)
    """Labels of the nodes."""


@spec
class NodeGroupOutputs:
    """What is known of a group."""

    arn: str
    """Amazon Resource Name."""


class NodeGroup(NamedResource):
    """The kind; its id is ``<cluster>/<name>``."""

    TOKEN = "edgefleet:aws:NodeGroup"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = NodeGroupSpec
    Outputs: ClassVar[type[Any]] = NodeGroupOutputs
    REPLACE_ON = frozenset({"cluster", "name", "role", "subnets", "instanceTypes", "amiType", "diskSize"})
    CLAIMS = ("cluster", "name")
    TAGGING = EKS
    TAGGED_BY = "nodegroupArn"
    EXISTS = frozenset({"ResourceInUseException"})

    def identity(self, spec: NodeGroupSpec) -> str:
        """Cluster and name."""
        return f"{spec.cluster}/{spec.name}"

    def inspect(self, spec: NodeGroupSpec) -> Iterable[Problem]:
        """Numbers that do not fit each other."""
        yield from super().inspect(spec)
        if not 0 <= spec.least <= spec.wanted <= max(spec.most, 1) or spec.most < 1:
            hint = "least <= wanted <= most, most at least 1"
            problem = f"{spec.least}, {spec.wanted} and {spec.most} do not fit each other"
            yield Problem(code="range", path="wanted", problem=problem, hint=hint)

    def make(self, spec: NodeGroupSpec, outside: Outside, place: str) -> None:
        """Make it."""
        outside.aws.call(
            "eks",
            "create_nodegroup",
            place,
            clusterName=spec.cluster,
            nodegroupName=spec.name,
            nodeRole=spec.role,
            subnets=sorted(spec.subnets),
            instanceTypes=list(spec.instance_types),
            amiType=spec.ami_type,
            diskSize=spec.disk_size,
            scalingConfig=_scaling(spec),
            labels=spec.labels,
            clientRequestToken=client_token(outside),
            tags=self.tags(spec, outside),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By cluster and name."""
        cluster, slash, name = identity.partition("/")
        if not slash:
            hint, problem = "give <cluster>/<name>", "is not the id of a node group"
            raise InvalidInput(Problem(code="id", where=identity, problem=problem, hint=hint))
        place = self.place(outside, identity)
        found = outside.aws.seek("eks", "describe_nodegroup", place, clusterName=cluster, nodegroupName=name)
        return None if found is None else dict(found["nodegroup"])

    def live_tags(self, found: Mapping[str, Any], outside: Outside) -> dict[str, str]:
        """Its tags, as described."""
        del outside
        return dict(found.get("tags") or {})

    def settle(self, found: Mapping[str, Any], spec: NodeGroupSpec, outside: Outside) -> None:
        """Its numbers and labels."""
        del found  # it may have changed while it was waited for
        identity = self.identity(spec)
        place = self.place(outside, identity)
        live = self._active(identity, outside)
        labels = live.get("labels") or {}
        if (live["scalingConfig"], labels) != (_scaling(spec), spec.labels):
            gone = sorted(set(labels) - set(spec.labels))
            outside.aws.call(
                "eks",
                "update_nodegroup_config",
                place,
                clusterName=spec.cluster,
                nodegroupName=spec.name,
                scalingConfig=_scaling(spec),
                labels={"addOrUpdateLabels": spec.labels, "removeLabels": gone},
            )
            self._active(identity, outside)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its machines, numbers and labels."""
        del outside
        scaling = found["scalingConfig"]
        return {
            "cluster": found["clusterName"],
            "name": found["nodegroupName"],
            "role": found["nodeRole"],
            "subnets": sorted(found["subnets"]),
            "instanceTypes": list(found.get("instanceTypes") or ()),
            "amiType": found["amiType"],
            "diskSize": found["diskSize"],
            "least": scaling["minSize"],
            "most": scaling["maxSize"],
            "wanted": scaling["desiredSize"],
            "labels": dict(found.get("labels") or {}),
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> NodeGroupOutputs:
        """Its name."""
        del outside
        return NodeGroupOutputs(arn=found["nodegroupArn"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it, and wait until its machines are gone."""
        cluster, name = found["clusterName"], found["nodegroupName"]
        outside.aws.seek("eks", "delete_nodegroup", place, clusterName=cluster, nodegroupName=name)

        def look() -> bool | None:
            return True if self.describe(f"{cluster}/{name}", outside) is None else None

        until(look, outside.clock, what=f"{place}: removed", patience=PATIENCE)

    def _active(self, identity: str, outside: Outside) -> dict[str, Any]:
        place = self.place(outside, identity)

        def look() -> dict[str, Any] | None:
            found = self.describe(identity, outside) or {}
            if found.get("status") in {"CREATE_FAILED", "DEGRADED"}:
                issues = found.get("health", {}).get("issues") or [{}]
                problem = f"could not be made: {issues[0].get('message', 'EKS does not say why')}"
                hint = "mend that and run up again"
                raise OutsideFailure(Problem(code="failed", where=place, problem=problem, hint=hint))
            return found if found.get("status") == "ACTIVE" else None

        return until(look, outside.clock, what=f"{place}: active", patience=PATIENCE)


def _scaling(spec: NodeGroupSpec) -> dict[str, int]:
    return {"minSize": spec.least, "maxSize": spec.most, "desiredSize": spec.wanted}
