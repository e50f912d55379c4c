"""EC2's ways of tagging, finding and describing, the same for all that it has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edgefleet.io.aws import Aws
from edgefleet.io.environment import Outside
from edgefleet.io.ownership import GENERATION, URN, digest


@dataclass(frozen=True, slots=True)
class Thing:
    """How EC2 speaks of one kind of thing."""

    kind: str
    """Type in tag specifications, ``vpc``."""
    describe: str
    """boto3's method, ``describe_vpcs``."""
    answer: str
    """Where its answer has the list, ``Vpcs``."""
    id: str
    """Where each has its id, ``VpcId``."""
    filter: str
    """Name of the filter by id, ``vpc-id``: unlike a list of ids it is no error where one is gone."""


def tagged(kind: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Tag specifications of a call that makes a `kind`."""
    return [{"ResourceType": kind, "Tags": as_list(tags)}]


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as AWS's lists have them, in order of keys."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def as_dict(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """dict[key -> value] of AWS's list."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def find(outside: Outside, thing: Thing, place: str) -> dict[str, Any] | None:
    """The thing that an earlier run made for this very resource without hearing so; None where there is none.

    Raises:
        Refused: another stack of the same name has made it.
    """
    owner = outside.owner
    if owner is None:
        return None
    filters = [
        {"Name": f"tag:{URN}", "Values": [owner.urn]},
        {"Name": f"tag:{GENERATION}", "Values": [owner.generation]},
    ]
    found = outside.aws.call("ec2", thing.describe, place, Filters=filters)[thing.answer]
    return next((each for each in found if _is_alive(each) and owner.is_mine(tags_of(each), place)), None)


def get(aws: Aws, thing: Thing, identity: str) -> dict[str, Any] | None:
    """The thing of id `identity` as it is now, None where it is gone; asked together with others."""

    def fetch(identities: list[str]) -> dict[str, dict[str, Any]]:
        filters = [{"Name": thing.filter, "Values": identities}]
        place = f"{thing.kind} {', '.join(identities)}"
        found = aws.pages("ec2", thing.describe, place, key=thing.answer, Filters=filters)
        return {each[thing.id]: each for each in found if _is_alive(each)}

    return aws.batcher(thing.describe, fetch).get(identity)


def set_tags(aws: Aws, identity: str, *, live: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Make the tags of `identity` those in `wanted`; only what differs is sent."""
    changed = {key: value for key, value in wanted.items() if live.get(key) != value}
    gone = sorted(key for key in live if key not in wanted and not key.startswith("aws:"))
    if changed:
        aws.call("ec2", "create_tags", identity, Resources=[identity], Tags=as_list(changed))
    if gone:
        aws.call("ec2", "delete_tags", identity, Resources=[identity], Tags=[{"Key": key} for key in gone])


def tags_of(described: Mapping[str, Any]) -> dict[str, str]:
    """dict[key -> value] of something as EC2 describes it."""
    return as_dict(described.get("Tags") or described.get("TagSet"))


def interfaces(aws: Aws, name: str, identity: str) -> list[str]:
    """What still has a network interface there: ``eni-0a1b (ELB net/hub)``.

    Args:
        aws: where to ask.
        name: the filter, ``vpc-id``, ``subnet-id`` or ``group-id``.
        identity: its value.
    """
    filters = [{"Name": name, "Values": [identity]}]
    found = aws.call("ec2", "describe_network_interfaces", identity, Filters=filters)
    return [
        f"{each['NetworkInterfaceId']} ({each.get('Description') or each.get('InterfaceType', 'interface')})"
        for each in found["NetworkInterfaces"]
    ]


def _is_alive(described: Mapping[str, Any]) -> bool:
    """Whether it is there; EC2 goes on describing some things for an hour after they are gone."""
    return described.get("State") not in {"deleted", "deleting", "failed"}


def client_token(outside: Outside) -> str | None:
    """The token by which EC2 takes a second call for the first; None while an equal one is being replaced."""
    owner = outside.owner
    if owner is None or not owner.may_exist:
        return None
    return digest(f"{owner.urn}/{owner.generation}/{owner.holder}")
