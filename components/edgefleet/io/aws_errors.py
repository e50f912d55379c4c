"""Translates AWS's errors into one clear line each."""

import json
import re
from collections.abc import Mapping
from typing import Any

from botocore import exceptions as raised

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Refused

DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "Forbidden", "403"}
)
ON_RESOURCE = re.compile(r"on resource: (arn:[^\s,]+)")
OTHERWISE = "correct what this message names; if that is nothing of yours, run up again and ask AWS Support"
"""What to do about an error that no other words are for."""
Words = tuple[str, str, str]
"""Code, problem and hint; ``{action}``, ``{code}`` and ``{message}`` stand for the call and AWS's answer."""
_FAILED = "{action} failed: {code} {message}"
_ANSWERS: tuple[tuple[str, Words], ...] = (
    ("NoSuchBucket", ("", "the bucket does not exist", "create it first, or correct its name")),
    (
        "BucketAlreadyExists",
        ("", "another account has a bucket of this name", "choose another name; S3 names are global"),
    ),
    (
        "BucketAlreadyOwnedByYou",
        ("", "you already own a bucket of this name", "import it, or choose another name"),
    ),
    (
        "BucketNotEmpty",
        ("", "the bucket is not empty", "empty it, or set forceDestroy and run up before destroying"),
    ),
    (
        "InvalidSubnet.Conflict",
        (
            "",
            "its addresses overlap those of another subnet of the network",
            "choose a block that is free; `aws ec2 describe-subnets` shows those that are taken",
        ),
    ),
    (
        "InvalidSubnet.Range",
        ("", "its addresses are not within those of the network", "choose a block inside of the network's"),
    ),
    ("InvalidBucketName", ("", "this is not a valid bucket name", "use 3 to 63 of a-z, 0-9, - and .")),
    (
        "IllegalLocationConstraintException",
        ("", "the bucket belongs to another region", "set the provider's region to it"),
    ),
    (
        "Insufficient(Instance|Host)?Capacity",
        (
            "no-capacity",
            "AWS has no room for it now: {message}",
            "run up again later, or choose another instance type or zone",
        ),
    ),
    (
        (
            "SlowDown|Throttling(Exception)?|Request(LimitExceeded|Throttled)|PriorRequestNotComplete"
            "|TooManyRequestsException|503"
        ),
        (
            "throttled",
            "AWS is throttling {action}, also after 5 tries",
            "run again later, or with fewer at once",
        ),
    ),
    (
        "ExpiredToken(Exception)?|RequestExpired|TokenRefreshRequired",
        ("expired", "the AWS credentials have expired", "log in again, for example `aws sso login`"),
    ),
    (
        "InvalidAccessKeyId|SignatureDoesNotMatch|InvalidClientTokenId",
        ("credentials", "AWS does not know these credentials", "see AWS_PROFILE and AWS_ACCESS_KEY_ID"),
    ),
    (
        ".*(LimitExceeded|QuotaExceeded|LimitExceededException|TooManyBuckets).*",
        (
            "quota",
            "the account's quota does not allow {action}: {message}",
            "raise it in AWS's Service Quotas (`aws service-quotas list-service-quotas`), or remove others",
        ),
    ),
    (
        "OptInRequired|SubscriptionRequired(Exception)?|PendingVerification|UnrecognizedClientException",
        ("", _FAILED, "the account has no access to this service or region: enable it in AWS's console"),
    ),
    (
        ".*(NotFound|NotFoundException|NoSuch[A-Za-z]+|DoesNotExist.*)|NoSuch.*",
        ("", _FAILED, "what AWS names does not exist: run refresh, correct its id or name, and run up again"),
    ),
    (
        ".*(InUse|InUseException|AlreadyAssociated|AlreadyExists.*|Duplicate.*)|EntityAlreadyExists|Duplicate.*",
        ("", _FAILED, "remove or import what AWS names, or choose another name, and run up again"),
    ),
    (
        "DependencyViolation|DeleteConflict|.*Conflict(Exception)?|ConcurrentModification.*|OperationAborted",
        ("", _FAILED, "wait until other changes of it end, remove what still uses it, and run up again"),
    ),
    (
        "(Invalid|Validation|Malformed|Missing|Unsupported|Incompatible|Unknown).*|.*[.](Malformed|Invalid)",
        ("", _FAILED, "correct the input that AWS names and run up again"),
    ),
    (
        "Internal.*|Service(Unavailable|Failure|Failed|Exception).*|Unavailable|5[0-9][0-9]",
        ("", _FAILED, "AWS is at fault: run up again; https://health.aws.amazon.com lists its outages"),
    ),
)
"""(pattern of AWS's code, words): the first that matches counts; words without a code keep AWS's."""
_WAY_THERE: tuple[tuple[tuple[type[Exception], ...], Words], ...] = (
    (
        (raised.NoCredentialsError, raised.PartialCredentialsError),
        ("credentials", "no AWS credentials were found", "log in (`aws configure`), or set AWS_PROFILE"),
    ),
    ((raised.NoRegionError,), ("region", "no AWS region is set", "set the provider's region, or AWS_REGION")),
    (
        (raised.ProfileNotFound,),
        (
            "profile",
            "{message}",
            "correct the provider's profile; `aws configure list-profiles` lists them",
        ),
    ),
    (
        (raised.ParamValidationError,),
        ("invalid-request", "{action} was given a wrong value: {message}", "correct it"),
    ),
    (
        (raised.SSOError, raised.TokenRetrievalError),
        ("expired", "the AWS login has expired", "log in again: aws sso login"),
    ),
    (
        (raised.HTTPClientError, raised.ConnectionError),
        (
            "unreachable",
            "no answer to {action}: {message}",
            "see whether the network and the endpoint are up",
        ),
    ),
)


