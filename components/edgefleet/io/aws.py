"""AWS, reached through boto3 in this one place; its errors are translated here, once.

Credentials come from AWS's own chain (environment, files, instance role), a profile or an assumed role.
An emulated cloud gets dummy ones, so that a wrong endpoint can never be handed real rights.

boto3 is imported with the first client: most previews need none, and it takes an eighth of a second.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from edgefleet.errors import EdgefleetError

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from mypy_boto3_s3 import S3Client

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
        import boto3  # noqa: PLC0415 - see above

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
                from botocore.exceptions import NoRegionError  # noqa: PLC0415 - see above

                raise NoRegionError
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

    def _config(self) -> "Config":
        from botocore.config import Config  # noqa: PLC0415 - see above

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
            import boto3  # noqa: PLC0415 - see above

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
        except Exception as error:
            from edgefleet.io.aws_errors import translated  # noqa: PLC0415 - it imports what raises

            told = translated(error, action, resource)
            if told is None:
                raise
            raise told from error


def error_code(error: EdgefleetError) -> str:
    """The code that AWS gave for a failed call, ``NoSuchBucket``; empty where it gave none."""
    answer = getattr(error.__cause__, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""


def is_gone(error: EdgefleetError) -> bool:
    """Whether `error` says that what was asked for is not there."""
    return error_code(error) in GONE


def _assume(session: "boto3.Session", role_arn: str, endpoint: str | None) -> None:
    """Make `session` use `role_arn`, asked for at `endpoint`; its credentials are renewed as they run out."""
    from botocore import credentials as chain  # noqa: PLC0415 - see above

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
