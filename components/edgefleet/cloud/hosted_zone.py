"""`edgefleet:aws:HostedZone`: a domain of Route 53, public or private to networks."""

from collections.abc import Mapping
from typing import Annotated, Any

from edgefleet.cloud.base import Change, Described, DescribedResource, Labelled, Table, finishing
from edgefleet.cloud.base.constraints import Api, DnsName, VpcId
from edgefleet.io.environment import Created, Environment
from edgefleet.io.tagging import ROUTE53, value_at
from edgefleet.model.releases import AwsRegion
from edgefleet.model.spec import Unordered, spec


@spec
class HostedZoneSpec(Labelled):
    """A domain of Route 53 (Route 53 API, CreateHostedZone)."""

    name: DnsName
    """Domain, ``hub.example.org``."""
    vpcs: Annotated[tuple[VpcId, ...], Unordered()] = ()
    """Ids of the networks that see it; everybody does where there is none."""
    vpc_region: AwsRegion | None = None
    """Region of those networks; the provider's where it is absent."""
    comment: Annotated[str, Api("route53.CreateHostedZone.HostedZoneConfig.Comment")] = "Managed by edgefleet"
    """Description."""


@spec
class HostedZoneOutputs:
    """What is known of a hosted zone."""

    name_servers: list[str]
    """Its name servers; a private one has none."""


def _id(current: Described) -> str:
    return str(current["HostedZone"]["Id"]).rpartition("/")[2]


class HostedZone(DescribedResource, spec=HostedZoneSpec, outputs=HostedZoneOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name", "vpcRegion"})
    MAY_REPLACE = frozenset({"vpcs"})
    TAGGING = ROUTE53
    IN_USE = frozenset({"HostedZoneNotEmpty", "PriorRequestNotComplete"})
    TABLE = Table(
        create="create_hosted_zone",
        read="get_hosted_zone",
        delete="delete_hosted_zone",
        key="Id",
        settings={"comment": "HostedZone.Config.Comment"},
        outputs={"name_servers": lambda current: list(value_at(current, "DelegationSet.NameServers") or ())},
        tagged=_id,
        changes=(Change(("comment",), "update_hosted_zone_comment", lambda spec: {"Comment": spec.comment}),),
    )

    def replacing(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
        """A public zone cannot become private, nor the reverse."""
        is_turned = bool(old.get("vpcs")) is not bool(new.get("vpcs"))
        return self.REPLACE_ON | ({"vpcs"} if is_turned else set())

    def create(self, spec: HostedZoneSpec, environment: Environment) -> Created[HostedZoneOutputs]:
        """Create it; the caller reference makes this idempotent."""
        current = self._made_before(spec, environment) or self._make(spec, environment)
        identity = self.id_of(current)
        with finishing(identity, self.outputs(current, environment)):
            self._associate(identity, spec, environment)
            live = self.live_tags(current, environment)
            self.TAGGING.set(environment.aws, identity, self.tags(spec, environment), live=live)
        return Created(id=identity, outputs=self.outputs(current, environment))

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By its id."""
        place = self.place(environment, identity)
        return environment.aws.seek("route53", "get_hosted_zone", place, Id=identity)

    def id_of(self, current: Described) -> str:
        """Its id, without the path before it."""
        return _id(current)

    def named(self, current: Described) -> dict[str, Any]:
        """By its id."""
        return {"Id": _id(current)}

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its name, networks and comment."""
        networks = current.get("VPCs") or ()
        elsewhere = {vpc["VPCRegion"] for vpc in networks} - {environment.aws.region}
        return {
            "name": current["HostedZone"]["Name"].rstrip("."),
            "vpcs": sorted(vpc["VPCId"] for vpc in networks),
            "comment": value_at(current, "HostedZone.Config.Comment") or "",
            **({"vpcRegion": min(elsewhere)} if elsewhere else {}),
        }

    def users(self, identity: str, environment: Environment) -> list[str]:
        """Records that were created outside."""
        place = self.place(environment, identity)
        listed = environment.aws.call("route53", "list_resource_record_sets", place, HostedZoneId=identity)
        own = {"NS", "SOA"}
        return [
            f"{each['Name']} {each['Type']}"
            for each in listed["ResourceRecordSets"]
            if each["Type"] not in own
        ]

    def _make(self, spec: HostedZoneSpec, environment: Environment) -> dict[str, Any]:
        first = {"VPC": _network(min(spec.vpcs), spec, environment)} if spec.vpcs else {}
        return environment.aws.call(
            "route53",
            self.TABLE.create,
            self.place(environment, spec.name),
            Name=spec.name,
            CallerReference=_reference(spec, environment),
            HostedZoneConfig={"Comment": spec.comment, "PrivateZone": bool(spec.vpcs)},
            **first,
        )

    def settle(self, current: Described, spec: HostedZoneSpec, environment: Environment) -> Described:
        """Set its comment and networks."""
        current = super().settle(current, spec, environment)
        self._associate(self.id_of(current), spec, environment)
        return current

    def _associate(self, identity: str, spec: HostedZoneSpec, environment: Environment) -> None:
        """Associate the networks that it lacks, then release others: a private zone always has one."""
        place, call = self.place(environment, spec.name), environment.aws.call
        listed = (self.describe(identity, environment) or {}).get("VPCs") or ()
        live = {network["VPCId"]: network for network in listed}
        for vpc in sorted(set(spec.vpcs) - set(live)):
            network = _network(vpc, spec, environment)
            call("route53", "associate_vpc_with_hosted_zone", place, HostedZoneId=identity, VPC=network)
        for vpc in sorted(set(live) - set(spec.vpcs)):
            method = "disassociate_vpc_from_hosted_zone"
            call("route53", method, place, HostedZoneId=identity, VPC=live[vpc])

    def _made_before(self, spec: HostedZoneSpec, environment: Environment) -> dict[str, Any] | None:
        """The zone of an earlier run for this resource, which has the same caller reference."""
        place = self.place(environment, spec.name)
        listed = environment.aws.call("route53", "list_hosted_zones_by_name", place, DNSName=spec.name)
        reference = _reference(spec, environment)
        for zone in listed["HostedZones"]:
            if zone["CallerReference"] == reference and environment.owner and environment.owner.may_exist:
                return self.describe(self.id_of({"HostedZone": zone}), environment)
        return None


def _network(vpc: str, spec: HostedZoneSpec, environment: Environment) -> dict[str, str]:
    return {"VPCRegion": spec.vpc_region or environment.aws.region, "VPCId": vpc}


def _reference(spec: HostedZoneSpec, environment: Environment) -> str:
    owner = environment.owner
    return f"edgefleet-{owner.urn}-{owner.generation}-{owner.holder}" if owner else f"edgefleet-{spec.name}"
