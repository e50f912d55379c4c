"""AWS's constraints on names, ids, addresses and numbers, as types of fields. Pure.

What AWS's own models of its APIs state comes from there (`Api`); this module has what only their
documentation states, without quotas (`quotas`). A list of values that AWS extends (instance types, kinds of
machine images) is not checked, as an older edgefleet would refuse new ones.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from edgefleet.cloud.base.api_limits import LIMITS
from edgefleet.cloud.base.policy_documents import compact
from edgefleet.io.archives import compressed
from edgefleet.io.ownership import digest
from edgefleet.model.hub import BALANCER_HINT, BALANCER_RE
from edgefleet.model.spec import Canonical
from edgefleet.model.syntax import Grammar, checked, shown, wrong

LONGEST_BALANCER, LONGEST_ROLE = 32, 64


class Api:
    """Marker in an annotation: the constraints that AWS's model of an API has for the parameter at `path`.

    `make schema` writes them to `api_limits` for all paths that stand in specs: ``iam.CreateRole.RoleName``.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def check(self, value: Any) -> Any:
        """`value`, a text, a number or a list.

        Raises:
            PydanticCustomError: AWS refuses it.
        """
        least, most, pattern = LIMITS[self.path]
        size = value if isinstance(value, int | float) else len(value)
        is_in = (least is None or size >= least) and (most is None or size <= most)
        if is_in and (not pattern or re.fullmatch(pattern, value, re.ASCII)):
            return value
        service, operation, *_ = self.path.split(".")
        unit = " characters" if isinstance(value, str) else "" if isinstance(value, int | float) else " items"
        limits = f"{least or 0:,} to {most:,}{unit}" if most is not None else f"{least or 0} or more{unit}"
        form = f" of the form {pattern}" if pattern else ""
        problem = (
            f"{shown(value)} is not what AWS takes" if isinstance(value, str) else "is not what AWS takes"
        )
        raise wrong("aws-limit", problem, f"use {limits}{form} ({service} API, {operation})")

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate after the type."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The type's; the limits of a text are no part of Pulumi's schema."""
        return handler(schema)


def _network(version: int, widest: int, narrowest: int) -> Callable[[str], str]:
    example = "10.0.0.0/16" if version == 4 else "fd00::/8"  # noqa: PLR2004 - an IP version

    def check(cidr: str) -> str:
        limits = f"; AWS takes /{widest} to /{narrowest}" if widest else ""
        hint = f"write a network such as {example}{limits}"
        try:
            block: IPv4Network | IPv6Network = ip_network(cidr)
        except ValueError as error:
            raise wrong("cidr", f"is not a network: {error}", hint) from error
        if block.version != version:
            raise wrong("cidr", f"{cidr} is of the other family", hint)
        if not widest <= block.prefixlen <= narrowest:
            raise wrong("cidr", f"{cidr} is not a block that AWS takes", hint)
        return cidr

    return check


Block = Annotated[str, checked(_network(4, 16, 28))]
"""A block of IPv4 addresses of a network or subnet, from /16 to /28 (VPC user guide)."""
Cidr4 = Annotated[str, checked(_network(4, 0, 32))]
Cidr6 = Annotated[str, checked(_network(6, 0, 128))]


def _ec2_id(*kinds: str) -> Grammar:
    example = f"{kinds[0]}-0a1b2c3d4e5f67890"
    pattern = rf"({'|'.join(kinds)})-([0-9a-f]{{8}}|[0-9a-f]{{17}})"
    return Grammar(pattern, "bad-id", f"an id such as {example}", "AWS's console shows it", 40)


