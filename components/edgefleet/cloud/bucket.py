"""`edgefleet:aws:Bucket`: a private, encrypted, versioned bucket.

The block on public access is no input, as no fleet is better off without it, and objects are their bucket's
owner's, as S3 has it for every new bucket; what somebody else changed is found by refresh and set right.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Literal

from edgefleet.cloud.base import CloudResource, Namesake, Tagged
from edgefleet.cloud.base.constraints import Days, DaysOrNone, KeyArn, fits
from edgefleet.cloud.base.policy_documents import canonical, compact, parsed
from edgefleet.cloud.base.quotas import at_most
from edgefleet.errors import EdgefleetError, OutsideFailure, Problem
from edgefleet.io.aws import Aws, error_code, is_gone
from edgefleet.io.environment import Created, Environment, Found, Incomplete
from edgefleet.io.ownership import without_ownership
from edgefleet.io.store.bucket import remove_versions
from edgefleet.io.tagging import as_dict, as_list, value_at
from edgefleet.model.names import Bucket as BucketName
from edgefleet.model.spec import Canonical, Unordered, spec, to_plain
from edgefleet.model.tags import IgnoredTags
from edgefleet.model.unknown import known_items

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
        "NoSuchLifecycleConfiguration",
        "NoSuchBucketPolicy",
        "OwnershipControlsNotFoundError",
    }
)
"""S3's error codes for a setting that was never made."""


@spec
class BucketRule:
    """When objects below a prefix are removed."""

    prefix: Annotated[str, fits(1024)] = ""
    """Beginning of their names; all where it is empty."""
    expire_days: Days | None = None
    """Days after which they are removed; never where it is absent."""
    earlier_days: Days | None = None
    """Days after which earlier versions are removed; never where it is absent."""
    parts_days: DaysOrNone = 7
    """Days after which the parts of uploads that were never finished are removed; 0 for never."""


@spec
class BucketSpec(Tagged):
    """A bucket with blocked public access, encryption and, by default, versions."""

    name: BucketName
    """Name of the bucket; S3's names are global."""
    versioning: bool = True
    """Keep earlier versions of objects."""
    force_destroy: bool = False
    """Remove the bucket even with objects in it, and every version of them."""
    encryption: Literal["AES256", "aws:kms"] = "AES256"
    """How objects are encrypted at rest: with S3's own keys, or with one of KMS."""
    key_arn: KeyArn | None = None
    """ARN of the KMS key; the account's own for S3 where it is absent."""
    lifecycle: Annotated[tuple[BucketRule, ...], Unordered(), at_most("lifecycle rules of a bucket")] = ()
    """When objects are removed; never where there is none."""
    policy: Annotated[dict[str, Any] | None, Canonical(canonical), fits(20_480)] = None
    """Policy document of the bucket; none where it is absent."""


@spec
class BucketOutputs:
    """What is known of a bucket."""

    arn: str
    """Amazon Resource Name."""
    region: str
    """Region that it is in."""
    encryption: str | None
    """How objects are encrypted at rest."""
    public_access_blocked: bool
    """Whether all four of S3's blocks on public access are on."""


