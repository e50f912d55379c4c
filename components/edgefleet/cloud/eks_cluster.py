"""`edgefleet:aws:EksCluster`: a managed Kubernetes control plane."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from edgefleet.cloud.base import NamedResource, Tagged
from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io.arn_tags import EKS
from edgefleet.io.ec2 import client_token
from edgefleet.io.environment import Outside
from edgefleet.io.waiting import until
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Unordered, spec
from edgefleet.model.version_skew import upgrade_problems

PATIENCE = 1_800.0
"""Seconds that a cluster may take; AWS speaks of ten minutes."""
Log = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
LOGS: tuple[Log, ...] = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@spec
class EksClusterSpec(Tagged):
    """A managed control plane (EKS API, CreateCluster); access is given by API entries alone."""

    name: Annotated[str, Effect.NONE]
    """Name, unique in the region."""
    version: Annotated[str, Effect.NONE]
    """Kubernetes minor version, ``1.36``; raised one at a time."""
    role: Annotated[str, Effect.NONE]
    """ARN of the role that EKS takes."""
    subnets: Annotated[tuple[str, ...], Unordered(), Effect.NONE]
    """Ids of subnets in two zones at least."""
    security_groups: Annotated[tuple[str, ...], Unordered(), Effect.NONE] = ()
    """Ids of security groups beside EKS's own."""
    public_access: Annotated[bool, Effect.NONE] = True
    """Whether the API can be reached from outside of the network."""
    access: Annotated[tuple[str, ...], Unordered(), Effect.NONE] = ("0.0.0.0/0",)
    """Networks that may reach it from outside."""
    private_access: Annotated[bool, Effect.NONE] = True
    """Whether it can be reached from inside."""
    key_arn: Annotated[str | None, Effect.NONE] = None
    """ARN of the KMS key that encrypts secrets in etcd; EKS's own where it is absent."""
    logs: Annotated[tuple[Log, ...], Unordered(), Effect.NONE] = ()
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


class EksCluster(NamedResource):
    """The kind."""

    TOKEN = "edgefleet:aws:EksCluster"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = EksClusterSpec
    Outputs: ClassVar[type[Any]] = EksClusterOutputs
    REPLACE_ON = frozenset({"name", "role", "keyArn"})
    CLAIMS = ("name",)
    TAGGING = EKS
    TAGGED_BY = "arn"
    EXISTS = frozenset({"ResourceInUseException"})

    def inspect(self, spec: EksClusterSpec) -> Iterable[Problem]:
        """Too few subnets, or an API that nobody could reach."""
        yield from super().inspect(spec)
        least = 2
        if len(spec.subnets) < least:
            hint = "name subnets of two zones at least"
            yield Problem(code="too-few-zones", path="subnets", problem="are too few", hint=hint)
        if not spec.public_access and not spec.private_access:
            hint = "leave one of publicAccess and privateAccess on"
            yield Problem(code="access", path="privateAccess", problem="nobody could reach it", hint=hint)

    def inspect_change(self, old: EksClusterSpec, new: EksClusterSpec) -> Iterable[Problem]:
        """A version that may not follow the one before."""
        if old.name == new.name:
            yield from upgrade_problems(old.version, new.version, path="version")

    def make(self, spec: EksClusterSpec, outside: Outside, place: str) -> None:
        """Make it."""
        secrets = [{"resources": ["secrets"], "provider": {"keyArn": spec.key_arn}}]
        outside.aws.call(
            "eks",
            "create_cluster",
            place,
            name=spec.name,
            version=spec.version,
            roleArn=spec.role,
            resourcesVpcConfig={
                "subnetIds": sorted(spec.subnets),
                "securityGroupIds": sorted(spec.security_groups),
                **_access(spec),
            },
            accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
            encryptionConfig=secrets if spec.key_arn else None,
            logging=_logging(spec),
            clientRequestToken=client_token(outside),
            tags=self.tags(spec, outside),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By name."""
        found = outside.aws.seek("eks", "describe_cluster", self.place(outside, identity), name=identity)
        return None if found is None else dict(found["cluster"])

    def live_tags(self, found: Mapping[str, Any], outside: Outside) -> dict[str, str]:
        """Its tags, as described."""
        del outside
        return dict(found.get("tags") or {})

    def settle(self, found: Mapping[str, Any], spec: EksClusterSpec, outside: Outside) -> None:
        """Its version, access and logs, one update after another, as EKS takes one at a time."""
        del found  # it may have changed while it was waited for
        name, aws = spec.name, outside.aws
        place = self.place(outside, name)
        live = self.inputs(self._active(name, outside), outside)
        if live["version"] != spec.version:
            aws.call("eks", "update_cluster_version", place, name=name, version=spec.version)
            self._active(name, outside)
        wanted = (spec.public_access, sorted(spec.access), spec.private_access)
        if (live["publicAccess"], live["access"], live["privateAccess"]) != wanted:
            aws.call("eks", "update_cluster_config", place, name=name, resourcesVpcConfig=_access(spec))
            self._active(name, outside)
        if live["logs"] != sorted(spec.logs):
            aws.call("eks", "update_cluster_config", place, name=name, logging=_logging(spec))
            self._active(name, outside)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its version, access and logs."""
        del outside
        network = found["resourcesVpcConfig"]
        on = [
            kind
            for each in found.get("logging", {}).get("clusterLogging") or ()
            if each.get("enabled")
            for kind in each.get("types", ())
        ]
        keys = [each.get("provider", {}).get("keyArn") for each in found.get("encryptionConfig") or ()]
        return {
            "name": found["name"],
            "version": found["version"],
            "role": found["roleArn"],
            "subnets": sorted(network["subnetIds"]),
            "securityGroups": sorted(network.get("securityGroupIds") or ()),
            "publicAccess": network.get("endpointPublicAccess", True),
            "access": sorted(network.get("publicAccessCidrs") or ["0.0.0.0/0"]),
            "privateAccess": network.get("endpointPrivateAccess", False),
            "keyArn": next(iter(keys), None),
            "logs": sorted(on),
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> EksClusterOutputs:
        """Its address; empty until it is there."""
        del outside
        return EksClusterOutputs(
            arn=found["arn"],
            endpoint=found.get("endpoint") or "",
            certificate_authority=(found.get("certificateAuthority") or {}).get("data") or "",
        )

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it, and wait until it is gone."""
        name = found["name"]
        outside.aws.seek("eks", "delete_cluster", place, name=name)

        def look() -> bool | None:
            return True if self.describe(name, outside) is None else None

        until(look, outside.clock, what=f"{place}: removed", patience=PATIENCE)

    def _active(self, name: str, outside: Outside) -> dict[str, Any]:
        place = self.place(outside, name)

        def look() -> dict[str, Any] | None:
            found = self.describe(name, outside) or {}
            if found.get("status") == "FAILED":
                hint = "see EKS's console for the reason, remove it and run up again"
                raise OutsideFailure(
                    Problem(code="failed", where=place, problem="could not be made", hint=hint)
                )
            return found if found.get("status") == "ACTIVE" else None

        return until(look, outside.clock, what=f"{place}: active", patience=PATIENCE)


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
