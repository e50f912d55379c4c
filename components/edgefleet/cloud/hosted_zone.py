"""`edgefleet:aws:HostedZone`: a domain of Route 53, public or private to networks."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import CloudResource, Labelled, finishing
from edgefleet.io.arn_tags import Tagging
from edgefleet.io.environment import Created, Found, Outside
from edgefleet.io.ownership import without_ownership
from edgefleet.io.waiting import while_in_use
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Unordered, spec

NOT_EMPTY = frozenset({"HostedZoneNotEmpty", "PriorRequestNotComplete"})


@spec
class HostedZoneSpec(Labelled):
    """A domain of Route 53 (Route 53 API, CreateHostedZone)."""

    name: Annotated[str, Effect.NONE]
    """Domain, ``hub.example.org``."""
    vpcs: Annotated[tuple[str, ...], Unordered(), Effect.NONE] = ()
    """Ids of the networks that see it; everybody does where there is none."""
    vpc_region: Annotated[str | None, Effect.NONE] = None
    """Region of those networks; the provider's where it is absent."""
    comment: Annotated[str, Effect.NONE] = "Managed by edgefleet"
    """What it is for."""


@spec
class HostedZoneOutputs:
    """What is known of a hosted zone."""

    name_servers: list[str]
    """Its name servers; a private one has none."""


