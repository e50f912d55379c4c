"""`edgefleet:aws:EksCluster`: a managed Kubernetes control plane."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from edgefleet.cloud.base import Change, Described, NamedResource, Readiness, Table, Tagged, none_stays
from edgefleet.cloud.base.constraints import Api, Arn, Cidr4, GroupId, KeyArn, SubnetId
from edgefleet.cloud.base.quotas import at_most
from edgefleet.errors import Problem
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import EKS, value_at
from edgefleet.model.hub import KubernetesVersion
from edgefleet.model.spec import Unordered, spec
from edgefleet.model.unknown import is_known
from edgefleet.model.version_skew import release, upgrade_problems

PATIENCE = 1_800.0
"""Seconds that a cluster may take; AWS speaks of ten minutes."""
Log = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
LOGS: tuple[Log, ...] = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@spec
class EksClusterSpec(Tagged):
    """A managed control plane (EKS API, CreateCluster); access is given by API entries alone."""

    name: Annotated[str, Api("eks.CreateCluster.name")]
    """Name, unique in the region."""
    version: KubernetesVersion
    """Kubernetes minor version, ``1.36``; raised one at a time, by AWS too once it is out of support."""
    role: Arn
    """ARN of the role that EKS takes."""
    subnets: Annotated[tuple[SubnetId, ...], Unordered()]
    """Ids of subnets in two zones at least."""
    security_groups: Annotated[tuple[GroupId, ...], Unordered(), at_most("security groups of a cluster")] = ()
    """Ids of security groups beside EKS's own."""
    public_access: bool = True
    """Whether the API can be reached from outside of the network."""
    access: Annotated[tuple[Cidr4, ...], Unordered(), at_most("networks with access to a cluster")] = (
        "0.0.0.0/0",
    )
    """Networks that may reach it from outside."""
    private_access: bool = True
    """Whether it can be reached from inside."""
    key_arn: KeyArn | None = None
    """ARN of the KMS key that encrypts secrets in etcd; EKS's own where it is absent."""
    logs: Annotated[tuple[Log, ...], Unordered()] = ()
    """Which logs are kept in CloudWatch."""


@spec
class EksClusterOutputs:
    """What is known of a cluster."""

    arn: str
    """Amazon Resource Name."""
    endpoint: str
    """Address of its API."""
    certificate_authority: str
    """Certificate of its API, base64 of PEM."""


def _logs(current: Described) -> list[str]:
    listed = current.get("logging", {}).get("clusterLogging") or ()
    return sorted(kind for item in listed if item.get("enabled") for kind in item.get("types", ()))


class EksCluster(NamedResource, spec=EksClusterSpec, outputs=EksClusterOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name", "role", "keyArn"})
    MAY_REPLACE = frozenset({"subnets"})
    CLAIMS = ("name",)
    ENDS_LATE = True
    TAGGING = EKS
    EXISTS = frozenset({"ResourceInUseException"})
    TABLE = Table(
        create="create_cluster",
        read="describe_cluster",
        delete="delete_cluster",
        answer="cluster",
        key="name",
        fields={"name": "name", "version": "version", "role": "roleArn"},
        settings={
            "subnets": "resourcesVpcConfig.subnetIds",
            "securityGroups": "resourcesVpcConfig.securityGroupIds",
            "publicAccess": "resourcesVpcConfig.endpointPublicAccess",
            "access": "resourcesVpcConfig.publicAccessCidrs",
            "privateAccess": lambda current: current["resourcesVpcConfig"].get(
                "endpointPrivateAccess", False
            ),
            "keyArn": lambda current: next(
                (item.get("provider", {}).get("keyArn") for item in current.get("encryptionConfig") or ()),
                None,
            ),
            "logs": _logs,
        },
        besides=lambda spec: {
            "resourcesVpcConfig": {
                **_placement(spec),
                **_access(spec),
            },
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
            "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": spec.key_arn}}]
            if spec.key_arn
            else None,
            "logging": _logging(spec),
        },
        token="clientRequestToken",  # noqa: S106 - the name of a parameter
        tagged="arn",
        outputs={
            "arn": "arn",
            "endpoint": lambda current: current.get("endpoint") or "",  # empty until it is there
            "certificate_authority": lambda current: value_at(current, "certificateAuthority.data") or "",
        },
        changes=(
            Change(("version",), "update_cluster_version", lambda spec: {"version": spec.version}),
            Change(
                ("publicAccess", "access", "privateAccess"),
                "update_cluster_config",
                lambda spec: {"resourcesVpcConfig": _access(spec)},
            ),
            Change(
                ("subnets", "securityGroups"),
                "update_cluster_config",
                lambda spec: {"resourcesVpcConfig": _placement(spec)},
            ),
            Change(("logs",), "update_cluster_config", lambda spec: {"logging": _logging(spec)}),
        ),
        readiness=Readiness(
            at="status",
            good="ACTIVE",
            bad=frozenset({"FAILED"}),
            hint="see EKS's console for the reason, remove it and run up again",
            patience=PATIENCE,
        ),
    )

    def replacing(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
        """One in another network is another one."""
        return self.REPLACE_ON | ({"subnets"} if none_stays(old["subnets"], new["subnets"]) else set())

    def inspect(self, spec: EksClusterSpec) -> Iterable[Problem]:
        """Too few subnets, or an unreachable API."""
        yield from super().inspect(spec)
        least = 2
        if is_known(spec.subnets) and len(spec.subnets) < least:
            hint = "name subnets of two zones at least"
            yield Problem(code="too-few-zones", path="subnets", problem="are too few", hint=hint)
        if not spec.public_access and not spec.private_access:
            hint = "leave one of publicAccess and privateAccess on"
            yield Problem(code="access", path="privateAccess", problem="nothing could reach it", hint=hint)

    def settle(self, current: Described, spec: EksClusterSpec, environment: Environment) -> Described:
        """Set its version, access and logs; a version that AWS raised stays, as it cannot go back."""
        raised = release(current["version"]) > release(spec.version)
        held = replace(spec, version=current["version"]) if raised else spec
        return super().settle(current, held, environment)

    def inspect_change(self, old: EksClusterSpec, new: EksClusterSpec) -> Iterable[Problem]:
        """A version that may not follow the one before."""
        if old.name == new.name and is_known(new.version):
            yield from upgrade_problems(old.version, new.version, path="version")

    def remove(self, current: Described, environment: Environment) -> None:
        """Delete it; what EKS logged stays, and a warning names it."""
        super().remove(current, environment)
        if _logs(current):
            group = f"/aws/eks/{current['name']}/cluster"
            remedy = f"`aws logs delete-log-group --log-group-name {group}` deletes it"
            environment.warn(f"the log group {group}, which EKS created, is left in place; {remedy}")


def _placement(spec: EksClusterSpec) -> dict[str, Any]:
    return {"subnetIds": sorted(spec.subnets), "securityGroupIds": sorted(spec.security_groups)}


def _access(spec: EksClusterSpec) -> dict[str, Any]:
    public = {"publicAccessCidrs": sorted(spec.access)} if spec.public_access else {}
    return {
        "endpointPublicAccess": spec.public_access,
        "endpointPrivateAccess": spec.private_access,
        **public,
    }


def _logging(spec: EksClusterSpec) -> dict[str, Any]:
    on, off = sorted(spec.logs), sorted(set(LOGS) - set(spec.logs))
    groups = [{"types": on, "enabled": True}] if on else []
    return {"clusterLogging": [*groups, *([{"types": off, "enabled": False}] if off else [])]}
