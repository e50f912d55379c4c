"""A stand-in for the tags of CreateBucket, which moto drops."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from xml.etree import ElementTree as ET

from edgefleet.emulator.requests import Application, Environment, moto_backend, read_call

BUCKET = re.compile(r"/([a-z0-9][a-z0-9-]{1,61}[a-z0-9])/?")


class FakeBucketTags:
    """Sets the requested tags after moto's CreateBucket."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, environment: Environment, start: Callable[..., Any]) -> Iterable[bytes]:
        """Pass the request on; then tag the created bucket."""
        call = read_call(environment)
        bucket = BUCKET.fullmatch(call.path)
        answer = self._app(environment, start)
        if call.service == "s3" and call.method == "PUT" and bucket and b"<Tags>" in call.body:
            _tag(bucket[1], call.body)
        return answer


def _tag(name: str, body: bytes) -> None:
    s3 = moto_backend("s3", "aws")
    document = ET.fromstring(body)  # noqa: S314 - from our own client
    space = document.tag[: document.tag.index("}") + 1] if "}" in document.tag else ""
    tags = {
        tag.findtext(f"{space}Key") or "": tag.findtext(f"{space}Value") or ""
        for tag in document.iter(f"{space}Tag")
    }
    if name in s3.buckets and tags:
        s3.put_bucket_tagging(name, tags)