def translated(error: Exception, action: str, resource: str) -> EdgefleetError | None:
    """The error to raise in the place of boto's; None where it is not one of boto's.

    Args:
        error: what was raised.
        action: the permission that the call needs, ``s3:PutObject``.
        resource: what it worked on, ``s3://images/sites/n1``.
    """
    if isinstance(error, raised.ClientError):
        action = "sts:AssumeRole" if error.operation_name == "AssumeRole" else action
        family = Refused if error.response["Error"].get("Code") == "BucketNotEmpty" else OutsideFailure
        return family.at(resource, *_of_answer(error.response.get("Error", {}), action))
    if not isinstance(error, raised.BotoCoreError):
        return None
    message = " ".join(str(error).split()).rstrip(".")
    other = ("aws", "{action} failed: {message}", OTHERWISE)
    words = next((words for kinds, words in _WAY_THERE if isinstance(error, kinds)), other)
    of = InvalidInput if isinstance(error, raised.ParamValidationError) else OutsideFailure
    return of.at(resource, *_filled(words, action, message=message))


def _of_answer(answer: Mapping[str, Any], action: str) -> Words:
    """The words for an error that AWS returned."""
    code, message = str(answer.get("Code", "")), str(answer.get("Message", "")).rstrip(".")
    if code in DENIED:
        allowed = statement(action, message)
        hint = f"allow it to the identity in use (`aws sts get-caller-identity`): {allowed}"
        return "access-denied", f"AWS refused {action}: access denied", hint
    for pattern, words in _ANSWERS:
        if re.fullmatch(pattern, code):
            return _filled(words, action, code=code, message=message)
    return _filled(("", _FAILED, OTHERWISE), action, code=code, message=message)


def _filled(words: Words, action: str, *, message: str, code: str = "aws") -> Words:
    ours, problem, hint = words
    return ours or code or "aws", problem.format(action=action, code=code, message=message).rstrip(), hint


def statement(action: str, message: str) -> str:
    """The policy statement that would allow `action` on what AWS names in its message, else on anything."""
    named = ON_RESOURCE.search(message)
    resource = named.group(1).rstrip(".") if named else "*"
    return json.dumps({"Effect": "Allow", "Action": action, "Resource": resource})
