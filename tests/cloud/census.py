"""All that is in the emulated cloud, so that a test can say: nothing was left over."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar

from edgefleet.io.aws import Aws


def _is_alive(each: Mapping[str, Any]) -> bool:
    state = each.get("State")
    name = state.get("Name") if isinstance(state, Mapping) else state
    return name not in {"deleted", "terminated"} and not each.get("IsDefault")


EC2 = {
    "describe_addresses": ("Addresses", "AllocationId"),
    "describe_instances": ("Reservations", "ReservationId"),
    "describe_internet_gateways": ("InternetGateways", "InternetGatewayId"),
    "describe_nat_gateways": ("NatGateways", "NatGatewayId"),
    "describe_network_interfaces": ("NetworkInterfaces", "NetworkInterfaceId"),
    "describe_route_tables": ("RouteTables", "RouteTableId"),
    "describe_security_groups": ("SecurityGroups", "GroupId"),
    "describe_subnets": ("Subnets", "SubnetId"),
    "describe_volumes": ("Volumes", "VolumeId"),
    "describe_vpcs": ("Vpcs", "VpcId"),
}
OTHERS = {
    ("elbv2", "describe_load_balancers"): ("LoadBalancers", "LoadBalancerArn"),
    ("elbv2", "describe_target_groups"): ("TargetGroups", "TargetGroupArn"),
    ("iam", "list_instance_profiles"): ("InstanceProfiles", "Arn"),
    ("iam", "list_roles"): ("Roles", "Arn"),
    ("logs", "describe_log_groups"): ("logGroups", "arn"),
    ("route53", "list_hosted_zones"): ("HostedZones", "Id"),
    ("s3", "list_buckets"): ("Buckets", "Name"),
    ("ssm", "describe_parameters"): ("Parameters", "Name"),
    ("rolesanywhere", "list_trust_anchors"): ("trustAnchors", "trustAnchorArn"),
    ("rolesanywhere", "list_profiles"): ("profiles", "profileArn"),
    ("rolesanywhere", "list_crls"): ("crls", "crlArn"),
}
"""dict[(service, method) -> (list in the answer, name in each)]."""


SERVICES = frozenset({"ec2", "eks", "budgets", *(service for service, _ in OTHERS)})
Census = dict[str, frozenset[str]]
"""dict[service -> names of all that it has]."""


class Recording(Aws):
    """Clients of an account that was empty: a service that none of them called has nothing."""

    called: ClassVar[set[str]] = {"ec2"}
    """Services that were called, and EC2, which has a default network."""

    def client(self, service: str) -> Any:
        """Record the service."""
        self.called.add(service)
        return super().client(service)


def census(aws: Aws) -> frozenset[str]:
    """Names of all that is there, but what every account has."""
    services = aws.called if isinstance(aws, Recording) else SERVICES
    return frozenset().union(*by_service(aws, services).values())


def by_service(aws: Aws, services: Collection[str] = SERVICES) -> Census:
    """The same for each of `services`."""
    return {service: frozenset(_all(aws, service)) for service in SERVICES.intersection(services)}


def _all(aws: Aws, service: str) -> Iterator[str]:
    client = aws.client(service)
    for (of, method), (answer, name) in OTHERS.items():
        if of == service:
            yield from (each[name] for each in getattr(client, method)()[answer])
    match service:
        case "ec2":
            yield from _network_and_machines(aws)
        case "iam":
            yield from (each["Arn"] for each in client.list_policies(Scope="Local")["Policies"])
        case "eks":
            yield from client.list_clusters()["clusters"]
        case "s3":
            yield from _versions(aws)
        case "budgets":
            budgets = client.describe_budgets(AccountId=aws.account).get("Budgets", ())
            yield from (each["BudgetName"] for each in budgets)


def _network_and_machines(aws: Aws) -> Iterator[str]:
    ec2 = aws.client("ec2")
    for method, (answer, name) in EC2.items():
        found = getattr(ec2, method)()[answer]
        if method == "describe_instances":
            found = [one | {name: one["InstanceId"]} for each in found for one in each["Instances"]]
        yield from (each[name] for each in found if _is_alive(each))


def _versions(aws: Aws) -> Iterator[str]:
    """Versions of objects, also those that nobody sees any more."""
    for bucket in aws.s3.list_buckets()["Buckets"]:
        found = aws.s3.list_object_versions(Bucket=bucket["Name"])
        yield from (
            f"{bucket['Name']}/{each['Key']} {each['VersionId']}" for each in found.get("Versions", ())
        )