class Bucket(CloudResource, spec=BucketSpec, outputs=BucketOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name"})
    CLAIMS = ("name",)
    IS_GLOBAL = True
    CHANGING = frozenset({"encryption", "publicAccessBlocked"})

    def identity(self, spec: BucketSpec) -> str:
        """The bucket's name."""
        return spec.name

    def inspect(self, spec: BucketSpec) -> Iterable[Problem]:
        """A key without its kind of encryption, or rules that remove nothing."""
        yield from super().inspect(spec)
        if spec.key_arn is not None and spec.encryption == "AES256":
            hint = "set encryption: aws:kms, or remove the key"
            yield Problem(code="key", path="keyArn", problem="is not used", hint=hint)
        for index, rule in known_items(spec.lifecycle):
            days = (rule.expire_days, rule.earlier_days, rule.parts_days)
            if not any(days):
                hint = "give it days of 1 or more"
                yield Problem(code="rule", path=f"lifecycle[{index}]", problem="removes nothing", hint=hint)

    def drifted(self, outputs: Mapping[str, Any]) -> list[str]:
        """Protection that was removed outside."""
        lost = [] if outputs.get("encryption", "AES256") else ["encryption"]
        return lost + ([] if outputs.get("publicAccessBlocked", True) else ["publicAccessBlocked"])

    def plan(self, spec: BucketSpec, environment: Environment) -> BucketOutputs:
        """All outputs are known ahead."""
        return _outputs(spec, environment.aws)

    def foresee(self, inputs: Mapping[str, Any], because: str, environment: Environment) -> Mapping[str, Any]:
        """Only the name decides about the ARN."""
        del because
        certain: dict[str, Any] = {"region": environment.aws.region, "publicAccessBlocked": True}
        if isinstance(inputs.get("encryption", "AES256"), str):
            certain["encryption"] = inputs.get("encryption", "AES256")
        if isinstance(inputs["name"], str):
            certain["arn"] = _arn(inputs["name"], environment.aws)
        return certain

    def create(self, spec: BucketSpec, environment: Environment) -> Created[BucketOutputs]:
        """Make the bucket, then protect it.

        Raises:
            Refused: a bucket of this name already exists, and no earlier run made it for this resource.
            Incomplete: it was created, but some of its settings failed.
        """
        aws, existing = environment.aws, self.namesake(spec, environment)
        # In us-east-1 S3 reports success for a bucket that the account has: another's is not taken over.
        if existing is not None:
            self.require_mine(existing.tags, existing.id, environment)
        else:
            tags = as_list(self.tags(spec, environment))
            settings: dict[str, Any] = {"Tags": tags} if environment.owner else {}
            if aws.region != "us-east-1":  # the one region that may not be named (S3 API, CreateBucket)
                settings["LocationConstraint"] = aws.region
            request: dict[str, Any] = {"CreateBucketConfiguration": settings} if settings else {}
            aws.call("s3", "create_bucket", _place(spec.name), Bucket=spec.name, **request)
        return Created(id=spec.name, outputs=self._set_all(spec, environment, is_new=True))

    def read(
        self, identity: str, environment: Environment, recorded: Mapping[str, Any]
    ) -> Found[BucketOutputs] | None:
        """The bucket's live settings; None if it does not exist."""
        del recorded
        aws = environment.aws
        head = aws.seek("s3", "head_bucket", _place(identity), Bucket=identity)
        if head is None:
            return None
        ask = partial(_setting, aws, identity)
        rules = ask("get_bucket_encryption", "ServerSideEncryptionConfiguration.Rules") or [{}]
        how = rules[0].get("ApplyServerSideEncryptionByDefault", {})
        lifecycle = ask("get_bucket_lifecycle_configuration", "Rules") or ()
        policy = ask("get_bucket_policy", "Policy")
        tags = as_dict(ask("get_bucket_tagging", "TagSet"))
        inputs = {
            "name": identity,
            "versioning": ask("get_bucket_versioning", "Status") == "Enabled",
            "tags": without_ownership(tags),
            "lifecycle": [to_plain(_as_rule(rule)) for rule in lifecycle if rule.get("Status") == "Enabled"],
            "policy": parsed(policy) if policy else None,
            "keyArn": how.get("KMSMasterKeyID"),
            **({"encryption": how["SSEAlgorithm"]} if how else {}),
        }
        outputs = BucketOutputs(
            arn=_arn(identity, aws),
            region=head.get("BucketRegion") or aws.region,
            encryption=how.get("SSEAlgorithm"),
            public_access_blocked=ask("get_public_access_block", "PublicAccessBlockConfiguration") == BLOCKED,
        )
        return Found(id=identity, inputs=inputs, outputs=outputs, tags=tags)

    def change(self, identity: str, new: BucketSpec, environment: Environment) -> BucketOutputs:
        """Set every setting; each is idempotent, so drift goes with it."""
        tags = as_dict(_setting(environment.aws, identity, "get_bucket_tagging", "TagSet"))
        self.require_held(tags, identity, environment)
        return self._set_all(new, environment, is_new=False)

    def destroy(self, identity: str, environment: Environment, inputs: Mapping[str, Any]) -> None:
        """Remove the bucket; with `forceDestroy` all that is in it first. Gone already is success.

        Raises:
            Refused: there are objects in it.
        """
        aws = environment.aws
        try:
            tags = as_dict(_setting(aws, identity, "get_bucket_tagging", "TagSet"))
            if self.is_taken(tags, identity, environment):
                return
            with aws.calling("s3:DeleteBucket", _place(identity)):
                if inputs.get("forceDestroy"):
                    remove_versions(aws, identity)
                aws.s3.delete_bucket(Bucket=identity)
        except EdgefleetError as error:
            if not is_gone(error):
                raise

    def namesake(self, spec: BucketSpec, environment: Environment) -> Namesake | None:
        """The account's own bucket of this name; another account's is reported by CreateBucket."""
        aws, name = environment.aws, spec.name
        try:
            if aws.seek("s3", "head_bucket", _place(name), Bucket=name) is None:
                return None
        except EdgefleetError as error:
            if error_code(error) == "403":
                return None
            raise
        return Namesake(name, as_dict(_setting(aws, name, "get_bucket_tagging", "TagSet")))

    def _set_all(self, spec: BucketSpec, environment: Environment, *, is_new: bool) -> BucketOutputs:
        """Make every setting, the protective ones first.

        Raises:
            Incomplete: some could not be created; all of them are named.
        """
        failed, outputs = list[Problem](), _outputs(spec, environment.aws)
        others = {} if is_new else _others_tags(spec.name, environment.aws)
        tags = {**others, **self.tags(spec, environment)}
        settings = {**_protections(spec), **_settings(spec, tags, is_new=is_new)}
        for method, parameters in settings.items():
            try:
                environment.call("s3", method, _place(spec.name), Bucket=spec.name, **parameters)
            except OutsideFailure as error:
                if error_code(error) not in ABSENT:
                    failed.extend(error.problems)
        if failed:
            done = "made" if is_new else "changed"
            problem = f"the bucket was {done} in part: {len(failed)} of its settings failed"
            hint = "fix the cause below and run up again"
            summary = Problem(code="incomplete", where=_place(spec.name), problem=problem, hint=hint)
            raise Incomplete((summary, *failed), id=spec.name, outputs=outputs)
        return outputs


Settings = dict[str, dict[str, Any]]
"""dict[method of S3 -> parameters beside the bucket]."""


def _protections(spec: BucketSpec) -> Settings:
    """The protective settings."""
    how = {"SSEAlgorithm": spec.encryption, "KMSMasterKeyID": spec.key_arn}
    given = {name: value for name, value in how.items() if value is not None}
    rule = {"ApplyServerSideEncryptionByDefault": given, "BucketKeyEnabled": True}
    status = "Enabled" if spec.versioning else "Suspended"
    return {
        "put_public_access_block": {"PublicAccessBlockConfiguration": BLOCKED},
        "put_bucket_encryption": {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        "put_bucket_versioning": {"VersioningConfiguration": {"Status": status}},
    }


def _settings(spec: BucketSpec, tags: Mapping[str, str], *, is_new: bool) -> Settings:
    """The other settings; undeclared ones are removed, if there may be some."""
    settings: Settings = {"put_bucket_tagging": {"Tagging": {"TagSet": as_list(tags)}}}
    if spec.lifecycle:
        rules = [_rule(rule, index) for index, rule in enumerate(spec.lifecycle)]
        settings["put_bucket_lifecycle_configuration"] = {"LifecycleConfiguration": {"Rules": rules}}
    elif not is_new:
        settings["delete_bucket_lifecycle"] = {}
    if spec.policy is not None:
        settings["put_bucket_policy"] = {"Policy": compact(spec.policy)}
    elif not is_new:
        settings["delete_bucket_policy"] = {}
    return settings


def _others_tags(bucket: str, aws: Aws) -> dict[str, str]:
    """Live tags that the provider ignores: S3 sets all tags at once."""
    if aws.cloud.ignore_tags == IgnoredTags():
        return {}
    live = as_dict(_setting(aws, bucket, "get_bucket_tagging", "TagSet"))
    return {key: value for key, value in live.items() if aws.cloud.ignore_tags.covers(key)}


def _setting(aws: Aws, bucket: str, method: str, path: str) -> Any:
    """The live setting at `path` of the answer to `method`; None if it was never made."""
    try:
        return value_at(aws.call("s3", method, _place(bucket), Bucket=bucket), path)
    except EdgefleetError as error:
        if error_code(error) in ABSENT:
            return None
        raise


def _rule(rule: BucketRule, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {"ID": f"edgefleet-{index}", "Status": "Enabled"}
    result["Filter"] = {"Prefix": rule.prefix}
    if rule.expire_days is not None:
        result["Expiration"] = {"Days": rule.expire_days}
    if rule.earlier_days is not None:
        result["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule.earlier_days}
    if rule.parts_days:
        result["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": rule.parts_days}
    return result


def _as_rule(rule: Mapping[str, Any]) -> BucketRule:
    return BucketRule(
        prefix=rule.get("Filter", {}).get("Prefix", rule.get("Prefix", "")),
        expire_days=rule.get("Expiration", {}).get("Days"),
        earlier_days=rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"),
        parts_days=rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation", 0),
    )


def _outputs(spec: BucketSpec, aws: Aws) -> BucketOutputs:
    return BucketOutputs(
        arn=_arn(spec.name, aws), region=aws.region, encryption=spec.encryption, public_access_blocked=True
    )


def _arn(name: str, aws: Aws) -> str:
    return f"arn:{aws.partition}:s3:::{name}"


def _place(name: str) -> str:
    return f"s3://{name}"
