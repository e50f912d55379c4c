"""`Cloud`: the AWS account that resources are in, and with whose rights; declared once.

A fleet file has it under ``controlPlane.cloud``, a program in the arguments of `Provider`, a stack's
configuration under ``edgefleet:``. Credentials come from AWS's own environment and files.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from edgefleet.errors import Problem
from edgefleet.model.paths import Part, format_path
from edgefleet.model.releases import AwsRegion, Endpoint, RoleArn
from edgefleet.model.spec import Written, spec
from edgefleet.model.syntax import Grammar
from edgefleet.model.tags import DefaultTags, IgnoredTags
from edgefleet.model.unknown import is_known

COUNTRIES: Mapping[str, str] = {
    region: country
    for country, regions in {
        "AE": "me-central-1",
        "AU": "ap-southeast-2 ap-southeast-4",
        "BH": "me-south-1",
        "BR": "sa-east-1",
        "CA": "ca-central-1 ca-west-1",
        "CH": "eu-central-2",
        "CL": "sa-west-1",
        "CN": "cn-north-1 cn-northwest-1",
        "DE": "eu-central-1 eusc-de-east-1",
        "ES": "eu-south-2",
        "FR": "eu-west-3",
        "GB": "eu-west-2",
        "HK": "ap-east-1",
        "ID": "ap-southeast-3",
        "IE": "eu-west-1",
        "IL": "il-central-1",
        "IN": "ap-south-1 ap-south-2",
        "IT": "eu-south-1",
        "JP": "ap-northeast-1 ap-northeast-3",
        "KR": "ap-northeast-2",
        "MX": "mx-central-1",
        "MY": "ap-southeast-5",
        "NZ": "ap-southeast-6",
        "SA": "me-west-1",
        "SE": "eu-north-1",
        "SG": "ap-southeast-1",
        "TH": "ap-southeast-7",
        "TW": "ap-east-2",
        "US": "us-east-1 us-east-2 us-west-1 us-west-2 us-gov-east-1 us-gov-west-1",
        "ZA": "af-south-1",
    }.items()
    for region in regions.split()
}
"""dict[AWS region -> its country, ISO 3166-1 alpha-2] (botocore, data/partitions.json, descriptions)."""
EMULATED = "emulated"
"""The endpoint that stands for this project's emulated cloud."""
_AWS_PROFILE = Grammar(
    r"[A-Za-z0-9_.@+-]+", "bad-profile", "a profile of AWS", "write its name in ~/.aws/config", 100
)
AwsProfile = Annotated[str, _AWS_PROFILE]
_ACCOUNT = Grammar(
    r"\d{12}", "bad-account", "the number of an account", "write its 12 digits, such as 123456789012", 12
)
Account = Annotated[str, _ACCOUNT]
_SESSION = Grammar(
    r"[A-Za-z0-9_+=,.@-]{2,64}",
    "bad-session",
    "the name of a session",
    "use 2 to 64 letters, digits and _+=,.@-",
    64,
)
SessionName = Annotated[str, _SESSION]
_EXTERNAL_ID = Grammar(
    r"[A-Za-z0-9_+=,.@:/-]{2,1224}",
    "bad-external-id",
    "an external id",
    "use 2 to 1,224 letters, digits and _+=,.@:/-",
    1224,
)
ExternalId = Annotated[str, _EXTERNAL_ID]


@spec
class AssumedRole:
    """A role to assume (STS API, AssumeRole)."""

    role_arn: RoleArn
    """ARN of the role."""
    external_id: ExternalId | None = None
    """External ID that the role's trust policy requires."""
    session_name: SessionName | None = None
    """Name of the session in CloudTrail. By default it is edgefleet."""


@spec
class Cloud:
    """The cloud account of the region."""

    region: Annotated[AwsRegion | None, Written()] = None
    """AWS region, eu-central-1. By default it is that of AWS_REGION, AWS_DEFAULT_REGION or the profile."""
    endpoint: Endpoint | None = None
    """`emulated` for the emulated cloud on this machine, or an address. By default it is AWS itself."""
    profile: AwsProfile | None = None
    """Profile in the AWS configuration of the user who runs edgefleet."""
    role_arn: RoleArn | None = None
    """Role to assume first."""
    external_id: ExternalId | None = None
    """External ID that the role's trust policy requires."""
    session_name: SessionName | None = None
    """Name of the role's session in CloudTrail. By default it is edgefleet."""
    assume_roles: tuple[AssumedRole, ...] = ()
    """Roles to assume after it, each with the rights of the one before."""
    allowed_account_ids: tuple[Account, ...] = ()
    """Accounts that may be changed; with credentials of another one nothing is called."""
    forbidden_account_ids: tuple[Account, ...] = ()
    """Accounts that may not be changed."""
    default_tags: DefaultTags = DefaultTags()
    """Tags of each resource that can have some."""
    ignore_tags: IgnoredTags = IgnoredTags()
    """Tags that others manage: they are never read, changed or removed."""

    @property
    def roles(self) -> tuple[AssumedRole, ...]:
        """The roles to assume, in order."""
        if self.role_arn is None:
            return self.assume_roles
        first = AssumedRole(
            role_arn=self.role_arn, external_id=self.external_id, session_name=self.session_name
        )
        return (first, *self.assume_roles)


AMBIENT = Cloud()
"""The account of the environment and of AWS's files."""


def problems_of(cloud: Cloud) -> Iterator[Problem]:
    """Problems between the values of `cloud`; any may be `UNKNOWN`."""
    if cloud.role_arn is None:
        for name, value in (("externalId", cloud.external_id), ("sessionName", cloud.session_name)):
            if value is not None:
                hint = "add roleArn, or remove it; a role of assumeRoles has its own"
                yield Problem.of_value(name, "no-role", "is of a role, and none is given", hint)
    if cloud.allowed_account_ids and cloud.forbidden_account_ids:
        hint = "remove it: with allowedAccountIds every other account is forbidden"
        yield Problem.of_value("forbiddenAccountIds", "accounts", "has no effect", hint)
    if is_known(cloud.default_tags):
        yield from ignored_problems(cloud.default_tags.tags, cloud, ("defaultTags", "tags"))


def ignored_problems(tags: Mapping[str, str], cloud: Cloud, path: tuple[Part, ...]) -> Iterator[Problem]:
    """A problem for each tag declared at `path` that `cloud` ignores; any value may be `UNKNOWN`."""
    rules = cloud.ignore_tags
    if not is_known(tags, rules) or not is_known(rules.keys, rules.key_prefixes):
        return
    for key in tags:
        if rules.covers(key):
            hint = "remove it here or from ignoreTags; what is ignored is never changed"
            problem = "is a tag that ignoreTags covers"
            yield Problem.of_value(format_path((*path, key)), "ignored-tag", problem, hint)
