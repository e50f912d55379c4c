"""What AWS would refuse is refused in preview, beside inputs that are not known yet; nothing is made.

Source: Route 53 developer guide (supported DNS record types, CNAME), VPC user guide, IAM user guide (quotas).
"""

from typing import Any

import pytest

HEAD = "from edgefleet.fleet.aws import DnsRecord, Role, SecurityGroup, Subnet, Vpc\n"
NETWORK = 'net = Vpc("net", {"cidr": "10.9.0.0/16"})\n'
PROGRAMS = {
    "a zone that the region lacks": f"""{NETWORK}
Subnet("a", {{"vpcId": net.id, "cidr": "10.9.0.0/24", "zone": "eu-central-1x"}})
""",
    "a rule of a group in a network that does not exist yet": f"""{NETWORK}
SecurityGroup("a", {{"vpcId": net.id, "name": "a", "ingress": [{{"fromPort": 90, "toPort": 80}}]}})
""",
    "a tag of a subnet in a network that does not exist yet": f"""{NETWORK}
Subnet("a", {{"vpcId": net.id, "cidr": "10.9.0.0/24", "tags": {{"aws:a": "b"}}}})
""",
    "documents that are too large": """
allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "a" * 6_000}
document = {"Version": "2012-10-17", "Statement": [allow]}
Role("a", {"name": "a", "assumePolicy": {}, "policies": {"one": document, "two": document}})
""",
    "two of one name": """
Role("one", {"name": "hub", "assumePolicy": {}})
Role("two", {"name": "hub", "assumePolicy": {}})
""",
    "an address that is none": """
DnsRecord("a", {"zoneId": zone, "name": "a.example.org", "records": ["10.0.0.256"]})
""",
    "a record outside of its zone": """
DnsRecord("a", {"zoneId": zone, "name": "a.example.com", "records": ["10.0.0.1"]})
""",
    "a CNAME in the place of the zone itself": """
DnsRecord("a", {"zoneId": zone, "name": "example.org", "type": "CNAME", "records": ["a.example.com"]})
""",
    "a CNAME beside another record": """
about = {"zoneId": zone, "type": "CNAME", "records": ["b.example.com"]}
DnsRecord("one", {"zoneId": zone, "name": "a.example.org", "records": ["10.0.0.1"]})
DnsRecord("two", {**about, "name": "A.example.org."})
""",
}
PROBLEMS = {
    "a zone that the region lacks": "eu-central-1 has no zone eu-central-1x; write one of eu-central-1a, ",
    "a rule of a group in a network that does not exist yet": "has 0 sources",
    "a tag of a subnet in a network that does not exist yet": "begins with aws:; choose another key",
    "documents that are too large": "IAM takes 10,240: put some into managedPolicies",
    "two of one name": "one and two of this program have the same name; remove one of the two",
    "an address that is none": "is not the value of a record A; write it like 192.0.2.1",
    "a record outside of its zone": "is not in the zone example.org; write a name that ends in example.org",
    "a CNAME in the place of the zone itself": "cannot be CNAME for example.org itself; use type A with an",
    "a CNAME beside another record": "one and two of this program have the same name; remove one of the two",
}
"""dict[case -> what the preview reports]."""


@pytest.mark.parametrize("case", PROGRAMS)
def test_it_is_refused_in_preview_and_nothing_is_made(case: str, stack: Any) -> None:
    """The path, the problem and a fix."""
    zones = stack.cloud.aws().client("route53")
    zone = zones.create_hosted_zone(Name="example.org", CallerReference=case)["HostedZone"]["Id"]
    stack.write(HEAD + PROGRAMS[case], zone=zone.rpartition("/")[2])
    run = stack.preview()
    assert "failed" == run.result, run.text
    assert PROBLEMS[case] in " ".join(run.text.split())
    assert [] == [call for call in stack.calls if call.operation.startswith(("Create", "POST", "PUT"))]
    assert "failed" == stack.up().result


def test_an_address_may_stand_beside_others_of_its_name(stack: Any) -> None:
    """A, AAAA and TXT records of one name are no rivals; nor are equal names of two zones."""
    zones = stack.cloud.aws().client("route53")
    ids = [
        zones.create_hosted_zone(Name="example.org", CallerReference=word)["HostedZone"]["Id"].rpartition(
            "/"
        )[2]
        for word in ("one", "two")
    ]
    program = """
for index, zone in enumerate(ids):
    about = {"zoneId": zone, "name": "a.example.org"}
    DnsRecord(f"a{index}", {**about, "records": ["10.0.0.1"]})
    DnsRecord(f"aaaa{index}", {**about, "type": "AAAA", "records": ["fd00::1"]})
    DnsRecord(f"txt{index}", {**about, "type": "TXT", "records": ['"a"']})
"""
    stack.write(HEAD + program, ids=ids)
    run = stack.up()
    assert "succeeded" == run.result, run.text
    assert {} == stack.preview().ops
