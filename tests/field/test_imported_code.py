"""The code that `pulumi import` prints runs with the package, and its preview is empty.

Source: pulumi/pulumi#5750 (the code that an import prints does not run as it is), pulumi/pulumi-oci#5 (it
names a module that the SDK lacks). The golden file is what the Pulumi CLI 3.276 with its Python host printed
for the things that the test makes by hand; its names are those of pkg/codegen/python/gen_program.go.
"""

import json
import re
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from edgefleet.model.type_introspection import defaults_of, fields_of, with_outside_names
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.schema import resource_schema

PRINTED = Path(__file__).parents[1] / "golden" / "field" / "imported.txt"
ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
EXPIRES = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 3}}
RULE = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
RANGE = {"CidrIp": "10.0.0.0/8", "Description": "x"}


def policy(action: str, **statement: Any) -> str:
    allowed = {"Effect": "Allow", "Action": action, **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


def ids(client: Any) -> dict[str, str]:
    """dict[name in the printed code -> id] of what somebody made by hand."""
    s3, ec2, iam = client("s3"), client("ec2"), client("iam")
    s3.create_bucket(Bucket="by-hand", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.put_bucket_lifecycle_configuration(Bucket="by-hand", LifecycleConfiguration={"Rules": [EXPIRES]})
    s3.put_bucket_encryption(Bucket="by-hand", ServerSideEncryptionConfiguration=ENCRYPTED)
    s3.put_public_access_block(Bucket="by-hand", PublicAccessBlockConfiguration=dict.fromkeys(BLOCKS, True))
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    place = {"VpcId": vpc, "CidrBlock": "10.9.1.0/24", "AvailabilityZone": "eu-central-1a"}
    subnet = ec2.create_subnet(**place)["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[RULE | {"IpRanges": [RANGE]}])
    trust = policy("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust, Tags=[{"Key": "Team_name", "Value": "x"}])
    iam.put_role_policy(RoleName="r", PolicyName="read_it", PolicyDocument=policy("s3:Get*", Resource="*"))
    client("logs").create_log_group(logGroupName="/retail/hand")
    named = {"bucket": "by-hand", "role": "r", "logs": "/retail/hand"}
    return named | {"net": vpc, "sub": subnet, "sg": group}


def test_the_printed_code_runs_and_its_preview_is_empty(stack: Any) -> None:
    """Of kinds with nested inputs, documents, maps and references."""
    printed = PRINTED.read_text()
    made = ids(stack.cloud.aws().client)
    parts = re.split(r"protect=True", printed)
    names = re.findall(r'edgefleet\.aws\.\w+\("(\w+)"', printed)
    assert sorted(made) == sorted(names)
    importing = "".join(f"{part}import_={made[name]!r}" for part, name in zip(parts, names, strict=False))
    run = stack.up(importing + parts[-1])
    assert ("succeeded", {"import"}) == (run.result, set(run.ops.values()) - {"create"}), run.text
    run = stack.preview(printed)
    assert ("succeeded", {}) == (run.result, run.ops), run.text


def test_each_input_has_its_name_back() -> None:
    """The CLI writes ``vpcId`` as ``vpc_id``, and leaves out what is null: so is its default."""
    types: dict[str, Any] = {}
    specs = {kind.TOKEN: resource_schema(kind, types)["inputProperties"] for kind in RESOURCES}
    for kind in RESOURCES:
        written = {re.sub("(?<!^)([A-Z]+)", r"_\1", name).lower(): name for name in specs[kind.TOKEN]}
        assert {name: name for name in written.values()} == with_outside_names(kind.Spec, written)
        spec: Any = kind.Spec
        defaults = defaults_of(spec)
        nullable = [name for name, hint in fields_of(spec).items() if _takes_null(hint)]
        assert {} == {name: defaults[name] for name in nullable if defaults.get(name) is not None}, kind.TOKEN


def _takes_null(hint: Any) -> bool:
    return type(None) in get_args(get_args(hint)[0] if get_origin(hint) is Annotated else hint)
