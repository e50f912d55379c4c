"""Names of cloud resources, each service's own rule. Pure."""

import re
from collections.abc import Iterable

from edgefleet.errors import Problem

BALANCER = re.compile(r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
"""Names of load balancers and target groups (Elastic Load Balancing API, CreateLoadBalancer)."""
IAM = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
"""Names of roles and instance profiles (IAM API, CreateRole)."""


def balancer_name_problems(name: str) -> Iterable[Problem]:
    """What is wrong with the name of a load balancer or target group."""
    if not BALANCER.fullmatch(name):
        hint = "use 32 letters, digits and hyphens at most, none at the ends, not beginning with internal-"
        yield Problem(code="name", path="name", problem=f"{name!r} is no name that AWS takes", hint=hint)


def iam_name_problems(name: str) -> Iterable[Problem]:
    """What is wrong with the name of a role, an instance profile or a policy."""
    if not IAM.fullmatch(name):
        hint = "use 64 letters, digits and _+=,.@- at most"
        yield Problem(code="name", path="name", problem=f"{name!r} is no name that AWS takes", hint=hint)


def balancer_name(name: str) -> str:
    """`name` shortened to what a load balancer may be called, the end kept."""
    longest = 32
    return name if len(name) <= longest else name[-longest:].strip("-")