_VPC, _SUBNET, _GROUP, _ADDRESS = _ec2_id("vpc"), _ec2_id("subnet"), _ec2_id("sg"), _ec2_id("eipalloc")
VpcId = Annotated[str, _VPC]
SubnetId = Annotated[str, _SUBNET]
GroupId = Annotated[str, _GROUP]
AddressId = Annotated[str, _ADDRESS]
_GATEWAY, _NAT, _INTERFACE = _ec2_id("igw", "vgw"), _ec2_id("nat"), _ec2_id("eni")
GatewayId = Annotated[str, _GATEWAY]
NatId = Annotated[str, _NAT]
InterfaceId = Annotated[str, _INTERFACE]
_PEERING, _TRANSIT, _PREFIX_LIST, _IMAGE = _ec2_id("pcx"), _ec2_id("tgw"), _ec2_id("pl"), _ec2_id("ami")
PeeringId = Annotated[str, _PEERING]
TransitId = Annotated[str, _TRANSIT]
PrefixListId = Annotated[str, _PREFIX_LIST]
ImageId = Annotated[str, _IMAGE]
_ARN = Grammar(
    r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws|):[!-~]+",
    "bad-arn",
    "an Amazon Resource Name",
    "write it like arn:aws:iam::123456789012:role/hub",
    2048,
)
Arn = Annotated[str, _ARN]
_KEY = Grammar(
    r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/[A-Za-z0-9/_-]+",
    "bad-key",
    "the ARN of a KMS key",
    "write it like arn:aws:kms:eu-central-1:123456789012:key/...; `aws kms list-keys` shows it",
    2048,
)
KeyArn = Annotated[str, _KEY]
_ZONE = Grammar(
    r"[a-z]{2}(-[a-z0-9]+)+",
    "bad-zone",
    "an availability zone",
    "write its whole name, eu-central-1a; `aws ec2 describe-availability-zones` lists them",
    60,
)
Zone = Annotated[str, _ZONE]
_TARGETS_NAME = Grammar(BALANCER_RE, "name", "a name that AWS takes", BALANCER_HINT)
TargetGroupName = Annotated[str, _TARGETS_NAME]
"""Name of a target group (Elastic Load Balancing API, CreateTargetGroup)."""
_RULE_GROUP = Grammar(
    f"self|{_GROUP.pattern}", "bad-id", "an id such as sg-0a1b2c3d4e5f67890", "or write self", 40
)
RuleGroup = Annotated[str, _RULE_GROUP]
_GROUP_TEXT = r"[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]"
_GROUP_HINT = "use 255 characters at most: letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"
_GROUP_NAME = Grammar(
    rf"(?!sg-){_GROUP_TEXT}{{1,255}}", "name", "a name that EC2 takes", f"{_GROUP_HINT}, not sg-..."
)
GroupName = Annotated[str, _GROUP_NAME]
"""Name of a security group (EC2 API, CreateSecurityGroup)."""
_GROUP_DESCRIPTION = Grammar(
    f"{_GROUP_TEXT}{{1,255}}", "text", "a description that EC2 takes", _GROUP_HINT, 255
)
GroupDescription = Annotated[str, _GROUP_DESCRIPTION]
_RULE_DESCRIPTION = Grammar(
    f"{_GROUP_TEXT}{{0,255}}", "text", "a description that EC2 takes", _GROUP_HINT, 255
)
RuleDescription = Annotated[str, _RULE_DESCRIPTION]
_PARAMETER_NAME = Grammar(
    r"(?!/?([Aa][Ww][Ss]|[Ss][Ss][Mm]))(/[A-Za-z0-9_.-]+){1,15}|(?!([Aa][Ww][Ss]|[Ss][Ss][Mm]))[A-Za-z0-9_.-]+",
    "name",
    "a name of a parameter",
    "write 15 parts at most of letters, digits and _.-, such as /retail/hub/token; not aws... or ssm...",
    900,  # AWS counts the ARN before it in its 1,011
)
ParameterName = Annotated[str, _PARAMETER_NAME]
"""Name of a parameter (Systems Manager API, PutParameter)."""
_BUDGET_NAME = Grammar(
    r"(?!.*/action/)[^:\\<>]+", "name", "a name of a budget", "use 100 characters at most, none of :\\<>", 100
)
BudgetName = Annotated[str, _BUDGET_NAME]
"""Name of a budget (Budgets API, CreateBudget)."""
_LOG_GROUP = Grammar(
    r"(?!aws/)[A-Za-z0-9._/#-]+",
    "name",
    "a name of a log group",
    "use 512 letters, digits and ._-/# at most, not aws/...",
    512,
)
LogGroupName = Annotated[str, _LOG_GROUP]
"""Name of a log group (CloudWatch Logs API, CreateLogGroup)."""
_ZONE_ID = Grammar(
    "[A-Z0-9]{4,32}",
    "bad-zone-id",
    "the id of a hosted zone",
    "write it like Z0123456789AB; `aws route53 list-hosted-zones` shows it",
    32,
)
ZoneId = Annotated[str, _ZONE_ID]
_DNS_LABEL = r"[A-Za-z0-9_*\\/-]{1,63}"
_DNS_NAME = Grammar(
    rf"{_DNS_LABEL}(\.{_DNS_LABEL})*\.?",
    "name",
    "a domain name",
    "write one such as hub.example.org; a part has 63 characters at most, the whole 255",
    255,
)
DnsName = Annotated[str, _DNS_NAME, Canonical(lambda name: str(name).rstrip(".").lower())]
"""Name of a record (Route 53 developer guide, DNS domain name format)."""
_HEADER = Grammar(r"[ -~]+", "header", "a value of an HTTP header", "use printable ASCII characters", 1024)
Header = Annotated[str, _HEADER]
_HEADER_NAME = Grammar(
    r"[a-z0-9!#$%&'*+.^_`|~-]+", "metadata", "a name of metadata", "use lower case without blanks", 128
)
HeaderName = Annotated[str, _HEADER_NAME]
_PROTOCOL = Grammar(
    r"tcp|udp|icmp|icmpv6|-1|1?\d?\d|2[0-4]\d|25[0-5]",
    "protocol",
    "a protocol",
    "write tcp, udp, icmp, icmpv6, the number of another one from 0 to 255, or -1 for all",
    6,
)
Protocol = Annotated[str, _PROTOCOL]
_COST_TAG = Grammar(
    r"[\w .:/=+@-]{1,128}\$[\w .:/=+@-]{0,256}",
    "tag",
    "a tag",
    "write key$value, user:team$edge",
    390,
    is_ascii=False,
)
CostTag = Annotated[str, _COST_TAG]
"""Name of a node group (EKS API, CreateNodegroup)."""
_IMAGE_KIND = Grammar(
    "[A-Z0-9][A-Za-z0-9_]+", "image", "a kind of machine image", "write it like AL2023_x86_64_STANDARD", 60
)
MachineImageKind = Annotated[str, _IMAGE_KIND]
GiB = Annotated[int, Field(ge=1, le=65_536)]
RulePort = Annotated[int, Field(ge=-1, le=65_535)]
"""First or last port of a rule, type or code of an ICMP message; -1 for all."""
Port = Annotated[int, Field(ge=1, le=65_535)]
Days = Annotated[int, Field(ge=1, le=2_147_483_647)]
DaysOrNone = Annotated[int, Field(ge=0, le=2_147_483_647)]
"""0 for none: absent is the default, as programs and the code that an import prints hold no null."""


def shortened(name: str, longest: int) -> str:
    """`name`, or its beginning and a digest of all of it where it has more than `longest` characters.

    A name that is only cut collides with that of another fleet or region of the account.
    """
    if len(name) <= longest:
        return name
    mark = digest(name)[:8]
    return f"{name[: longest - len(mark) - 1].rstrip('-')}-{mark}"


def fits(most: int, *, least: int = 0, hint: str = "", sent: Callable[[str], bytes] = str.encode) -> Any:
    """A validator: a text, or a document as JSON, has at most `most` bytes in the form that is `sent`."""

    def check(value: Any) -> Any:
        text = value if isinstance(value, str) else compact(value)
        size = len(sent(text))
        if value is not None and not least <= size <= most:
            more = f": {hint}" if hint else ""
            raise wrong("too-large", f"has {size:,} bytes", f"AWS takes {least:,} to {most:,}{more}")
        return value

    return checked(check)


UserData = Annotated[str, fits(16_384, least=1, hint="put files into the bucket", sent=compressed)]
"""First-boot configuration of an instance, as gzip before base64 (EC2 user guide, user data)."""
