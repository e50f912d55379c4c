"""AWS's errors become one clear line each, once."""

import json
from pathlib import Path

import boto3
import pytest
from botocore import exceptions as raised
from botocore.stub import Stubber

from edgefleet.emulator.requests import moto_backend
from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Refused
from edgefleet.io.aws import Aws, error_code, is_gone
from edgefleet.io.aws_errors import OTHERWISE, statement
from edgefleet.io.aws_session import Descriptions
from edgefleet.model.cloud import AssumedRole, Cloud

DENIED = (
    "AWS refused s3:PutObject: access denied; allow it to the identity in use"
    ' (`aws sts get-caller-identity`): {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}'
)
TAKEN = "another account has a bucket of this name; choose another name; S3 names are global"
THROTTLED = "AWS is throttling s3:PutObject, also after 5 tries; run again later, or with fewer at once"
RAISE = "raise it in AWS's Service Quotas (`aws service-quotas list-service-quotas`), or remove others"
HINTS = {
    "OptInRequired": "the account has no access to this service or region: enable it in AWS's console",
    "InvalidSubnetID.NotFound": (
        "what AWS names does not exist: run refresh, correct its id or name, and run up again"
    ),
    "ResourceInUse": "remove or import what AWS names, or choose another name, and run up again",
    "DependencyViolation": (
        "wait until other changes of it end, remove what still uses it, and run up again"
    ),
    "ValidationException": "correct the input that AWS names and run up again",
    "InternalFailure": "AWS is at fault: run up again; https://health.aws.amazon.com lists its outages",
}
ANSWERS = {
    "AccessDenied": ("access-denied", DENIED),
    "NoSuchBucket": ("NoSuchBucket", "the bucket does not exist; create it first, or correct its name"),
    "BucketAlreadyExists": ("BucketAlreadyExists", TAKEN),
    "SlowDown": ("throttled", THROTTLED),
    "ExpiredToken": (
        "expired",
        "the AWS credentials have expired; log in again, for example `aws sso login`",
    ),
    "InvalidAccessKeyId": (
        "credentials",
        "AWS does not know these credentials; see AWS_PROFILE and AWS_ACCESS_KEY_ID",
    ),
    "VpcLimitExceeded": (
        "quota",
        f"the account's quota does not allow s3:PutObject: because; {RAISE}",
    ),
    "InsufficientInstanceCapacity": (
        "no-capacity",
        "AWS has no room for it now: because; run up again later, or choose another instance type or zone",
    ),
    "SomethingElse": (
        "SomethingElse",
        f"s3:PutObject failed: SomethingElse because; {OTHERWISE}",
    ),
    **{code: (code, f"s3:PutObject failed: {code} because; {hint}") for code, hint in HINTS.items()},
}


@pytest.fixture
def stubbed() -> tuple[Aws, Stubber]:
    """A client whose answers the test writes; nothing is contacted."""
    aws = Aws.emulated("http://127.0.0.1:1", "eu-central-1")
    return aws, Stubber(aws.s3)


@pytest.mark.parametrize("code", ANSWERS)
def test_what_aws_answers_is_reported_with_the_permission_and_the_place(
    code: str, stubbed: tuple[Aws, Stubber]
) -> None:
    """Where, what and what to do, on one line."""
    aws, stub = stubbed
    stub.add_client_error("put_object", code, "because.")
    with stub, pytest.raises(OutsideFailure) as caught, aws.calling("s3:PutObject", "s3://images/key"):
        aws.s3.put_object(Bucket="images", Key="key")
    ours, text = ANSWERS[code]
    assert (ours, f"s3://images/key: {text}") == (caught.value.problem.code, str(caught.value))
    assert code == error_code(caught.value)


def test_the_statement_names_the_resource_that_aws_names() -> None:
    """Ready to be pasted into a policy."""
    message = "You are not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/hub."
    wanted = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::1:role/hub"}
    assert wanted == json.loads(statement("iam:PassRole", message))


def test_a_bucket_that_is_not_empty_is_a_refusal(stubbed: tuple[Aws, Stubber]) -> None:
    """Exit code 3: nothing failed, it is not done on purpose."""
    aws, stub = stubbed
    stub.add_client_error("delete_bucket", "BucketNotEmpty", "not empty")
    with (
        stub,
        pytest.raises(Refused, match="not empty; empty it, or set forceDestroy"),
        aws.calling("a", "b"),
    ):
        aws.s3.delete_bucket(Bucket="images")


def test_a_request_that_cannot_be_made_is_the_users_input() -> None:
    """Found before anything is sent."""
    aws = Aws(session=boto3.Session(region_name="eu-central-1"))
    with (
        pytest.raises(InvalidInput, match="was given a wrong value"),
        aws.calling("s3:PutObject", "s3://images"),
    ):
        aws.s3.put_object(Bucket="images")  # type: ignore[call-arg]  # that is the point


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (raised.NoCredentialsError(), "credentials"),
        (raised.NoRegionError(), "region"),
        (raised.ProfileNotFound(profile="nope"), "profile"),
        (raised.EndpointConnectionError(endpoint_url="https://s3"), "unreachable"),
        (raised.ReadTimeoutError(endpoint_url="https://s3"), "unreachable"),
        (raised.UnauthorizedSSOTokenError(), "expired"),
        (raised.BotoCoreError(), "aws"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else str(each),
)
def test_what_fails_on_the_way_is_reported_apart(error: Exception, code: str) -> None:
    """No credentials, no region, no such profile, no network."""
    with pytest.raises(EdgefleetError) as caught, Aws().calling("s3:ListBucket", "s3://images"):
        raise error
    assert (code, 1) == (caught.value.problem.code, len(str(caught.value).splitlines()))


