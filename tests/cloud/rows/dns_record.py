"""Row of `DnsRecord`."""

from typing import Any

from tests.cloud.rows.row import Row

from edgefleet.cloud.dns_record import DnsRecord
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    made = aws.client("route53").create_hosted_zone(Name="hub.example", CallerReference="row")
    return {"zone": made["HostedZone"]["Id"].rpartition("/")[2]}


def change(aws: Aws, identity: str, action: str, values: list[str]) -> None:
    zone, name, kind = identity.split("/")
    record: dict[str, Any] = {"Name": name, "Type": kind, "TTL": 60}
    record["ResourceRecords"] = [{"Value": value} for value in values]
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    aws.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


ROW = Row(
    resource=DnsRecord(),
    needs=needs,
    inputs=lambda made: {
        "zoneId": made["zone"],
        "name": "api.hub.example",
        "records": ["10.9.1.4", "10.9.1.3"],
    },
    changed=lambda made: {
        "zoneId": made["zone"],
        "name": "api.hub.example",
        "records": ["10.9.1.5"],
        "ttl": 300,
    },
    drift=lambda aws, identity: change(aws, identity, "UPSERT", ["192.0.2.1"]),
    remove=lambda aws, identity: change(aws, identity, "DELETE", ["10.9.1.3", "10.9.1.4"]),
)
