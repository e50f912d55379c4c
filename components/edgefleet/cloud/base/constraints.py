"""AWS's constraints on names, blocks of addresses, tags and numbers, as types of fields. Pure."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Annotated

from pydantic import Field

from edgefleet.errors import Problem
from edgefleet.io.ownership import MANAGED, PREFIX, digest
from edgefleet.model.paths import format_path
from edgefleet.model.syntax import Grammar, checked, wrong

MOST_TAGS = 40
"""Tags that a resource may declare; AWS takes 50, of which edgefleet sets up to 6."""
LONGEST_BALANCER, LONGEST_ROLE = 32, 64


def _block(cidr: str) -> str:
    """An IPv4 block of a network or subnet (VPC user guide: /16 to /28)."""
    hint, widest, narrowest = "write a network such as 10.0.0.0/16; AWS takes /16 to /28", 16, 28
    try:
        block = ip_network(cidr)
    except ValueError as error:
        raise wrong("cidr", f"is not a network: {error}", hint) from error
    if not isinstance(block, IPv4Network) or not widest <= block.prefixlen <= narrowest:
        raise wrong("cidr", f"{cidr} is not a block that AWS takes", hint)
    return cidr


Block = Annotated[str, checked(_block)]
"""A block of IPv4 addresses, from /16 to /28."""
_BALANCER_NAME = Grammar(
    r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?",
    "name",
    "a name that AWS takes",
    "use 32 letters, digits and hyphens at most, none at the ends, not beginning with internal-",
)
BalancerName = Annotated[str, _BALANCER_NAME]
"""Name of a load balancer or target group (Elastic Load Balancing API, CreateLoadBalancer)."""
_IAM_NAME = Grammar(
    r"[A-Za-z0-9_+=,.@-]{1,64}",
    "name",
    "a name that AWS takes",
    "use 64 letters, digits and _+=,.@- at most",
)
IamName = Annotated[str, _IAM_NAME]
"""Name of a role or instance profile (IAM API, CreateRole)."""
Port = Annotated[int, Field(ge=1, le=65_535)]


def shortened(name: str, longest: int) -> str:
    """`name`, or its beginning and a digest of all of it where it has more than `longest` characters.

    A name that is only cut collides with that of another fleet or region of the account.
    """
    if len(name) <= longest:
        return name
    mark = digest(name)[:8]
    return f"{name[: longest - len(mark) - 1].rstrip('-')}-{mark}"


def tag_problems(tags: Mapping[str, str]) -> Iterator[Problem]:
    """Tags that AWS refuses, or that edgefleet sets."""
    longest_key, longest_value = 128, 256
    for key, value in tags.items():
        problem = hint = ""
        if key.startswith(PREFIX) or (key == MANAGED[0] and value != MANAGED[1]):
            problem = "is edgefleet's own tag"
            hint = "choose another key; edgefleet uses this one to track ownership"
        elif key.lower().startswith("aws:"):
            problem, hint = "begins with aws:", "choose another key; these are AWS's"
        elif not 0 < len(key) <= longest_key or len(value) > longest_value:
            problem = "is too long or empty"
            hint = f"keys have 1 to {longest_key} characters, values {longest_value} at most"
        if problem:
            yield Problem(code="tag", path=format_path(("tags", key)), problem=problem, hint=hint)
    if len(tags) > MOST_TAGS:
        hint = f"use {MOST_TAGS} at most; AWS takes 50, and edgefleet needs some"
        yield Problem(code="tag", path="tags", problem=f"has {len(tags)} tags", hint=hint)
