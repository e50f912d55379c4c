"""Translates AWS's errors into one clear line each."""

import json
import re

from botocore import exceptions as raised

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem, Refused

DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "Forbidden", "403"}
)
QUOTA = re.compile(r"LimitExceeded|QuotaExceeded|LimitExceededException|TooManyBuckets")
"""Codes that mean: the account may not have more of these."""
NO_CAPACITY = frozenset({"InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientCapacity"})
ON_RESOURCE = re.compile(r"on resource: (arn:[^\s,]+)")
THROTTLED = frozenset(
    {
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "PriorRequestNotComplete",
        "TooManyRequestsException",
        "503",
    }
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
UNKNOWN_KEY = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId"})


def translated(error: Exception, action: str, resource: str) -> EdgefleetError | None:
    """The error to raise in the place of boto's; None where it is not one of boto's.

    Args:
        error: what was raised.
        action: the permission that the call needs, ``s3:PutObject``.
        resource: what it worked on, ``s3://images/sites/n1``.
    """
    if isinstance(error, raised.ParamValidationError):
        return InvalidInput(_problem(error, action, resource))
    if isinstance(error, raised.BotoCoreError | raised.ClientError):
        return _family(error)(_problem(error, action, resource))
    return None


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


def _of_answer(error: raised.ClientError, action: str) -> tuple[str, str, str]:
    """Code, problem and hint for an error that AWS returned."""
    answer = error.response.get("Error", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", "")).rstrip(".")
    explanations = {
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
        "InvalidSubnet.Conflict": (
            "its addresses overlap those of another subnet of the network",
            "choose a block that is free; `aws ec2 describe-subnets` shows those that are taken",
        ),
        "InvalidSubnet.Range": (
            "its addresses are not within those of the network",
            "choose a block inside of the network's",
        ),
        "InvalidBucketName": ("this is not a valid bucket name", "use 3 to 63 of a-z, 0-9, - and ."),
        "IllegalLocationConstraintException": (
            "the bucket belongs to another region",
            "set the provider's region to it",
        ),
    }
    if code in explanations:
        return (code, *explanations[code])
    if code in DENIED:
        return (
            "access-denied",
            f"AWS refused {action}: access denied",
            f"allow it to the identity in use (`aws sts get-caller-identity`): {statement(action, message)}",
        )
    return _of_state(code, message, action)


def statement(action: str, message: str) -> str:
    """The policy statement that would allow `action` on what AWS names in its message, else on anything."""
    found = ON_RESOURCE.search(message)
    return json.dumps(
        {"Effect": "Allow", "Action": action, "Resource": found.group(1).rstrip(".") if found else "*"}
    )


def _of_state(code: str, message: str, action: str) -> tuple[str, str, str]:
    """Code, problem and hint where it is the account's or the service's state that is in the way."""
    if code in NO_CAPACITY:
        return (
            "no-capacity",
            f"AWS has no room for it now: {message}",
            "run up again later, or choose another instance type or zone",
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
    if QUOTA.search(code):
        hint = "raise it in AWS's Service Quotas (`aws service-quotas list-service-quotas`), or remove others"
        return "quota", f"the account's quota does not allow {action}: {message}", hint
    return (
        code or "aws",
        f"{action} failed: {code} {message}".rstrip(),
        "see AWS's documentation of this error",
    )


def _of_way_there(error: Exception, action: str) -> tuple[str, str, str]:
    """Code, problem and hint for an error before AWS could answer."""
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
