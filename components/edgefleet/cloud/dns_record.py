"""`edgefleet:aws:DnsRecord`: a name in a hosted zone, and what it points at.

Records have no tags, so that nothing shows who created one. Route 53 itself refuses to create one that
exists; after a call whose answer was lost the record is read again at once.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal, get_args

from edgefleet.cloud.base import CloudResource, Namesake, finishing
from edgefleet.cloud.base.constraints import Api, DnsName, ZoneId, fits
from edgefleet.cloud.base.quotas import at_most
from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem
from edgefleet.io.environment import Created, Environment, Found
from edgefleet.io.tagging import value_at
from edgefleet.io.waiting import until
from edgefleet.model.spec import Unordered, spec
from edgefleet.model.unknown import is_known, known_items

Kind = Literal["A", "AAAA", "CNAME", "TXT", "SRV"]
_PARTS = {
    "CNAME": r"[A-Za-z0-9_*\\/.-]{1,255}",
    "TXT": r'"[^"]{0,255}"( "[^"]{0,255}")*',
    "SRV": r"\d{1,5} \d{1,5} \d{1,5} [A-Za-z0-9_.-]{1,255}",
}
EXAMPLES = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "CNAME": "hub.example.org",
    "TXT": '"v=spf1 -all", with quotation marks around each 255 characters at most',
    "SRV": "10 5 6443 hub.example.org",
}
"""dict[type -> a value] (Route 53 developer guide, supported DNS record types)."""


@spec
class DnsAlias:
    """What an alias record points at."""

    dns_name: DnsName
    """Name of a load balancer or bucket."""
    zone_id: ZoneId
    """Hosted zone of that name."""


@spec
class DnsRecordSpec:
    """A name in a hosted zone (Route 53 API, ChangeResourceRecordSets). Records have no tags."""

    zone_id: ZoneId
    """Id of the hosted zone."""
    name: DnsName
    """Whole name, ``hub.example.org``."""
    type: Kind = "A"
    """Type of the record."""
    ttl: Annotated[
        int, Api("route53.ChangeResourceRecordSets.ChangeBatch.Changes.[].ResourceRecordSet.TTL")
    ] = 60
    """Seconds that others may keep it; an alias has none of its own."""
    records: Annotated[
        tuple[Annotated[str, fits(4_000, least=1)], ...], Unordered(), at_most("values of a record")
    ] = ()
    """Values."""
    alias: DnsAlias | None = None
    """What it points at in the place of values."""
    allow_overwrite: bool = False
    """Take the place of a record of this name that exists."""


@spec
class DnsRecordOutputs:
    """What is known of a record."""

    fqdn: str
    """The whole name."""


class DnsRecord(CloudResource, spec=DnsRecordSpec, outputs=DnsRecordOutputs):
    """The kind; its id is ``<zone>/<name>/<type>``."""

    REPLACE_ON = frozenset({"zoneId", "name", "type"})
    CLAIMS = ("zoneId", "name")  # also where the type changes: a CNAME excludes all others of its name
    OTHERWISE = (
        "set allowOverwrite to take its place; if its resource was renamed, add the former URN as an alias"
    )

    def identity(self, spec: DnsRecordSpec) -> str:
        """Zone, name and type."""
        return f"{spec.zone_id}/{spec.name.rstrip('.').lower()}/{spec.type}"

    def takes(self, inputs: Mapping[str, Any]) -> Iterable[str]:
        """Name and type; a CNAME takes every type of its name."""
        kind = inputs.get("type", "A")
        kinds = get_args(Kind) if kind == "CNAME" else (kind,)
        return [f"{name.rstrip('.').lower()}/{each}" for name in super().takes(inputs) for each in kinds]

    def verify(self, spec: DnsRecordSpec, environment: Environment) -> Iterable[Problem]:
        """A name outside of the zone, or a CNAME in the place of the zone's own records."""
        if not is_known(spec.zone_id, spec.name):
            return
        name, domain = spec.name.rstrip(".").lower(), _domain(spec.zone_id, environment)
        if domain and not f".{name}".endswith(f".{domain}"):
            hint = f"write a name that ends in {domain}, or the id of another zone"
            yield Problem(code="foreign-zone", path="name", problem=f"is not in the zone {domain}", hint=hint)
        elif domain == name and spec.type == "CNAME":
            hint = "use type A with an alias: the zone's own name has other records"
            yield Problem(code="apex", path="type", problem=f"cannot be CNAME for {domain} itself", hint=hint)

    def inspect(self, spec: DnsRecordSpec) -> Iterable[Problem]:
        """Both values and an alias, or neither, or values that are of another type."""
        if bool(spec.records) == (spec.alias is not None) and is_known(spec.alias):
            hint = "give records, or alias"
            problem = "has values and an alias" if spec.records else "points at nothing"
            yield Problem(code="record", path="records", problem=problem, hint=hint)
        if not is_known(spec.records, spec.type):
            return
        if spec.type == "CNAME" and len(spec.records) > 1:
            problem, hint = f"has {len(spec.records)} values", "give one: a CNAME points at a single name"
            yield Problem(code="record", path="records", problem=problem, hint=hint)
        for index, value in known_items(spec.records):
            if not _is_value(value, spec.type):
                problem, hint = (
                    f"is not the value of a record {spec.type}",
                    f"write it like {EXAMPLES[spec.type]}",
                )
                yield Problem(code="record", path=f"records[{index}]", problem=problem, hint=hint)

    def plan(self, spec: DnsRecordSpec, environment: Environment) -> Mapping[str, Any]:
        """Its name."""
        del environment
        return {"fqdn": spec.name.rstrip(".").lower()}

    def namesake(self, spec: DnsRecordSpec, environment: Environment) -> Namesake | None:
        """A record of this name and type whose place it is not to take."""
        identity = self.identity(spec)
        is_claimed = not spec.allow_overwrite and self._get(identity, environment) is not None
        return Namesake(identity, {}) if is_claimed else None

    def require_free(self, spec: DnsRecordSpec, environment: Environment) -> None:
        """As for others; one with the same values may be of an interrupted run, which the engine recovers."""
        record = self._get(self.identity(spec), environment)
        if record is not None and not spec.allow_overwrite and _is_same(record, spec):
            place = self.place(environment, self.identity(spec))
            environment.warn(f"{place} already exists with these values, and up refuses it; {self.OTHERWISE}")
            return
        super().require_free(spec, environment)

    def create(self, spec: DnsRecordSpec, environment: Environment) -> Created[DnsRecordOutputs]:
        """Create it; with `allow_overwrite` in the place of one that exists.

        Raises:
            Refused: a record of this name and type exists.
        """
        identity = self.identity(spec)
        if (existing := self.namesake(spec, environment)) is not None:
            self.require_mine(existing.tags, identity, environment)
        outputs = DnsRecordOutputs(fqdn=identity.split("/")[1])
        action, change = "UPSERT" if spec.allow_overwrite else "CREATE", None
        try:
            change = self._change(action, _set(spec), identity, environment)
        except OutsideFailure:
            with finishing(identity, outputs):
                record = self._get(identity, environment)
            if record is None or not _is_same(record, spec):
                raise
        with finishing(identity, outputs):
            self._await(change, identity, environment)
        return Created(id=identity, outputs=outputs)

    def read(
        self, identity: str, environment: Environment, recorded: Mapping[str, Any]
    ) -> Found[DnsRecordOutputs] | None:
        """As it is."""
        del recorded
        record = self._get(identity, environment)
        if record is None:
            return None
        zone, name, kind = _parts(identity)
        inputs: dict[str, Any] = {"zoneId": zone, "name": name, "type": kind}
        alias = record.get("AliasTarget")
        if alias:
            target = {"dnsName": alias["DNSName"].rstrip("."), "zoneId": alias["HostedZoneId"]}
            inputs |= {"alias": target, "records": []}
        else:
            values = [item["Value"] for item in record["ResourceRecords"]]
            inputs |= {"ttl": record["TTL"], "records": sorted(values), "alias": None}
        return Found(id=identity, inputs=inputs, outputs=DnsRecordOutputs(fqdn=name))

    def change(self, identity: str, new: DnsRecordSpec, environment: Environment) -> DnsRecordOutputs:
        """Write it again."""
        self._await(self._change("UPSERT", _set(new), identity, environment), identity, environment)
        return DnsRecordOutputs(fqdn=_parts(identity)[1])

    def destroy(self, identity: str, environment: Environment, inputs: Mapping[str, Any]) -> None:
        """Delete its live form, also if it was changed outside."""
        del inputs
        record = self._get(identity, environment)
        if record is not None:
            self._await(self._change("DELETE", record, identity, environment), identity, environment)

    def _get(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        zone, name, kind = _parts(identity)
        place, about = self.place(environment, identity), {"HostedZoneId": zone, "MaxItems": "1"}
        first = {"StartRecordName": name, "StartRecordType": kind}
        answer = environment.aws.seek("route53", "list_resource_record_sets", place, **about, **first)
        for record in (answer or {}).get("ResourceRecordSets", ()):
            if record["Name"].rstrip(".").lower() == name and record["Type"] == kind:
                return dict(record)
        return None

    def _change(
        self, action: str, record: Mapping[str, Any], identity: str, environment: Environment
    ) -> dict[str, Any]:
        """Send one change; Route 53's description of it."""
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        about = {"HostedZoneId": _parts(identity)[0], "ChangeBatch": batch}
        place = self.place(environment, identity)
        answer = environment.aws.call("route53", "change_resource_record_sets", place, **about)
        return dict(answer["ChangeInfo"])

    def _await(self, change: Mapping[str, Any] | None, identity: str, environment: Environment) -> None:
        """Wait until all of Route 53's servers know a change; not for an unanswered one, which is None."""
        aws, place = environment.aws, self.place(environment, identity)
        if change is None or change["Status"] == "INSYNC":
            return

        def look() -> bool | None:
            status = aws.call("route53", "get_change", place, Id=change["Id"])["ChangeInfo"]["Status"]
            return True if status == "INSYNC" else None

        goal = f"{place}: known to all name servers"
        until(look, environment.clock, what=goal, patience=environment.patience(180))


def _parts(identity: str) -> tuple[str, str, str]:
    parts = identity.split("/")
    count = 3
    if len(parts) != count:
        hint = "give <zone id>/<name>/<type>, such as Z0123456789AB/hub.example.org/A"
        problem = "is not the id of a record"
        raise InvalidInput.at(identity, "id", problem, hint)
    return parts[0], parts[1].rstrip(".").lower(), parts[2]


def _set(spec: DnsRecordSpec) -> dict[str, Any]:
    base: dict[str, Any] = {"Name": spec.name, "Type": spec.type}
    if spec.alias is not None:
        target = {"DNSName": spec.alias.dns_name, "HostedZoneId": spec.alias.zone_id}
        return {**base, "AliasTarget": {**target, "EvaluateTargetHealth": False}}
    return {**base, "TTL": spec.ttl, "ResourceRecords": [{"Value": value} for value in sorted(spec.records)]}


def _is_same(live: Mapping[str, Any], spec: DnsRecordSpec) -> bool:
    new = _set(spec)
    alias, other = live.get("AliasTarget") or {}, new.get("AliasTarget") or {}
    values = [sorted(item["Value"] for item in side.get("ResourceRecords") or ()) for side in (live, new)]
    names = [side.get("DNSName", "").rstrip(".") for side in (alias, other)]
    return values[0] == values[1] and names[0] == names[1] and live.get("TTL") == new.get("TTL")


def _domain(zone: str, environment: Environment) -> str:
    """The domain of a hosted zone; empty where Route 53 does not describe it to this identity."""

    def fetch() -> str:
        try:
            answer = environment.aws.seek("route53", "get_hosted_zone", f"zone {zone}", Id=zone) or {}
        except EdgefleetError:
            return ""
        return str(value_at(answer, "HostedZone.Name") or "").rstrip(".").lower()

    return environment.aws.shared(f"domain of {zone}", fetch)


def _is_value(value: str, kind: Kind) -> bool:
    """Whether Route 53 takes `value` in a record of this type."""
    if kind in _PARTS:
        return re.fullmatch(_PARTS[kind], value) is not None
    try:
        return ip_address(value).version == {"A": 4, "AAAA": 6}[kind]
    except ValueError:
        return False
