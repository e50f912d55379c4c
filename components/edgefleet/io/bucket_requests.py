"""Signatures of requests for files in private S3 buckets (AWS Signature Version 4)."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from botocore.credentials import Credentials

_HOST = re.compile(r"[a-z0-9.-]+\.s3\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
"""A bucket's (S3 user guide, virtual hosting of buckets)."""


class BucketRequests:
    """Signs requests to buckets.

    Args:
        credentials: the user's, asked for at the first bucket that refuses an unsigned request.
    """

    def __init__(self, credentials: "Callable[[], Credentials]") -> None:
        self._credentials = credentials

    def __call__(self, method: str, address: str) -> dict[str, str]:
        """The headers that sign a request; none where `address` is not a bucket's.

        Raises:
            OutsideFailure: the user has no credentials.
        """
        parts = urlsplit(address)
        host = _HOST.fullmatch(parts.hostname or "")
        if host is None or parts.scheme != "https":
            return {}
        from botocore.auth import S3SigV4Auth  # noqa: PLC0415 - slow to import, and seldom needed
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415 - see above

        request = AWSRequest(method=method, url=address)
        S3SigV4Auth(self._credentials(), "s3", host["region"]).add_auth(request)
        return {name.lower(): value for name, value in request.headers.items()}
