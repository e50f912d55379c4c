"""`SecurityGroup` (`edgefleet:aws:SecurityGroup`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class SecurityRule(TypedDict):
    """One rule: a protocol, ports, and one source or destination."""

    protocol: NotRequired[pulumi.Input[str] | None]
    """``tcp``, ``udp``, ``icmp``, ``icmpv6``, the number of another one, or ``-1`` for all."""
    fromPort: NotRequired[pulumi.Input[int] | None]
    """First port; absent for all ports of the protocol."""
    toPort: NotRequired[pulumi.Input[int] | None]
    """Last port; the first one where it is absent."""
    cidr: NotRequired[pulumi.Input[str] | None]
    """IPv4 network, ``10.0.0.0/16``."""
    cidr6: NotRequired[pulumi.Input[str] | None]
    """IPv6 network, ``fd00::/8``."""
    securityGroup: NotRequired[pulumi.Input[str] | None]
    """Id of a security group; ``self`` for this one."""
    prefixList: NotRequired[pulumi.Input[str] | None]
    """Id of a prefix list."""
    description: NotRequired[pulumi.Input[str] | None]
    """What it is for."""


class SecurityGroupArgs(TypedDict):
    """Inputs of a SecurityGroup."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    vpcId: pulumi.Input[str]
    """Id of the network."""
    name: pulumi.Input[str]
    """Name, unique in the network."""
    description: NotRequired[pulumi.Input[str] | None]
    """What it is for; AWS lets nobody change it."""
    ingress: NotRequired[pulumi.Input[Sequence[pulumi.Input[SecurityRule]]] | None]
    """Who may reach it; nobody where there is none."""
    egress: NotRequired[pulumi.Input[Sequence[pulumi.Input[SecurityRule]]] | None]
    """Whom it may reach; nobody where there is none (AWS's own allow-all rule is taken away)."""


class SecurityGroup(pulumi.CustomResource):
    """Who may reach a machine, and whom it may reach (EC2 API, CreateSecurityGroup)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(
        self, name: str, args: SecurityGroupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("edgefleet:aws:SecurityGroup", name, {"arn": None, **args}, opts)
