"""AWS, reached through boto3 in this one place; its errors are translated here, once.

Credentials come from AWS's own chain (environment, files, instance role), a profile or an assumed role.
An emulated cloud gets dummy ones, so that a wrong endpoint never gets real credentials.

boto3 is imported with the first client: most previews need none, and it takes an eighth of a second.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from edgefleet.errors import EdgefleetError, Refused
from edgefleet.io.batching import Batcher
from edgefleet.io.emulator import parted
from edgefleet.model.cloud import AMBIENT, AssumedRole, Cloud

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from botocore.credentials import Credentials
    from mypy_boto3_s3 import S3Client

Item = TypeVar("Item")

GONE = frozenset(
    {
        "NoSuchBucket",
        "NoSuchKey",
        "404",
        "NotFound",
        "NoSuchEntity",
        "ParameterNotFound",
        "InvalidResourceId",
        "NoSuchHostedZone",
    }
)
GONE_ENDINGS = (".NotFound", "NotFoundException", "NotFound", ".Malformed")
"""Suffixes of the error codes for a missing resource; malformed is an id that nothing can have."""
PERMISSIONS: Mapping[str, str] = {
    "elbv2:": "elasticloadbalancing:",
    "resourcegroupstaggingapi:": "tag:",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
}
"""dict[beginning of a client and its operation -> of the permission], where the two differ."""


class Aws:
    """Clients of one account and region, made when first used and shared by all threads."""

    attempts = 5
    """Times that a call is tried which AWS throttles or fails to answer."""

    def __init__(
        self,
        cloud: Cloud = AMBIENT,
        *,
        session: "boto3.Session | None" = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Nothing is contacted yet.

        Args:
            cloud: region, endpoint, profile and roles; AWS's own chain decides what is absent there.
            session: made by the caller, in place of the cloud's profile.
            environ: the process's; boto3 itself does not read AWS_REGION, which precedes AWS_DEFAULT_REGION.
        """
        self.cloud, self.endpoint = cloud, cloud.endpoint
        self._account = ""
        self._session = session
        self._region = cloud.region or (environ.get("AWS_REGION") if session is None else None) or None
        self._roles = cloud.roles
        self._clients: dict[str, Any] = {}
        self._shared: dict[str, Any] = {}
        self._elsewhere: dict[str, Aws] = {}
        self._lock = threading.RLock()

    @classmethod
    def emulated(cls, url: str, region: str | None = None, *, cloud: Cloud = AMBIENT) -> Self:
        """The emulated cloud at `url`, whose user is the token: it is sent as the id of the access key.

        Of `cloud` only what it says about tags counts: an emulated account has nobody's rights.
        """
        from edgefleet.io.aws_session import new_session  # noqa: PLC0415 - see above

        address, token = parted(url)
        session = new_session(
            aws_access_key_id=token or "emulated",
            aws_secret_access_key="emulated",  # noqa: S106 - opens nothing
            region_name=region or "us-east-1",
        )
        tags = Cloud(endpoint=address, default_tags=cloud.default_tags, ignore_tags=cloud.ignore_tags)
        return cls(tags, session=session)

    @property
    def region(self) -> str:
        """Name of the region that clients speak to.

        Raises:
            OutsideFailure: none is set anywhere.
        """
        with self._lock, self.calling("configure", "AWS"):
            name = self._region or self._made_session().region_name
            if not name:
                from botocore.exceptions import NoRegionError  # noqa: PLC0415 - see above

                raise NoRegionError
        return name

    @property
    def partition(self) -> str:
        """First part of ARNs: ``aws``, or another one in China and for governments."""
        return partition_of(self.region)

    @property
    def account(self) -> str:
        """Number of the account; requested once."""
        if not self._account:
            self._account = str(self.call("sts", "get_caller_identity", "AWS account")["Account"])
        return self._account

    def credentials(self) -> "Credentials":
        """What requests are signed with.

        Raises:
            OutsideFailure: there are none.
        """
        from botocore.exceptions import NoCredentialsError  # noqa: PLC0415 - see above

        with self._lock, self.calling("sign", "a request to a bucket"):
            credentials = self._made_session().get_credentials()
            if credentials is None:
                raise NoCredentialsError
        return credentials

    def require_account(self) -> None:
        """Call nothing but STS, once, and that only where accounts are allowed or forbidden.

        Raises:
            Refused: the credentials are of an account that must not be changed.
        """
        allowed, forbidden = self.cloud.allowed_account_ids, self.cloud.forbidden_account_ids
        if (allowed and self.account not in allowed) or (forbidden and self.account in forbidden):
            rule = f"allowedAccountIds has {', '.join(allowed)}" if allowed else "forbiddenAccountIds has it"
            problem = f"the credentials are of the account {self.account}, and {rule}"
            hint = "use credentials of the right account (see profile and roleArn), or correct the list"
            raise Refused.at("AWS account", "wrong-account", problem, hint)

    def arn(
        self, service: str, resource: str, *, account: str | None = None, region: str | None = None
    ) -> str:
        """The Amazon Resource Name of `resource`, ``vpc/vpc-0a1b``."""
        place = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{place}:{account or self.account}:{resource}"

    @property
    def s3(self) -> "S3Client":
        """The client of S3."""
        client: S3Client = self.client("s3")
        return client

    def client(self, service: str) -> Any:
        """The client of `service`, ``s3``, safe to use from several threads.

        Raises:
            OutsideFailure: no such profile, no region.
            Refused: the credentials are of an account that must not be changed.
        """
        if service != "sts":
            self.require_account()
        with self._lock:
            if service not in self._clients:
                with self.calling("configure", f"AWS {service}"):
                    make: Any = self._made_session().client
                    self._clients[service] = make(
                        service, region_name=self._region, endpoint_url=self.endpoint, config=self._config()
                    )
            return self._clients[service]

    def in_region(self, region: str | None) -> "Aws":
        """The same account in another region; this one where `region` is None or its own."""
        if region is None or region == self.region:
            return self
        with self._lock:
            if region not in self._elsewhere:
                cloud = replace(self.cloud, region=region, role_arn=None, assume_roles=())
                there = type(self)(cloud, session=self._made_session())
                there._account = self._account  # noqa: SLF001 - the same account, asked for once
                self._elsewhere[region] = there
            return self._elsewhere[region]

    def call(self, service: str, method: str, place: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one call, its errors translated.

        Args:
            service: ``ec2``.
            method: ``create_vpc``, as boto3 has it; the permission follows from it.
            place: what it works on, for messages, ``Vpc hub``.
            parameters: as AWS names them; those that are None are left out.
        """
        client = self.client(service)
        with self.calling(permission(client, service, method), place):
            given = {name: value for name, value in parameters.items() if value is not None}
            return cast("dict[str, Any]", getattr(client, method)(**given))

    def seek(self, service: str, method: str, place: str, **parameters: Any) -> dict[str, Any] | None:
        """As `call`; None where AWS reports that the resource does not exist."""
        try:
            return self.call(service, method, place, **parameters)
        except EdgefleetError as error:
            if is_gone(error):
                return None
            raise

    def pages(
        self, service: str, method: str, place: str, *, key: str, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """The items at `key` of all pages of the answer."""
        client = self.client(service)
        with self.calling(permission(client, service, method), place):
            if not client.can_paginate(method):
                yield from getattr(client, method)(**parameters).get(key) or []
                return
            for page in client.get_paginator(method).paginate(**parameters):
                yield from page.get(key) or []

    def batcher(
        self, kind: str, fetch: Callable[[list[str]], Mapping[str, Item]], *, limit: int = 100
    ) -> Batcher[Item]:
        """The batcher for look-ups of `kind`, one for all threads; `fetch` is the first caller's."""
        return self.shared(f"batcher {kind}", lambda: Batcher(fetch, limit=limit))

    def shared(self, kind: str, make: Callable[[], Item]) -> Item:
        """The object that all threads share under the name `kind`, made by the first that needs it."""
        with self._lock:
            if kind not in self._shared:
                self._shared[kind] = make()
            return cast("Item", self._shared[kind])

    def _config(self) -> "Config":
        from botocore.config import Config  # noqa: PLC0415 - see above

        # Bounded: a service that refuses is reported within two minutes, whatever it is.
        style = {"addressing_style": "path"} if self.endpoint else {}
        return Config(
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            connect_timeout=5,
            read_timeout=20,
            max_pool_connections=64,
            user_agent_extra="edgefleet",
            s3=style,  # type: ignore[arg-type]  # the stub wants the TypedDict that this literal is
        )

    def _made_session(self) -> "boto3.Session":
        if self._session is None:
            from edgefleet.io.aws_session import new_session  # noqa: PLC0415 - see above

            self._session = new_session(profile_name=self.cloud.profile, region_name=self._region)
        for role in self._roles:
            _assume(self._session, role, self.endpoint)
        self._roles = ()
        return self._session

    @contextmanager
    def calling(self, action: str, resource: str) -> Iterator[None]:
        """Turn boto's errors inside the block into one clear line each.

        Args:
            action: the permission that the calls need, ``s3:PutObject``.
            resource: what they work on, ``s3://images/sites/n1``.

        Raises:
            OutsideFailure: AWS or the way there failed.
            InvalidInput: AWS rejects the request itself.
        """
        try:
            yield
        except Exception as error:
            from edgefleet.io.aws_errors import translated  # noqa: PLC0415 - it imports what raises

            translated_error = translated(error, action, resource)
            if translated_error is None:
                raise
            raise translated_error from error


def partition_of(region: str) -> str:
    """First part of ARNs of a region: ``aws``, or another one in China and for governments."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def permission(client: Any, service: str, method: str) -> str:
    """The permission that a call needs, ``ec2:CreateVpc``."""
    name = f"{service}:{client.meta.method_to_api_mapping.get(method, method)}"
    return PERMISSIONS.get(name) or name.replace(f"{service}:", PERMISSIONS.get(f"{service}:", f"{service}:"))


def error_code(error: EdgefleetError) -> str:
    """The code that AWS gave for a failed call, ``NoSuchBucket``; empty where it gave none."""
    answer = getattr(error.__cause__, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""


def error_message(error: EdgefleetError) -> str:
    """AWS's message about a failed call; empty where it gave none."""
    answer = getattr(error.__cause__, "response", None)
    return str(answer.get("Error", {}).get("Message", "")) if isinstance(answer, dict) else ""


def is_gone(error: EdgefleetError) -> bool:
    """Whether `error` reports a missing resource."""
    code = error_code(error)
    return code in GONE or code.endswith(GONE_ENDINGS)


def _assume(session: "boto3.Session", role: AssumedRole, endpoint: str | None) -> None:
    """Make `session` assume `role` at `endpoint` with the rights that it has, and again as they expire."""
    from botocore import credentials as chain  # noqa: PLC0415 - see above

    inner = session._session  # noqa: SLF001 - boto3 has no public door to renewable role credentials
    fetcher = chain.AssumeRoleCredentialFetcher(
        client_creator=partial(inner.create_client, endpoint_url=endpoint),
        source_credentials=inner.get_credentials(),
        role_arn=role.role_arn,
        extra_args={
            "RoleSessionName": role.session_name or "edgefleet",
            **({"ExternalId": role.external_id} if role.external_id else {}),
        },
    )
    renewed = chain.DeferredRefreshableCredentials(
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    inner._credentials = renewed  # type: ignore[attr-defined]  # noqa: SLF001 - the same, and not in the stub
