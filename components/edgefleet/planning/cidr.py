"""Blocks of addresses of cloud networks: what AWS takes, and which overlap. Pure."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, ip_network
from itertools import combinations

from edgefleet.errors import Problem

WIDEST, NARROWEST = 16, 28
"""Prefix lengths of the largest and the smallest block (VPC user guide)."""
HINT = "write a network such as 10.0.0.0/16; AWS takes /16 to /28"


def cidr_problems(path: str, cidr: str) -> Iterable[Problem]:
    """What is wrong with the IPv4 block of a network or subnet (VPC user guide: /16 to /28)."""
    try:
        block = ip_network(cidr)
    except ValueError as error:
        yield Problem(code="cidr", path=path, problem=f"is no network: {error}", hint=HINT)
        return
    if not isinstance(block, IPv4Network) or not WIDEST <= block.prefixlen <= NARROWEST:
        yield Problem(code="cidr", path=path, problem=f"{cidr} is no block that AWS takes", hint=HINT)


def overlaps(blocks: Mapping[str, str]) -> Iterable[Problem]:
    """Each pair of blocks that have addresses in common.

    Args:
        blocks: dict[path of the value -> block], blocks valid.
    """
    networks = {path: ip_network(block) for path, block in blocks.items()}
    for (first, one), (second, other) in combinations(networks.items(), 2):
        if one.version == other.version and one.overlaps(other):
            problem = f"{other} overlaps {first}, which is {one}"
            hint = "give each network addresses of its own; routes could not tell them apart"
            yield Problem(code="overlap", path=second, problem=problem, hint=hint)
