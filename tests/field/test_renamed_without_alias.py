"""A resource is renamed without an alias: the thing outside stays, whatever is done about the error.

Source: pulumi/pulumi#9894 (the file is written under the new name, then deleted with the old one),
pulumi/pulumi-aws#511 and #1967 (the new one cannot be created, and the error does not name the cause),
pulumi/pulumi-github#744 (all is gone after renaming).
"""

from typing import Any

import pytest

IMPORTS = "from edgefleet.fleet.aws import Bucket, DnsRecord, HostedZone, Parameter\n"
KINDS = {
    "Bucket": ({"name": "field-images"}, "field-images"),
    "Parameter": ({"name": "/retail/token", "value": "1", "type": "String"}, "/retail/token"),
}
"""dict[kind -> (inputs, id)]."""


def program(kind: str, name: str, options: str = "") -> str:
    inputs, _ = KINDS[kind]
    return f"{IMPORTS}{kind}({name!r}, {inputs!r}, pulumi.ResourceOptions({options}))\n"


def exists(stack: Any, kind: str) -> bool:
    aws = stack.cloud.aws()
    if kind == "Bucket":
        return bool(aws.s3.list_buckets()["Buckets"])
    return bool(aws.client("ssm").get_parameters(Names=["/retail/token"])["Parameters"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_names_the_former_urn_and_the_alias(stack: Any, kind: str) -> None:
    """In preview and up; with the alias there is nothing to do."""
    assert "succeeded" == stack.up(program(kind, "old")).result
    urn = stack.state()["old"]["urn"]
    renamed = program(kind, "new")
    for run in (stack.preview(renamed), stack.up(renamed)):
        assert "failed" == run.result
        assert f"this stack manages it as {urn}" in run.text
        assert f'aliases=["{urn}"]' in run.text
    assert exists(stack, kind)
    aliased = stack.up(program(kind, "new", f"aliases=[{urn!r}]"))
    assert ("succeeded", {}) == (aliased.result, aliased.ops)
    assert {"new"} == set(stack.state()) - {"field-dev"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_run_imports_is_not_deleted_with_the_former_resource(stack: Any, kind: str) -> None:
    """Imported under the new name while the old one leaves: it stays, and the next run has nothing to do."""
    stack.up(program(kind, "old"))
    former = stack.state()["old"]["urn"]
    imported = program(kind, "new", f"import_={KINDS[kind][1]!r}")
    preview = stack.preview(imported)
    assert "succeeded" == preview.result, preview.text
    assert f"this stack manages it as {former}" in preview.text
    run = stack.up(imported)
    assert "succeeded" == run.result, run.text
    assert f"is left in place: this stack manages it as {stack.state()['new']['urn']}" in run.text
    assert exists(stack, kind)
    assert {"new"} == set(stack.state()) - {"field-dev"}
    assert {} == stack.preview().ops
    assert {} == stack.preview(refresh=True).ops
    assert "succeeded" == stack.destroy().result
    assert not exists(stack, kind)


def test_what_another_provider_imports_is_not_deleted_by_the_former_one(stack: Any) -> None:
    """Under the CLI each instance of the provider is a process of its own, so that only tags show it."""
    stack.up(program("Bucket", "old"))
    mine = "provider=edgefleet.Provider('mine', {'region': 'eu-central-1'}), import_='field-images'"
    run = stack.up(program("Bucket", "new", mine))
    assert "succeeded" == run.result, run.text
    assert f"is left in place: this stack manages it as {stack.state()['new']['urn']}" in run.text
    assert exists(stack, "Bucket")
    assert {} == stack.preview().ops


def test_a_record_that_the_run_took_is_not_deleted_with_the_former_resource(stack: Any) -> None:
    """Records have no tags: the run itself knows what it created."""
    zone = stack.cloud.aws().client("route53").create_hosted_zone(Name="hub.example", CallerReference="1")
    identity = zone["HostedZone"]["Id"].rpartition("/")[2]
    inputs = {"zoneId": identity, "name": "api.hub.example", "records": ["192.0.2.1"], "allowOverwrite": True}
    assert "succeeded" == stack.up(f"{IMPORTS}DnsRecord('old', {inputs!r})\n").result
    run = stack.up(f"{IMPORTS}DnsRecord('new', {inputs!r})\n")
    assert {"new": "create", "old": "delete"} == run.ops
    assert "is left in place" in run.text
    listed = stack.cloud.aws().client("route53").list_resource_record_sets(HostedZoneId=identity)
    assert "api.hub.example." in [record["Name"] for record in listed["ResourceRecordSets"]]


def test_an_import_from_another_stack_warns_and_that_stack_leaves_it(stack: Any) -> None:
    """Its tags name it; its destroy then reports who manages the bucket."""
    other = stack.another("other")
    other.up(program("Bucket", "images"))
    former = other.state()["images"]["urn"]
    run = stack.up(program("Bucket", "mine", "import_='field-images'"))
    assert "succeeded" == run.result, run.text
    assert f"stack other (project field) manages it as {former}" in run.text
    left = other.destroy()
    assert "succeeded" == left.result
    assert f"stack dev (project field) manages it as {stack.state()['mine']['urn']}" in left.text
    assert exists(stack, "Bucket")
    assert {} == stack.preview().ops
