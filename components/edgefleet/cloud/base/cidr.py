"""Blocks of addresses of cloud networks: what AWS takes. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Network, ip_network

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
