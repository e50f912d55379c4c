"""`edgefleet:aws:SecurityGroup`: who may reach a machine, and whom it may reach."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, replace
from typing import Annotated, Any

from edgefleet.cloud.base import RENAME, ArnOutputs, Described, Ec2Resource, Ec2Tagged, Namesake, Table
from edgefleet.cloud.base.constraints import (
    Cidr4,
    Cidr6,
    GroupDescription,
    GroupName,
    PrefixListId,
    Protocol,
    RuleDescription,
    RuleGroup,
    RulePort,
    VpcId,
)
from edgefleet.cloud.base.quotas import at_most
from edgefleet.errors import EdgefleetError, Problem
from edgefleet.io.aws import error_code
from edgefleet.io.ec2 import Ec2Kind
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import EC2
from edgefleet.model.paths import format_path
from edgefleet.model.spec import Unordered, spec, to_plain
from edgefleet.model.unknown import is_known, known_items

ANY = "-1"
"""The protocol that stands for all."""
SELF = "self"
"""The source that stands for the group itself."""
LAST_PORT = 65_535
EXISTS = frozenset({"InvalidGroup.Duplicate"})
"""EC2's error code where a group of the network has the name."""
SOURCES = ("cidr", "cidr6", "security_group", "prefix_list")


@spec
class SecurityRule:
    """One rule: a protocol, ports, and one source or destination."""

    protocol: Protocol = "tcp"
    """``tcp``, ``udp``, ``icmp``, ``icmpv6``, the number of another one, or ``-1`` for all."""
    from_port: RulePort | None = None
    """First port; absent for all ports of the protocol."""
    to_port: RulePort | None = None
    """Last port; the first one where it is absent."""
    cidr: Cidr4 | None = None
    """IPv4 network, ``10.0.0.0/16``."""
    cidr6: Cidr6 | None = None
    """IPv6 network, ``fd00::/8``."""
    security_group: RuleGroup | None = None
    """Id of a security group; ``self`` for this one."""
    prefix_list: PrefixListId | None = None
    """Id of a prefix list."""
    description: RuleDescription = ""
    """Description."""


@spec
class SecurityGroupSpec(Ec2Tagged):
    """Who may reach a machine, and whom it may reach (EC2 API, CreateSecurityGroup)."""

    vpc_id: VpcId
    """Id of the network."""
    name: GroupName | None = None
    """Name, unique in the network. By default edgefleet chooses one for each replacement."""
    description: GroupDescription = "Managed by edgefleet"
    """Description; AWS does not allow changes to it."""
    ingress: Annotated[tuple[SecurityRule, ...], Unordered(), at_most("rules of a security group")] = ()
    """Sources that may reach it; by default none."""
    egress: Annotated[tuple[SecurityRule, ...], Unordered(), at_most("rules of a security group")] = ()
    """Destinations that it may reach; by default none (AWS's own allow-all rule is removed)."""


