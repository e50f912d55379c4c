"""AWS, reached through boto3 in this one place; its errors are translated here, once.

Credentials come from AWS's own chain (environment, files, instance role), a profile or an assumed role.
An emulated cloud gets dummy ones, so that a wrong endpoint can never be handed real rights.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore import credentials as chain
from botocore import exceptions as raised
from botocore.config import Config

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem, Refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "403"})
THROTTLED = frozenset(
    {
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "503",
    }
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
UNKNOWN_KEY = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId"})
GONE = frozenset({"NoSuchBucket", "NoSuchKey", "404", "NotFound"})


class Aws:
    """Clients of one account and region, made when first used and shared by all threads."""

    def __init__(
        self,
        *,
        region: str | None = None,
        endpoint: str | None = None,
        profile: str | None = None,
        role_arn: str | None = None,
        session: "boto3.Session | None" = None,
    ) -> None:
        """Nothing is contacted yet.

        Args:
            region: AWS region; AWS's own chain decides where it is None.
            endpoint: address of an AWS-like service in place of AWS.
            profile: name of a profile in AWS's configuration files.
            role_arn: role to assume with the credentials found.
            session: made by the caller, in place of `region` and `profile`.
        """
        self.endpoint = endpoint
        self._region, self._profile, self._role_arn, self._session = region, profile, role_arn, session
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @classmethod
    def emulated(cls, url: str, region: str | None = None) -> Self:
        """The emulated cloud at `url`, with dummy credentials."""
        session = boto3.Session(
            aws_access_key_id="emulated",
            aws_secret_access_key="emulated",  # noqa: S106 - opens nothing
            region_name=region or "us-east-1",
        )
        return cls(endpoint=url, session=session)

    @property
    def region(self) -> str:
        """Name of the region that clients speak to.

        Raises:
            OutsideFailure: none is set anywhere.
        """
        with self._lock, self.calling("configure", "AWS"):
            found = self._made_session().region_name
        if not found:
            raise OutsideFailure(_problem(raised.NoRegionError(), "configure", "AWS"))
        return found

    @property
    def s3(self) -> "S3Client":
        """The client of S3."""
        client: S3Client = self.client("s3")
        return client

    def client(self, service: str) -> Any:
        """The client of `service`, ``s3``, safe to use from several threads.

        Raises:
            OutsideFailure: no such profile, no region.
        """
        with self._lock:
            if service not in self._clients:
                with self.calling("configure", f"AWS {service}"):
                    self._clients[service] = self._made_session().client(
                        service, endpoint_url=self.endpoint, config=self._config()
                    )
            return self._clients[service]

    def _config(self) -> Config:
        # Bounded: a service that refuses is reported within two minutes, whatever it is.
        style = {"addressing_style": "path"} if self.endpoint else {}
        return Config(
            retries={"mode": "standard", "total_max_attempts": 5},
            connect_timeout=5,
            read_timeout=20,
            max_pool_connections=64,
            user_agent_extra="edgefleet",
            s3=style,  # type: ignore[arg-type]  # the stub wants the TypedDict that this literal is
        )

    def _made_session(self) -> "boto3.Session":
        if self._session is None:
            self._session = boto3.Session(profile_name=self._profile, region_name=self._region)
        if self._role_arn is not None:
            _assume(self._session, self._role_arn, self.endpoint)
            self._role_arn = None
        return self._session

    @contextmanager
    def calling(self, action: str, resource: str) -> Iterator[None]:
        """Turn boto's errors inside the block into one clear line each.

        Args:
            action: the permission that the calls need, ``s3:PutObject``.
            resource: what they work on, ``s3://images/sites/n1``.

        Raises:
            OutsideFailure: AWS or the way there failed.
            InvalidInput: AWS says the request itself is wrong.
        """
        try:
            yield
        except raised.ParamValidationError as error:
            raise InvalidInput(_problem(error, action, resource)) from error
        except (raised.BotoCoreError, raised.ClientError) as error:
            raise _family(error)(_problem(error, action, resource)) from error


def error_code(error: EdgefleetError) -> str:
    """The code that AWS gave for a failed call, ``NoSuchBucket``; empty where it gave none."""
    cause = error.__cause__
    return (
        str(cause.response.get("Error", {}).get("Code", "")) if isinstance(cause, raised.ClientError) else ""
    )


def is_gone(error: EdgefleetError) -> bool:
    """Whether `error` says that what was asked for is not there."""
    return error_code(error) in GONE


def _assume(session: "boto3.Session", role_arn: str, endpoint: str | None) -> None:
    """Make `session` use `role_arn`, asked for at `endpoint`; its credentials are renewed as they run out."""
    inner = session._session  # noqa: SLF001 - boto3 has no public door to renewable role credentials
    fetcher = chain.AssumeRoleCredentialFetcher(
        client_creator=partial(inner.create_client, endpoint_url=endpoint),
        source_credentials=inner.get_credentials(),
        role_arn=role_arn,
        extra_args={"RoleSessionName": "edgefleet"},
    )
    renewed = chain.DeferredRefreshableCredentials(
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    inner._credentials = renewed  # type: ignore[attr-defined]  # noqa: SLF001 - the same, and not in the stub


def _family(error: Exception) -> type[EdgefleetError]:
    is_refusal = (
        isinstance(error, raised.ClientError) and error.response["Error"].get("Code") == "BucketNotEmpty"
    )
    return Refused if is_refusal else OutsideFailure


def _problem(error: Exception, action: str, resource: str) -> Problem:
    code, problem, hint = (
        _of_answer(error, action) if isinstance(error, raised.ClientError) else _of_way_there(error, action)
    )
    return Problem(code=code, where=resource, problem=problem, hint=hint)


def _of_answer(error: "raised.ClientError", action: str) -> tuple[str, str, str]:
    """Code, problem and hint for what AWS answered."""
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", "")).rstrip(".")
    known = {
        "NoSuchBucket": ("the bucket does not exist", "create it first, or correct its name"),
        "BucketAlreadyExists": (
            "another account has a bucket of this name",
            "choose another name; S3 names are global",
        ),
        "BucketAlreadyOwnedByYou": (
            "you already own a bucket of this name",
            "import it, or choose another name",
        ),
        "BucketNotEmpty": (
            "the bucket is not empty",
            "empty it, or set forceDestroy and run up before destroying",
        ),
        "InvalidBucketName": ("this is no valid bucket name", "use 3 to 63 of a-z, 0-9, - and ."),
        "IllegalLocationConstraintException": (
            "the bucket belongs to another region",
            "set the provider's region to it",
        ),
    }
    if code in known:
        return (code, *known[code])
    if code in DENIED:
        return (
            "access-denied",
            f"AWS refused {action}: access denied",
            f"allow {action} on it to the identity in use; `aws sts get-caller-identity` says which it is",
        )
    if code in THROTTLED:
        return (
            "throttled",
            f"AWS is throttling {action}, also after 5 tries",
            "run again later, or with fewer at once",
        )
    if code in EXPIRED:
        return "expired", "the AWS credentials have expired", "log in again, for example `aws sso login`"
    if code in UNKNOWN_KEY:
        return "credentials", "AWS does not know these credentials", "see AWS_PROFILE and AWS_ACCESS_KEY_ID"
    return (
        code or "aws",
        f"{action} failed: {code} {message}".rstrip(),
        "see AWS's documentation of this error",
    )


def _of_way_there(error: Exception, action: str) -> tuple[str, str, str]:
    """Code, problem and hint for what went wrong before AWS could answer."""
    text = _one_line(error)
    for kinds, code, problem, hint in _WAY_THERE:
        if isinstance(error, kinds):
            return code, problem.format(action=action, text=text), hint
    return "aws", f"{action} failed: {text}", "see AWS's documentation of this error"


_WAY_THERE: tuple[tuple[tuple[type[Exception], ...], str, str, str], ...] = (
    (
        (raised.NoCredentialsError, raised.PartialCredentialsError),
        "credentials",
        "no AWS credentials were found",
        "log in (`aws configure`), or set AWS_PROFILE",
    ),
    ((raised.NoRegionError,), "region", "no AWS region is set", "set the provider's region, or AWS_REGION"),
    (
        (raised.ProfileNotFound,),
        "profile",
        "{text}",
        "correct the provider's profile; `aws configure list-profiles` lists them",
    ),
    (
        (raised.ParamValidationError,),
        "invalid-request",
        "{action} was given a wrong value: {text}",
        "correct it",
    ),
    (
        (raised.SSOError, raised.TokenRetrievalError),
        "expired",
        "the AWS login has expired",
        "log in again: aws sso login",
    ),
    (
        (raised.HTTPClientError, raised.ConnectionError),
        "unreachable",
        "no answer to {action}: {text}",
        "see whether the network and the endpoint are up",
    ),
)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
