"""What somebody made by hand is taken over only where the program asks for it.

Source: hashicorp/terraform-provider-aws#3895 and #4493 (a record made in the console is overwritten without
a word), terraform-aws-modules/terraform-aws-acm#84 (a record that was there before is removed with the
stack), pulumi/pulumi-github#744 (the provider's "courtesy import" ends in a deletion).
"""

from typing import Any

import pytest

IMPORTS = "from edgefleet.fleet.aws import DnsRecord, LogGroup\n"


def zone_of(stack: Any) -> str:
    """A zone with a record that somebody made."""
    route53 = stack.cloud.aws().client("route53")
    made = route53.create_hosted_zone(Name="hub.example", CallerReference="1")["HostedZone"]["Id"]
    record = {"Name": "api.hub.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=made, ChangeBatch=batch)
    return str(made.rpartition("/")[2])


def values(stack: Any, zone: str) -> list[str]:
    """Values of the record that is there."""
    listed = stack.cloud.aws().client("route53").list_resource_record_sets(HostedZoneId=zone)
    records = [record for record in listed["ResourceRecordSets"] if record["Type"] == "A"]
    return [item["Value"] for record in records for item in record["ResourceRecords"]]


def record(zone: str, **changes: Any) -> str:
    inputs = {"zoneId": zone, "name": "api.hub.example", "records": ["192.0.2.1"], **changes}
    return f"{IMPORTS}DnsRecord('api', {inputs!r})\n"


@pytest.mark.parametrize("records", [["192.0.2.1"], ["192.0.2.7"]], ids=["equal", "other"])
def test_a_record_made_by_hand_is_refused(stack: Any, records: list[str]) -> None:
    """Also one with equal values: nothing shows whose it is. The destroy leaves it."""
    zone = zone_of(stack)
    program = record(zone, records=records)
    assert "already exists" in stack.preview(program).text
    run = stack.up(program)
    assert "failed" == run.result
    assert "edgefleet did not create it" in run.text
    assert "allowOverwrite" in run.text
    assert "succeeded" == stack.destroy().result
    assert ["192.0.2.1"] == values(stack, zone)


def test_a_record_is_taken_over_where_the_program_asks_for_it(stack: Any) -> None:
    """It is the stack's own from then on."""
    zone = zone_of(stack)
    run = stack.up(record(zone, records=["192.0.2.7"], allowOverwrite=True))
    assert "succeeded" == run.result, run.text
    assert ["192.0.2.7"] == values(stack, zone)
    assert "succeeded" == stack.destroy().result
    assert [] == values(stack, zone)


def test_a_log_group_that_aws_made_is_refused_then_imported(stack: Any) -> None:
    """Such as those of EKS; preview and up refuse it in the same words, an import takes it."""
    logs, name = stack.cloud.aws().client("logs"), "/retail/eks/cluster"
    logs.create_log_group(logGroupName=name)
    inputs = {"name": name, "retentionDays": 7}
    program = f"{IMPORTS}LogGroup('logs', {inputs!r}"
    for run in (stack.preview(f"{program})\n"), stack.up(f"{program})\n")):
        assert "failed" == run.result
        assert "already exists, and edgefleet did not create it; import it" in run.text
    assert "succeeded" == stack.up(f"{program}, pulumi.ResourceOptions(import_={name!r}))\n").result
    (group,) = logs.describe_log_groups()["logGroups"]
    assert 7 == group["retentionInDays"]


def test_an_import_that_would_be_replaced_is_refused(stack: Any) -> None:
    """The replacement would delete what was just imported."""
    logs = stack.cloud.aws().client("logs")
    logs.create_log_group(logGroupName="/retail/logs")
    options = "pulumi.ResourceOptions(import_='/retail/logs')"
    program = f"{IMPORTS}LogGroup('logs', {{'name': '/retail/log'}}, {options})\n"
    for run in (stack.preview(program), stack.up(program)):
        assert "failed" == run.result
        assert "would be replaced and deleted" in run.text
    assert ["/retail/logs"] == [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
