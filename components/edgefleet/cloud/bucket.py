"""`edgefleet:aws:Bucket`: a private, encrypted, versioned bucket.

Encryption and the block on public access are not inputs, as no fleet is better off without them; what
somebody else changed of them is found by refresh and set right by the next up.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from edgefleet.errors import EdgefleetError, OutsideFailure, Problem, Refused
from edgefleet.io.aws import Aws, error_code, is_gone
from edgefleet.io.outside import Created, Found, Incomplete, Outside
from edgefleet.io.store.bucket import remove_versions
from edgefleet.model.effects import Effect
from edgefleet.model.names import Bucket as BucketName
from edgefleet.model.paths import format_path
from edgefleet.model.spec import spec

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CreateBucketRequestTypeDef

Answer = TypeVar("Answer")

TOKEN = "edgefleet:aws:Bucket"  # noqa: S105 - a type token
OWNER = ("managed-by", "edgefleet")
"""The tag that says who looks after the bucket; beside the ones asked for."""
ENCRYPTION = "AES256"
BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
ABSENT = frozenset(
    {
        "NoSuchTagSet",
        "NoSuchPublicAccessBlockConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
"""What S3 answers where a setting was never made."""


@spec
class Spec:
    """A bucket with public access blocked, encryption on and, unless told otherwise, versions kept."""

    name: Annotated[BucketName, Effect.NONE]
    """Name of the bucket; S3's names are global."""
    versioning: Annotated[bool, Effect.NONE] = True
    """Keep earlier versions of objects."""
    force_destroy: Annotated[bool, Effect.NONE] = False
    """Remove the bucket even with objects in it, and every version of them."""
    tags: Annotated[dict[str, str], Effect.NONE] = field(default_factory=dict)
    """Tags beside ``managed-by: edgefleet``."""


@spec
class Outputs:
    """What is known of a bucket."""

    arn: str
    """Amazon Resource Name."""
    region: str
    """Region that it is in."""
    encryption: str | None
    """How objects are encrypted at rest: ``AES256``."""
    public_access_blocked: bool
    """Whether all four of S3's blocks on public access are on."""


REPLACE_ON = frozenset({"name"})
STABLE = frozenset({"arn", "region"})
CLAIMS = ("name",)


def identity(spec: Spec) -> str:
    """The bucket's name."""
    return spec.name


def inspect(spec: Spec) -> Iterable[Problem]:
    """Tags that S3 would refuse, or that are ours."""
    for key, value in spec.tags.items():
        if key == OWNER[0] and value != OWNER[1]:
            hint = "choose another key; this one says who looks after the bucket"
            yield Problem(
                code="tag", path=format_path(("tags", key)), problem="is edgefleet's own tag", hint=hint
            )
        if key.lower().startswith("aws:"):
            yield Problem(
                code="tag",
                path=format_path(("tags", key)),
                problem="begins with aws:",
                hint="choose another key; these are AWS's",
            )


def inspect_change(old: Spec, new: Spec) -> Iterable[Problem]:
    """Any settings may follow any others."""
    del old, new
    return ()


def drifted(outputs: Mapping[str, Any]) -> list[str]:
    """Protection that somebody took away."""
    wanted = {"encryption": ENCRYPTION, "publicAccessBlocked": True}
    return [name for name, value in wanted.items() if outputs.get(name, value) != value]


def plan(spec: Spec, outside: Outside) -> Outputs:
    """All outputs are known ahead."""
    return _outputs(spec.name, outside.aws.region)


def foresee(known: Mapping[str, Any], because: str, outside: Outside) -> Mapping[str, Any]:
    """Only the name decides about the outputs, and only of the ARN."""
    certain = {"region": outside.aws.region, "encryption": ENCRYPTION, "publicAccessBlocked": True}
    if because != "name" and isinstance(known["name"], str):
        certain["arn"] = _outputs(known["name"], outside.aws.region).arn
    return certain


def create(spec: Spec, outside: Outside) -> Created[Outputs]:
    """Make the bucket, then protect it.

    Raises:
        Refused: a bucket of this name is there already.
        Incomplete: it was made, and some of its settings were not.
    """
    aws = outside.aws
    _refuse_existing(spec.name, aws)
    request: CreateBucketRequestTypeDef = {"Bucket": spec.name}
    if aws.region != "us-east-1":  # the one region that may not be named (S3 API, CreateBucket)
        request["CreateBucketConfiguration"] = {"LocationConstraint": aws.region}  # type: ignore[typeddict-item]  # the stub lists regions
    with aws.calling("s3:CreateBucket", _place(spec.name)):
        aws.s3.create_bucket(**request)
    outputs = _outputs(spec.name, aws.region)
    _set_all(spec, aws, outputs, is_new=True)
    return Created(id=spec.name, outputs=outputs)


def read(identity: str, outside: Outside, recorded: Mapping[str, Any]) -> Found[Outputs] | None:
    """The bucket as it is, each setting; None where it is gone."""
    del recorded
    aws = outside.aws
    try:
        with aws.calling("s3:ListBucket", _place(identity)):
            head = aws.s3.head_bucket(Bucket=identity)
    except EdgefleetError as error:
        if is_gone(error):
            return None
        raise
    tags = _live(
        lambda: aws.s3.get_bucket_tagging(Bucket=identity)["TagSet"], aws, ("s3:GetBucketTagging", identity)
    )
    status = _live(
        lambda: aws.s3.get_bucket_versioning(Bucket=identity), aws, ("s3:GetBucketVersioning", identity)
    )
    inputs = {
        "name": identity,
        "versioning": status is not None and status.get("Status") == "Enabled",
        "tags": {tag["Key"]: tag["Value"] for tag in tags or [] if (tag["Key"], tag["Value"]) != OWNER},
    }
    outputs = _outputs(identity, head.get("BucketRegion") or aws.region)
    protection = _protection(identity, aws)
    return Found(
        id=identity,
        inputs=inputs,
        outputs=Outputs(arn=outputs.arn, region=outputs.region, **protection),
    )


