"""`edgefleet:aws:HostedZone`: a domain of Route 53, public or private to networks."""

from typing import Annotated, Any

from edgefleet.cloud.base import Change, Described, DescribedResource, Labelled, Table, finishing
from edgefleet.io.environment import Created, Environment
from edgefleet.io.tagging import ROUTE53, value_at
from edgefleet.model.spec import Unordered, spec


@spec
class HostedZoneSpec(Labelled):
    """A domain of Route 53 (Route 53 API, CreateHostedZone)."""

    name: str
    """Domain, ``hub.example.org``."""
    vpcs: Annotated[tuple[str, ...], Unordered()] = ()
    """Ids of the networks that see it; everybody does where there is none."""
    vpc_region: str | None = None
    """Region of those networks; the provider's where it is absent."""
    comment: str = "Managed by edgefleet"
    """Description."""


@spec
class HostedZoneOutputs:
    """What is known of a hosted zone."""

    name_servers: list[str]
    """Its name servers; a private one has none."""


class HostedZone(DescribedResource, spec=HostedZoneSpec, outputs=HostedZoneOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name", "vpcs", "vpcRegion"})
    TAGGING = ROUTE53
    IN_USE = frozenset({"HostedZoneNotEmpty", "PriorRequestNotComplete"})
    TABLE = Table(
        create="create_hosted_zone",
        read="get_hosted_zone",
        delete="delete_hosted_zone",
        key="Id",
        settings={"comment": "HostedZone.Config.Comment"},
        changes=(Change(("comment",), "update_hosted_zone_comment", lambda spec: {"Comment": spec.comment}),),
    )

    def create(self, spec: HostedZoneSpec, outside: Environment) -> Created[HostedZoneOutputs]:
        """Create it; the caller reference makes this idempotent."""
        current = self._made_before(spec, outside) or self._make(spec, outside)
        identity = self.id_of(current)
        with finishing(identity, self.outputs(current, outside)):
            self._associate(identity, spec, outside)
            live = self.live_tags(current, outside)
            self.TAGGING.set(outside.aws, identity, self.tags(spec, outside), live=live)
        return Created(id=identity, outputs=self.outputs(current, outside))

    def describe(self, identity: str, outside: Environment) -> dict[str, Any] | None:
        """By its id."""
        return outside.aws.seek("route53", "get_hosted_zone", self.place(outside, identity), Id=identity)

    def id_of(self, current: Described) -> str:
        """Its id, without the path before it."""
        return str(current["HostedZone"]["Id"]).rpartition("/")[2]

    def tagged_by(self, current: Described) -> str:
        """Its id."""
        return self.id_of(current)

    def named(self, current: Described) -> dict[str, Any]:
        """Its id."""
        return {"Id": self.id_of(current)}

    def inputs(self, current: Described, outside: Environment) -> dict[str, Any]:
        """Its name, networks and comment."""
        networks = current.get("VPCs") or ()
        elsewhere = {vpc["VPCRegion"] for vpc in networks} - {outside.aws.region}
        return {
            "name": current["HostedZone"]["Name"].rstrip("."),
            "vpcs": sorted(vpc["VPCId"] for vpc in networks),
            "comment": value_at(current, "HostedZone.Config.Comment") or "",
            **({"vpcRegion": min(elsewhere)} if elsewhere else {}),
        }

    def outputs(self, current: Described, outside: Environment) -> HostedZoneOutputs:
        """Its name servers."""
        del outside
        return HostedZoneOutputs(name_servers=list(value_at(current, "DelegationSet.NameServers") or ()))

    def users(self, identity: str, outside: Environment) -> list[str]:
        """Records that were created outside."""
        place = self.place(outside, identity)
        listed = outside.aws.call("route53", "list_resource_record_sets", place, HostedZoneId=identity)
        own = {"NS", "SOA"}
        return [
            f"{each['Name']} {each['Type']}"
            for each in listed["ResourceRecordSets"]
            if each["Type"] not in own
        ]

    def _make(self, spec: HostedZoneSpec, outside: Environment) -> dict[str, Any]:
        first = {"VPC": _network(min(spec.vpcs), spec, outside)} if spec.vpcs else {}
        return outside.aws.call(
            "route53",
            self.TABLE.create,
            self.place(outside, spec.name),
            Name=spec.name,
            CallerReference=_reference(spec, outside),
            HostedZoneConfig={"Comment": spec.comment, "PrivateZone": bool(spec.vpcs)},
            **first,
        )

    def _associate(self, identity: str, spec: HostedZoneSpec, outside: Environment) -> None:
        """Associate the networks after the first, with which it was created."""
        place, method = self.place(outside, spec.name), "associate_vpc_with_hosted_zone"
        for vpc in sorted(spec.vpcs)[1:]:
            live = (self.describe(identity, outside) or {}).get("VPCs") or ()
            if vpc not in {each["VPCId"] for each in live}:
                network = _network(vpc, spec, outside)
                outside.aws.call("route53", method, place, HostedZoneId=identity, VPC=network)

    def _made_before(self, spec: HostedZoneSpec, outside: Environment) -> dict[str, Any] | None:
        """The zone of an earlier run for this resource, which has the same caller reference."""
        place = self.place(outside, spec.name)
        listed = outside.aws.call("route53", "list_hosted_zones_by_name", place, DNSName=spec.name)
        reference = _reference(spec, outside)
        for zone in listed["HostedZones"]:
            if zone["CallerReference"] == reference and outside.owner and outside.owner.may_exist:
                return self.describe(self.id_of({"HostedZone": zone}), outside)
        return None


def _network(vpc: str, spec: HostedZoneSpec, outside: Environment) -> dict[str, str]:
    return {"VPCRegion": spec.vpc_region or outside.aws.region, "VPCId": vpc}


def _reference(spec: HostedZoneSpec, outside: Environment) -> str:
    owner = outside.owner
    return f"edgefleet-{owner.urn}-{owner.generation}-{owner.holder}" if owner else f"edgefleet-{spec.name}"