def test_a_profile_that_does_not_exist_is_named_when_it_is_first_needed() -> None:
    """Nothing is read before."""
    aws = Aws(Cloud(profile="no-such-profile", region="eu-central-1"))
    with pytest.raises(OutsideFailure, match="no-such-profile"):
        _ = aws.s3


def test_only_what_is_not_there_counts_as_gone(stubbed: tuple[Aws, Stubber]) -> None:
    """A refusal must never look like an absence."""
    aws, stub = stubbed
    answers = {}
    for code in ("404", "NoSuchBucket", "AccessDenied"):
        stub.add_client_error("head_bucket", code)
        with stub, pytest.raises(OutsideFailure) as caught, aws.calling("s3:ListBucket", "s3://images"):
            aws.s3.head_bucket(Bucket="images")
        answers[code] = is_gone(caught.value)
    assert {"404": True, "NoSuchBucket": True, "AccessDenied": False} == answers


def test_the_emulated_cloud_gets_dummy_credentials() -> None:
    """A wrong endpoint can never be handed real rights."""
    aws = Aws.emulated("http://127.0.0.1:1", "us-east-1")
    keys = aws.s3._request_signer._credentials  # type: ignore[attr-defined]  # boto keeps them nowhere public
    assert ("emulated", "emulated") == (keys.access_key, keys.secret_key)
    assert "http://127.0.0.1:1" == aws.s3.meta.endpoint_url


ROLE = "arn:aws:iam::123456789012:role/"


def session() -> boto3.Session:
    """Credentials of an emulated cloud."""
    return boto3.Session(
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106 - of an emulated cloud
        region_name="eu-central-1",
    )


def test_a_role_is_assumed_where_the_client_goes(aws: Aws) -> None:
    """Through the same endpoint, with the credentials found first."""
    as_role = Aws(Cloud(endpoint=aws.endpoint, role_arn=f"{ROLE}fleet"), session=session())
    identity = as_role.client("sts").get_caller_identity()
    assert "arn:aws:sts::123456789012:assumed-role/fleet/edgefleet" == identity["Arn"]


def test_roles_are_assumed_one_after_the_other(aws: Aws) -> None:
    """The last one counts; each has the session's name and external ID that are its own."""
    last = AssumedRole(role_arn=f"{ROLE}fleet", external_id="shop/1", session_name="ci-42")
    then = (AssumedRole(role_arn=f"{ROLE}jump"), last)
    cloud = Cloud(endpoint=aws.endpoint, role_arn=f"{ROLE}login", session_name="me", assume_roles=then)
    as_last = Aws(cloud, session=session())
    assert "assumed-role/fleet/ci-42" in as_last.client("sts").get_caller_identity()["Arn"]
    roles = moto_backend("sts", "aws").assumed_roles
    made = [(role.role_arn.removeprefix(ROLE), role.session_name, role.external_id) for role in roles]
    assert [("login", "me", None), ("jump", "edgefleet", None), ("fleet", "ci-42", "shop/1")] == made


def test_a_role_that_must_not_be_assumed_is_named(stubbed: tuple[Aws, Stubber]) -> None:
    """The call that failed is AssumeRole, whatever was called for."""
    aws, stub = stubbed
    denied = raised.ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRole")
    refusal = pytest.raises(OutsideFailure, match="AWS refused sts:AssumeRole")
    with stub, refusal, aws.calling("s3:PutObject", "s3://images"):
        raise denied


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({}, "eu-west-3"),
    ],
)
def test_a_region_is_found_in_the_documented_order(
    environ: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The provider's, AWS_REGION, AWS_DEFAULT_REGION, the profile's (AWS SDKs reference, AWS Region)."""
    (tmp_path / "config").write_text("[default]\nregion = eu-west-3\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert [region, "us-east-2"] == [Aws().region, Aws(Cloud(region="us-east-2")).region]


@pytest.mark.parametrize("name", ["allowed_account_ids", "forbidden_account_ids"])
def test_an_account_that_must_not_be_changed_gets_no_call(name: str, aws: Aws) -> None:
    """But one to STS; the same clients in another region ask nobody."""
    ids = {"allowed_account_ids": ("000000000000", "999999999999"), "forbidden_account_ids": (aws.account,)}
    cloud = Cloud(endpoint=aws.endpoint, **{name: ids[name]})  # type: ignore[arg-type]  # by name
    wrong = Aws(cloud, session=session())
    with pytest.raises(Refused, match=f"the credentials are of the account {aws.account}"):
        wrong.client("s3")
    with pytest.raises(Refused, match="use credentials of the right account"):
        wrong.in_region("eu-west-1").client("s3")


def test_a_region_that_nobody_set_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before a bucket is made in the wrong place."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(
        OutsideFailure, match="no AWS region is set; set the provider's region, or AWS_REGION"
    ):
        _ = Aws().region


def test_a_description_is_read_once_whoever_asks(tmp_path: Path) -> None:
    """Moto makes a session, and with it a loader, at calls that have a role of EKS."""
    (tmp_path / "service.json").write_text("{}")

    first, second = (Descriptions().load_file(str(tmp_path / "service")) for _ in range(2))

    assert first is not None
    assert first is second
