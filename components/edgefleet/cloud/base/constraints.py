"""AWS's constraints on names, blocks of addresses, tags and numbers. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, ip_network

from edgefleet.errors import Problem
from edgefleet.io.ownership import MANAGED, PREFIX
from edgefleet.model.paths import format_path

WIDEST, NARROWEST = 16, 28
"""Prefix lengths of the largest and the smallest block (VPC user guide)."""
CIDR_HINT = "write a network such as 10.0.0.0/16; AWS takes /16 to /28"
BALANCER = re.compile(r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
"""Names of load balancers and target groups (Elastic Load Balancing API, CreateLoadBalancer)."""
IAM = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
"""Names of roles and instance profiles (IAM API, CreateRole)."""
MOST_TAGS = 40
"""Tags that a resource may declare; AWS takes 50, of which edgefleet sets up to 6."""


def cidr_problems(path: str, cidr: str) -> Iterable[Problem]:
    """Problems of the IPv4 block of a network or subnet (VPC user guide: /16 to /28)."""
    try:
        block = ip_network(cidr)
    except ValueError as error:
        yield Problem(code="cidr", path=path, problem=f"is not a network: {error}", hint=CIDR_HINT)
        return
    if not isinstance(block, IPv4Network) or not WIDEST <= block.prefixlen <= NARROWEST:
        yield Problem(code="cidr", path=path, problem=f"{cidr} is not a block that AWS takes", hint=CIDR_HINT)


def balancer_name_problems(name: str) -> Iterable[Problem]:
    """Problems of the name of a load balancer or target group."""
    if not BALANCER.fullmatch(name):
        hint = "use 32 letters, digits and hyphens at most, none at the ends, not beginning with internal-"
        yield Problem(code="name", path="name", problem=f"{name!r} is not a name that AWS takes", hint=hint)


def iam_name_problems(name: str) -> Iterable[Problem]:
    """Problems of the name of a role, an instance profile or a policy."""
    if not IAM.fullmatch(name):
        hint = "use 64 letters, digits and _+=,.@- at most"
        yield Problem(code="name", path="name", problem=f"{name!r} is not a name that AWS takes", hint=hint)


def balancer_name(name: str) -> str:
    """`name` shortened to a valid load balancer name, with its end."""
    longest = 32
    return name if len(name) <= longest else name[-longest:].strip("-")


def tag_problems(tags: Mapping[str, str]) -> Iterator[Problem]:
    """Tags that AWS refuses, or that edgefleet sets."""
    longest_key, longest_value = 128, 256
    for key, value in tags.items():
        path = format_path(("tags", key))
        if key.startswith(PREFIX) or (key == MANAGED[0] and value != MANAGED[1]):
            hint = "choose another key; edgefleet uses this one to track ownership"
            yield Problem(code="tag", path=path, problem="is edgefleet's own tag", hint=hint)
        elif key.lower().startswith("aws:"):
            yield Problem(
                code="tag", path=path, problem="begins with aws:", hint="choose another key; these are AWS's"
            )
        elif not 0 < len(key) <= longest_key or len(value) > longest_value:
            hint = f"keys have 1 to {longest_key} characters, values {longest_value} at most"
            yield Problem(code="tag", path=path, problem="is too long or empty", hint=hint)
    if len(tags) > MOST_TAGS:
        problem, hint = (
            f"has {len(tags)} tags",
            f"use {MOST_TAGS} at most; AWS takes 50, and edgefleet needs some",
        )
        yield Problem(code="tag", path="tags", problem=problem, hint=hint)


def range_problems(path: str, value: int, least: int, most: int) -> Iterator[Problem]:
    """Problems of a number that must be from `least` to `most`."""
    if not least <= value <= most:
        hint = f"write {least} to {most}"
        yield Problem(code="range", path=path, problem=f"{value} is out of range", hint=hint)