class SecurityGroup(Ec2Resource, spec=SecurityGroupSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"vpcId", "name", "description"})
    CLAIMS = ("vpcId", "name")
    HELD = RENAME
    LONGEST_NAME = 64
    PATIENCE = 600.0  # a load balancer releases its interfaces minutes after its deletion
    KIND = Ec2Kind("security-group", "describe_security_groups", "SecurityGroups", "GroupId", "group-id")
    INTERFACES = "group-id"
    TABLE = Table(
        create="create_security_group",
        delete="delete_security_group",
        key="GroupId",
        fields={"vpcId": "VpcId", "name": "GroupName", "description": "Description"},
        settings={
            "ingress": lambda current: _plain(current, "IpPermissions"),
            "egress": lambda current: _plain(current, "IpPermissionsEgress"),
        },
    )

    def inspect(self, spec: SecurityGroupSpec) -> Iterable[Problem]:
        """Rules that EC2 would refuse, each with its place."""
        yield from super().inspect(spec)
        for way in ("ingress", "egress"):
            rules: tuple[SecurityRule, ...] = getattr(spec, way)
            for index, rule in known_items(rules):
                path = format_path((way, index))
                yield from _rule_problems(path, rule)
                if rule in rules[:index] and is_known(*astuple(rule)):
                    yield Problem(code="twice", path=path, problem="already exists", hint="remove it")

    def namesake(self, spec: SecurityGroupSpec, environment: Environment) -> Namesake | None:
        """By network and name."""
        values = {"vpc-id": spec.vpc_id, "group-name": spec.name}
        filters = [{"Name": name, "Values": [value]} for name, value in values.items()]
        place = self.place(environment, str(spec.name))
        listed = environment.aws.call("ec2", self.KIND.describe, place, Filters=filters)[self.KIND.answer]
        return next((Namesake(each["GroupId"], EC2.parsed(each.get("Tags"))) for each in listed), None)

    def make(self, spec: SecurityGroupSpec, environment: Environment, place: str) -> Described:
        """Create it without rules. EC2 answers with its id alone."""
        try:
            made = super().make(spec, environment, place)
        except EdgefleetError as error:
            existing = self.namesake(spec, environment) if error_code(error) in EXISTS else None
            if existing is not None:
                self.require_mine(existing.tags, existing.id, environment)
            raise
        everywhere = [{"IpProtocol": ANY, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        return {"GroupId": made["GroupId"], "IpPermissions": [], "IpPermissionsEgress": everywhere}

    def settle(self, current: Described, spec: SecurityGroupSpec, environment: Environment) -> Described:
        """Remove undeclared rules and add missing ones."""
        identity = current["GroupId"]
        ways = (("ingress", "IpPermissions", spec.ingress), ("egress", "IpPermissionsEgress", spec.egress))
        for way, key, declared in ways:
            live, expected = _rules(current.get(key) or (), identity), set(declared)
            surplus, missing = sorted(live - expected, key=repr), sorted(expected - live, key=repr)
            for action, rules in (("revoke", surplus), ("authorize", missing)):
                if rules:
                    permissions = [_permission(rule, identity) for rule in rules]
                    method = f"{action}_security_group_{way}"
                    self.call(current, environment, method, IpPermissions=permissions)
        return current


def _rule_problems(path: str, rule: SecurityRule) -> Iterable[Problem]:
    given = [name for name in SOURCES if getattr(rule, name) is not None]
    if len(given) != 1:
        hint = "give one of cidr, cidr6, securityGroup and prefixList"
        yield Problem(code="source", path=path, problem=f"has {len(given)} sources", hint=hint)
    ports = (rule.from_port, rule.to_port if rule.to_port is not None else rule.from_port)
    if not is_known(*ports, rule.protocol):
        return
    if rule.protocol == ANY and ports != (None, None):
        hint = "name a protocol, or no ports"
        yield Problem(code="ports", path=path, problem="has ports for all protocols", hint=hint)
    elif None in ports and ports != (None, None):
        yield Problem(code="ports", path=path, problem="has a last port only", hint="give fromPort, too")
    elif not all(port is None or -1 <= port <= LAST_PORT for port in ports) or _is_backwards(ports):
        hint = f"fromPort is at most toPort, both from 0 to {LAST_PORT}"
        yield Problem(code="ports", path=path, problem="has an invalid port range", hint=hint)


def _is_backwards(ports: tuple[int | None, int | None]) -> bool:
    first, last = ports
    return first is not None and last is not None and first > last


def _permission(rule: SecurityRule, identity: str) -> dict[str, Any]:
    """A rule as the API has it."""
    described = {"Description": rule.description} if rule.description else {}
    group = identity if rule.security_group == SELF else rule.security_group
    ends = {
        "IpRanges": [{"CidrIp": rule.cidr, **described}] if rule.cidr else [],
        "Ipv6Ranges": [{"CidrIpv6": rule.cidr6, **described}] if rule.cidr6 else [],
        "UserIdGroupPairs": [{"GroupId": group, **described}] if group else [],
        "PrefixListIds": [{"PrefixListId": rule.prefix_list, **described}] if rule.prefix_list else [],
    }
    permission: dict[str, Any] = {key: sources for key, sources in ends.items() if sources}
    permission["IpProtocol"] = rule.protocol
    if rule.protocol != ANY:
        whole = (0, LAST_PORT) if rule.protocol in {"tcp", "udp"} else (-1, -1)
        first = whole[0] if rule.from_port is None else rule.from_port
        last = first if rule.from_port is not None else whole[1]
        permission |= {"FromPort": first, "ToPort": last if rule.to_port is None else rule.to_port}
    return permission


def _rules(permissions: Iterable[Mapping[str, Any]], identity: str) -> set[SecurityRule]:
    """The API's permissions as rules of one source each."""
    keys = (
        ("IpRanges", "CidrIp", "cidr"),
        ("Ipv6Ranges", "CidrIpv6", "cidr6"),
        ("UserIdGroupPairs", "GroupId", "security_group"),
        ("PrefixListIds", "PrefixListId", "prefix_list"),
    )
    rules = set()
    for permission in permissions:
        first, last = _ports(permission)
        for listed, key, name in keys:
            for end in permission.get(listed) or ():
                value = SELF if name == "security_group" and end[key] == identity else end[key]
                rule = SecurityRule(
                    protocol=permission["IpProtocol"],
                    from_port=first,
                    to_port=last,
                    description=end.get("Description") or "",
                )
                ends: dict[str, Any] = {name: value}
                rules.add(replace(rule, **ends))
    return rules


def _ports(permission: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Ports as declared: none for all, one if both are the same."""
    first, last = permission.get("FromPort"), permission.get("ToPort")
    if permission["IpProtocol"] == ANY or (first, last) in {(0, LAST_PORT), (-1, -1), (None, None)}:
        return None, None
    return first, None if last == first else last


def _plain(current: Described, key: str) -> list[dict[str, Any]]:
    return [to_plain(rule) for rule in sorted(_rules(current[key], current["GroupId"]), key=repr)]
