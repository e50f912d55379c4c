"""EC2's ways of tagging, finding and describing, the same for all that it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgefleet.errors import EdgefleetError
from edgefleet.io.aws import Aws
from edgefleet.io.environment import Environment
from edgefleet.io.ownership import GENERATION, URN, digest
from edgefleet.io.tagging import EC2, as_list


@dataclass(frozen=True, slots=True)
class Ec2Kind:
    """How EC2 names one kind."""

    type: str
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


def find(environment: Environment, kind: Ec2Kind, place: str) -> dict[str, Any] | None:
    """The resource that an earlier run made without receiving the answer; None where there is none.

    Raises:
        Refused: another stack of the same name has created it.
    """
    owner = environment.owner
    if owner is None:
        return None
    filters = [
        {"Name": f"tag:{URN}", "Values": [owner.urn]},
        {"Name": f"tag:{GENERATION}", "Values": [owner.generation]},
    ]
    answer = environment.aws.call("ec2", kind.describe, place, Filters=filters)[kind.answer]
    for described in answer:
        if _is_alive(described) and owner.is_mine(EC2.parsed(described.get("Tags")), place):
            return dict(described)
    return None


def get(aws: Aws, kind: Ec2Kind, identity: str) -> dict[str, Any] | None:
    """The current description of `identity`, None where it is gone; requested together with others."""

    def fetch(identities: list[str]) -> dict[str, dict[str, Any]]:
        filters = [{"Name": kind.filter, "Values": identities}]
        place = f"{kind.type} {', '.join(identities)}"
        answers = aws.pages("ec2", kind.describe, place, key=kind.answer, Filters=filters)
        return {each[kind.id]: each for each in answers if _is_alive(each)}

    return aws.batcher(kind.describe, fetch).get(identity)


def interfaces(aws: Aws, name: str, identity: str) -> list[str]:
    """The network interfaces that are still there: ``eni-0a1b (ELB net/hub)``.

    Args:
        aws: where to ask.
        name: the filter, ``vpc-id``, ``subnet-id`` or ``group-id``.
        identity: its value.
    """
    filters = [{"Name": name, "Values": [identity]}]
    answer = aws.call("ec2", "describe_network_interfaces", identity, Filters=filters)
    return [
        f"{each['NetworkInterfaceId']} ({each.get('Description') or each.get('InterfaceType', 'interface')})"
        for each in answer["NetworkInterfaces"]
    ]


def _is_alive(described: Mapping[str, Any]) -> bool:
    """Whether it is there; EC2 goes on describing some things for an hour after they are gone."""
    return described.get("State") not in {"deleted", "deleting", "failed"}


def client_token(environment: Environment) -> str | None:
    """The token by which EC2 takes a second call for the first; None while an equal one is being replaced."""
    owner = environment.owner
    if owner is None or not owner.may_exist:
        return None
    return digest(f"{owner.urn}/{owner.generation}/{owner.holder}")


def zones(aws: Aws) -> tuple[str, ...]:
    """Names of the availability zones of the region; none where AWS does not list them to this identity."""

    def fetch() -> tuple[str, ...]:
        try:
            answer = aws.call("ec2", "describe_availability_zones", f"zones of {aws.region}")
        except EdgefleetError:
            return ()
        return tuple(sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"]))

    return aws.shared("zones", fetch)
