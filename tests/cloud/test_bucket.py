"""A bucket's whole life on the emulated cloud, and what happens when AWS refuses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from edgefleet.cloud.bucket import Bucket, BucketOutputs, BucketSpec
from edgefleet.errors import OutsideFailure, Refused
from edgefleet.io.aws import Aws
from edgefleet.io.environment import Environment, Incomplete

KIND = Bucket()
SPEC = BucketSpec(name="retail-eu-images", tags={"fleet": "retail-eu"})
OUTPUTS = BucketOutputs(
    arn="arn:aws:s3:::retail-eu-images",
    region="eu-central-1",
    encryption="AES256",
    public_access_blocked=True,
)
INPUTS = {
    "name": "retail-eu-images",
    "versioning": True,
    "tags": {"fleet": "retail-eu"},
    "lifecycle": [],
    "policy": None,
    "keyArn": None,
    "encryption": "AES256",
}


@pytest.fixture
def environment(aws: Aws, tmp_path: Path) -> Environment:
    return Environment(project=tmp_path, aws=aws)


def live(environment: Environment) -> Any:
    """The bucket as it is."""
    found = KIND.read(SPEC.name, environment, {})
    assert found is not None
    return found


def test_a_preview_says_what_creating_gives_and_what_is_read_back(environment: Environment) -> None:
    """All of it is known ahead."""
    planned = KIND.plan(SPEC, environment)
    created = KIND.create(SPEC, environment)
    found = live(environment)
    assert OUTPUTS == planned == created.outputs == found.outputs
    assert (SPEC.name, INPUTS) == (created.id, found.inputs)


def test_a_new_bucket_is_private_encrypted_versioned_and_says_whose_it_is(environment: Environment) -> None:
    """Read with the cloud's own calls, not with ours."""
    KIND.create(SPEC, environment)
    s3 = environment.aws.s3
    block = s3.get_public_access_block(Bucket=SPEC.name)["PublicAccessBlockConfiguration"]
    rules = s3.get_bucket_encryption(Bucket=SPEC.name)["ServerSideEncryptionConfiguration"]["Rules"]
    tags = {each["Key"]: each["Value"] for each in s3.get_bucket_tagging(Bucket=SPEC.name)["TagSet"]}
    assert (4, True) == (len(block), all(block.values()))
    assert ["AES256"] == [each["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for each in rules]
    assert "Enabled" == s3.get_bucket_versioning(Bucket=SPEC.name)["Status"]
    assert {"fleet": "retail-eu", "managed-by": "edgefleet"} == tags
    assert "eu-central-1" == s3.get_bucket_location(Bucket=SPEC.name)["LocationConstraint"]


def test_in_us_east_1_no_location_is_named(aws: Aws, tmp_path: Path) -> None:
    """S3 refuses the request that names it."""
    environment = Environment(project=tmp_path, aws=Aws.emulated(str(aws.endpoint), "us-east-1"))
    assert "us-east-1" == KIND.create(SPEC, environment).outputs.region


@pytest.mark.parametrize(
    ("change", "inputs"),
    [
        ({"versioning": False}, {"versioning": False}),
        ({"tags": {"fleet": "retail-us", "team": "edge"}}, {"tags": {"fleet": "retail-us", "team": "edge"}}),
        ({"tags": {}}, {"tags": {}}),
    ],
    ids=str,
)
def test_each_input_can_be_changed(
    change: dict[str, Any], inputs: dict[str, Any], environment: Environment
) -> None:
    """Without making another bucket."""
    KIND.create(SPEC, environment)
    assert OUTPUTS == KIND.update(SPEC.name, replace(SPEC, **change), environment, {"region": "eu-central-1"})
    assert INPUTS | inputs == live(environment).inputs


def test_drift_is_found_setting_by_setting_and_set_right(environment: Environment) -> None:
    """Anyone who opened the bucket in the console is found out by refresh."""
    KIND.create(SPEC, environment)
    s3 = environment.aws.s3
    s3.delete_public_access_block(Bucket=SPEC.name)
    s3.delete_bucket_encryption(Bucket=SPEC.name)
    s3.delete_bucket_tagging(Bucket=SPEC.name)
    s3.put_bucket_versioning(Bucket=SPEC.name, VersioningConfiguration={"Status": "Suspended"})
    found = live(environment)
    outputs = {
        "encryption": found.outputs.encryption,
        "publicAccessBlocked": found.outputs.public_access_blocked,
    }
    assert {"encryption": None, "publicAccessBlocked": False} == outputs
    assert ["encryption", "publicAccessBlocked"] == KIND.drifted(outputs)
    unencrypted = {name: value for name, value in INPUTS.items() if name != "encryption"}
    assert unencrypted | {"versioning": False, "tags": {}} == found.inputs
    KIND.update(SPEC.name, SPEC, environment, {})
    assert (OUTPUTS, INPUTS) == (live(environment).outputs, live(environment).inputs)


def test_a_bucket_with_objects_is_not_destroyed_unless_asked(environment: Environment) -> None:
    """Releases that sites pull are worth a second thought."""
    KIND.create(SPEC, environment)
    environment.aws.s3.put_object(Bucket=SPEC.name, Key="release", Body=b"1")
    with pytest.raises(
        Refused, match="not empty; empty it, or set forceDestroy and run up before destroying"
    ):
        KIND.delete(SPEC.name, environment, {"forceDestroy": False})
    KIND.delete(SPEC.name, environment, {"forceDestroy": True})
    assert KIND.read(SPEC.name, environment, {}) is None
    KIND.delete(SPEC.name, environment, {})


def test_a_bucket_that_is_there_already_is_not_taken_over(environment: Environment) -> None:
    """Also in us-east-1, where S3 answers success to making it again."""
    KIND.create(SPEC, environment)
    with pytest.raises(Refused, match="import it"):
        KIND.create(SPEC, environment)


def test_a_bucket_whose_settings_fail_is_reported_as_made_in_part(environment: Environment) -> None:
    """It exists, so that it must be recorded; every setting that failed is named."""
    with Stubber(environment.aws.s3) as stub:
        stub.add_client_error("head_bucket", "404")
        stub.add_response("create_bucket", {})
        stub.add_client_error("put_public_access_block", "AccessDenied")
        stub.add_response("put_bucket_encryption", {})
        stub.add_client_error("put_bucket_versioning", "AccessDenied")
        stub.add_response("put_bucket_tagging", {})
        with pytest.raises(Incomplete) as caught:
            KIND.create(SPEC, environment)
    assert (SPEC.name, OUTPUTS) == (caught.value.id, caught.value.outputs)
    said = [each.problem for each in caught.value.problems]
    assert "the bucket was made in part: 2 of its settings failed" == said[0]
    assert ["s3:PutBucketPublicAccessBlock", "s3:PutBucketVersioning"] == [
        each.removeprefix("AWS refused ").removesuffix(": access denied") for each in said[1:]
    ]


def test_a_name_that_another_account_has_is_reported_plainly(environment: Environment) -> None:
    """S3's names are global."""
    with Stubber(environment.aws.s3) as stub:
        stub.add_client_error("head_bucket", "403")
        stub.add_client_error("create_bucket", "BucketAlreadyExists")
        with pytest.raises(
            OutsideFailure, match="another account has a bucket of this name; choose another name"
        ):
            KIND.create(SPEC, environment)


def test_a_refusal_to_read_is_not_taken_for_an_absence(environment: Environment) -> None:
    """A refresh without rights must not forget a bucket."""
    with Stubber(environment.aws.s3) as stub:
        stub.add_client_error("head_bucket", "403")
        with pytest.raises(OutsideFailure, match="access denied"):
            KIND.read(SPEC.name, environment, {})


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("cn-north-1", "arn:aws-cn:s3:::b"),
        ("us-gov-west-1", "arn:aws-us-gov:s3:::b"),
        ("eu-west-1", "arn:aws:s3:::b"),
    ],
)
def test_the_arn_names_the_partition_of_the_region(region: str, arn: str, tmp_path: Path) -> None:
    """China and GovCloud have their own."""
    environment = Environment(project=tmp_path, aws=Aws.emulated("http://127.0.0.1:1", region))
    assert arn == KIND.plan(BucketSpec(name="b"), environment).arn


def test_with_an_unknown_name_the_arn_is_not_guessed(tmp_path: Path) -> None:
    """The rest does not depend on it."""
    environment = Environment(project=tmp_path, aws=Aws.emulated("http://127.0.0.1:1", "eu-west-1"))
    rest = {"region": "eu-west-1", "encryption": "AES256", "publicAccessBlocked": True}
    assert rest == KIND.foresee({"name": object()}, "name", environment)
    assert rest | {"arn": "arn:aws:s3:::b"} == KIND.foresee(
        {"name": "b", "tags": object()}, "tags", environment
    )