class HostedZone(CloudResource):
    """The kind."""

    TOKEN = "edgefleet:aws:HostedZone"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = HostedZoneSpec
    Outputs: ClassVar[type[Any]] = HostedZoneOutputs
    REPLACE_ON = frozenset({"name", "vpcs", "vpcRegion"})

    def create(self, spec: HostedZoneSpec, outside: Outside) -> Created[HostedZoneOutputs]:
        """Make it; the caller reference makes a second call an answer to the first."""
        aws, place = outside.aws, self.place(outside, spec.name)
        found = self._made_before(spec, outside) or self._make(spec, outside)
        identity = _short(found["HostedZone"]["Id"])
        with finishing(identity, _outputs(found)):
            for vpc in sorted(spec.vpcs)[1:]:
                about = {"VPCRegion": spec.vpc_region or aws.region, "VPCId": vpc}
                if vpc not in _vpcs(self._get(identity, outside) or {}):
                    aws.call(
                        "route53", "associate_vpc_with_hosted_zone", place, HostedZoneId=identity, VPC=about
                    )
            _TAGS.set(aws, identity, self.tags(spec, outside), live=_TAGS.live(aws, identity))
        return Created(id=identity, outputs=_outputs(found))

    def _make(self, spec: HostedZoneSpec, outside: Outside) -> dict[str, Any]:
        private: dict[str, Any] = {}
        if spec.vpcs:
            region = spec.vpc_region or outside.aws.region
            private = {"VPC": {"VPCRegion": region, "VPCId": min(spec.vpcs)}}
        settings = {"Comment": spec.comment, "PrivateZone": bool(spec.vpcs)}
        place = self.place(outside, spec.name)
        return outside.aws.call(
            "route53",
            "create_hosted_zone",
            place,
            Name=spec.name,
            CallerReference=_reference(spec, outside),
            HostedZoneConfig=settings,
            **private,
        )

    def _made_before(self, spec: HostedZoneSpec, outside: Outside) -> dict[str, Any] | None:
        """The zone that an earlier run made for this very resource: it has the same caller reference."""
        place = self.place(outside, spec.name)
        listed = outside.aws.call("route53", "list_hosted_zones_by_name", place, DNSName=spec.name)
        reference = _reference(spec, outside)
        for zone in listed["HostedZones"]:
            if zone["CallerReference"] == reference and outside.owner and outside.owner.may_exist:
                return self._get(_short(zone["Id"]), outside)
        return None

    def read(
        self, identity: str, outside: Outside, recorded: Mapping[str, Any]
    ) -> Found[HostedZoneOutputs] | None:
        """As it is."""
        del recorded
        found = self._get(identity, outside)
        if found is None:
            return None
        regions = {vpc["VPCRegion"] for vpc in found.get("VPCs") or ()}
        inputs = {
            "name": found["HostedZone"]["Name"].rstrip("."),
            "vpcs": _vpcs(found),
            "comment": found["HostedZone"].get("Config", {}).get("Comment", ""),
            "tags": without_ownership(_TAGS.live(outside.aws, identity)),
        }
        if regions - {outside.aws.region}:
            inputs["vpcRegion"] = min(regions)
        return Found(id=identity, inputs=inputs, outputs=_outputs(found))

    def update(
        self, identity: str, new: HostedZoneSpec, outside: Outside, recorded: Mapping[str, Any]
    ) -> HostedZoneOutputs:
        """Its comment and tags."""
        del recorded
        found = self._get(identity, outside) or self.gone(identity, outside)
        with finishing(identity, _outputs(found)):
            if found["HostedZone"].get("Config", {}).get("Comment", "") != new.comment:
                place = self.place(outside, identity)
                outside.aws.call(
                    "route53", "update_hosted_zone_comment", place, Id=identity, Comment=new.comment
                )
            live = _TAGS.live(outside.aws, identity)
            _TAGS.set(outside.aws, identity, self.tags(new, outside), live=live)
        return _outputs(found)

    def destroy(self, identity: str, outside: Outside, inputs: Mapping[str, Any]) -> None:
        """Remove it; records that others made are named."""
        del inputs
        if self._get(identity, outside) is not None:
            place = self.place(outside, identity)
            while_in_use(
                lambda: outside.aws.seek("route53", "delete_hosted_zone", place, Id=identity),
                outside.clock,
                users=lambda: self._records(identity, outside),
                codes=NOT_EMPTY,
            )

    def _get(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        return outside.aws.seek("route53", "get_hosted_zone", self.place(outside, identity), Id=identity)

    def _records(self, identity: str, outside: Outside) -> list[str]:
        place = self.place(outside, identity)
        listed = outside.aws.call("route53", "list_resource_record_sets", place, HostedZoneId=identity)
        own = {"NS", "SOA"}
        return [
            f"{each['Name']} {each['Type']}"
            for each in listed["ResourceRecordSets"]
            if each["Type"] not in own
        ]


class _ZoneTagging(Tagging):
    """Route 53's two calls for tags, which both are one."""

    def live(self, aws: Any, identity: str) -> dict[str, str]:
        """Tags as they are."""
        place = f"hosted zone {identity}"
        about = {"ResourceType": "hostedzone", "ResourceId": identity}
        found = aws.call("route53", "list_tags_for_resource", place, **about)
        return {each["Key"]: each["Value"] for each in found["ResourceTagSet"].get("Tags") or ()}

    def set(self, aws: Any, identity: str, wanted: Mapping[str, str], *, live: Mapping[str, str]) -> None:
        """Make them those in `wanted`."""
        changed = {key: value for key, value in wanted.items() if live.get(key) != value}
        gone = sorted(set(live) - set(wanted))
        if changed or gone:
            aws.call(
                "route53",
                "change_tags_for_resource",
                f"hosted zone {identity}",
                ResourceType="hostedzone",
                ResourceId=identity,
                AddTags=self.form(changed) or None,
                RemoveTagKeys=gone or None,
            )


_TAGS = _ZoneTagging(
    service="route53",
    read="list_tags_for_resource",
    add="change_tags_for_resource",
    remove="change_tags_for_resource",
    resource="ResourceId",
    tags="AddTags",
    keys="RemoveTagKeys",
)


def _reference(spec: HostedZoneSpec, outside: Outside) -> str:
    owner = outside.owner
    return f"edgefleet-{owner.urn}-{owner.generation}-{owner.holder}" if owner else f"edgefleet-{spec.name}"


def _short(identity: str) -> str:
    return identity.rpartition("/")[2]


def _vpcs(found: Mapping[str, Any]) -> list[str]:
    return sorted(vpc["VPCId"] for vpc in found.get("VPCs") or ())


def _outputs(found: Mapping[str, Any]) -> HostedZoneOutputs:
    return HostedZoneOutputs(name_servers=list((found.get("DelegationSet") or {}).get("NameServers") or ()))
