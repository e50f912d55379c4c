"""`DnsRecord` (`edgefleet:aws:DnsRecord`), written by `make schema`, not by hand."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi


class DnsAlias(TypedDict):
    """What an alias record points at."""

    dnsName: pulumi.Input[str]
    """Name of a load balancer or bucket."""
    zoneId: pulumi.Input[str]
    """Hosted zone of that name."""


class DnsRecordArgs(TypedDict):
    """Inputs of a DnsRecord."""

    zoneId: pulumi.Input[str]
    """Id of the hosted zone."""
    name: pulumi.Input[str]
    """Whole name, ``hub.example.org``."""
    type: NotRequired[pulumi.Input[str] | None]
    """Type of the record. One of: A, AAAA, CNAME, TXT, SRV."""
    ttl: NotRequired[pulumi.Input[int] | None]
    """Seconds that others may keep it; an alias has none of its own."""
    records: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Values."""
    alias: NotRequired[pulumi.Input[DnsAlias] | None]
    """What it points at in the place of values."""
    allowOverwrite: NotRequired[pulumi.Input[bool] | None]
    """Take the place of a record of this name that exists."""


class DnsRecord(pulumi.CustomResource):
    """A name in a hosted zone (Route 53 API, ChangeResourceRecordSets). Records have no tags."""

    fqdn: pulumi.Output[str]
    """The whole name."""

    def __init__(self, name: str, args: DnsRecordArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:DnsRecord", name, {"fqdn": None, **args}, opts)