def update(identity: str, new: Spec, outside: Outside, recorded: Mapping[str, Any]) -> Outputs:
    """Set every setting; each is idempotent, so drift goes with it."""
    outputs = _outputs(identity, str(recorded.get("region") or outside.aws.region))
    _set_all(new, outside.aws, outputs, is_new=False)
    return outputs


def delete(
    identity: str,
    outside: Outside,
    inputs: Mapping[str, Any],
    *,
    successor: Mapping[str, Any] | None = None,
) -> None:
    """Remove the bucket; with `forceDestroy` all that is in it first. Gone already is success.

    Raises:
        Refused: there are objects in it.
    """
    del successor  # there is none: making a bucket that exists is refused
    aws = outside.aws
    try:
        with aws.calling("s3:DeleteBucket", _place(identity)):
            if inputs.get("forceDestroy"):
                remove_versions(aws, identity)
            aws.s3.delete_bucket(Bucket=identity)
    except EdgefleetError as error:
        if not is_gone(error):
            raise


def _refuse_existing(name: str, aws: Aws) -> None:
    """In us-east-1 S3 answers success to making a bucket that one has; another's must not be taken over."""
    try:
        with aws.calling("s3:ListBucket", _place(name)):
            aws.s3.head_bucket(Bucket=name)
    except EdgefleetError as error:
        if error_code(error) in {
            "403",
            "404",
            "NoSuchBucket",
        }:  # not there, or not ours: CreateBucket says which
            return
        raise
    hint = f"import it (pulumi import {TOKEN} <name in the program> {name}), or choose another name"
    problem = "you already have a bucket of this name that this stack does not manage"
    raise Refused(Problem(code="exists", where=_place(name), path="name", problem=problem, hint=hint))


def _set_all(spec: Spec, aws: Aws, outputs: Outputs, *, is_new: bool) -> None:
    """Make every setting, the protective ones first.

    Raises:
        Incomplete: some could not be made; all of them are named.
    """
    failed: list[Problem] = []
    for action, call in _settings(spec, aws):
        try:
            with aws.calling(action, _place(spec.name)):
                call()
        except OutsideFailure as error:
            failed.extend(error.problems)
    if failed:
        done = "made" if is_new else "changed"
        problem = f"the bucket was {done} in part: {len(failed)} of its settings failed"
        summary = Problem(
            code="incomplete",
            where=_place(spec.name),
            problem=problem,
            hint="mend what follows and run up again",
        )
        raise Incomplete((summary, *failed), id=spec.name, outputs=outputs)


def _settings(spec: Spec, aws: Aws) -> Iterable[tuple[str, Callable[[], object]]]:
    """(permission, call) of each setting."""
    s3, name = aws.s3, spec.name
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": ENCRYPTION}, "BucketKeyEnabled": True}
    tags = [{"Key": key, "Value": value} for key, value in sorted({**spec.tags, OWNER[0]: OWNER[1]}.items())]
    status = "Enabled" if spec.versioning else "Suspended"
    yield (
        "s3:PutBucketPublicAccessBlock",
        lambda: s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=BLOCKED),  # type: ignore[arg-type]  # a dict in the stub's shape
    )
    yield (
        "s3:PutEncryptionConfiguration",
        lambda: s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]}),
    )
    yield (
        "s3:PutBucketVersioning",
        lambda: s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status}),  # type: ignore[typeddict-item]  # one of the two
    )
    yield (
        "s3:PutBucketTagging",
        lambda: s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags}),  # type: ignore[typeddict-item]  # the same
    )


def _live(call: Callable[[], Answer], aws: Aws, about: tuple[str, str]) -> Answer | None:
    """The answer to `call`; None where the setting was never made."""
    try:
        with aws.calling(about[0], _place(about[1])):
            return call()
    except EdgefleetError as error:
        if error_code(error) in ABSENT:
            return None
        raise


def _protection(name: str, aws: Aws) -> dict[str, Any]:
    s3 = aws.s3
    encryption = _live(
        lambda: s3.get_bucket_encryption(Bucket=name), aws, ("s3:GetEncryptionConfiguration", name)
    )
    block = _live(
        lambda: s3.get_public_access_block(Bucket=name), aws, ("s3:GetBucketPublicAccessBlock", name)
    )
    rules = encryption["ServerSideEncryptionConfiguration"]["Rules"] if encryption else []
    algorithms = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") for rule in rules]
    blocked = block is not None and block["PublicAccessBlockConfiguration"] == BLOCKED
    return {"encryption": algorithms[0] if algorithms else None, "public_access_blocked": blocked}


def _outputs(name: str, region: str) -> Outputs:
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(
        region.rpartition("-")[0].rpartition("-")[0], "aws"
    )
    return Outputs(
        arn=f"arn:{partition}:s3:::{name}", region=region, encryption=ENCRYPTION, public_access_blocked=True
    )


def _place(name: str) -> str:
    return f"s3://{name}"
