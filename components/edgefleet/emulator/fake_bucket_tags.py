"""A stand-in for the tags that a bucket is made with, which moto's CreateBucket does not keep."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from xml.etree import ElementTree as ET

from edgefleet.emulator.requests import Application, Environment, kept_by_moto, read_call

BUCKET = re.compile(r"/([a-z0-9][a-z0-9-]{1,61}[a-z0-9])/?")


class FakeBucketTags:
    """Keeps after moto's CreateBucket the tags that were asked for."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, environment: Environment, start: Callable[..., Any]) -> Iterable[bytes]:
        """Pass the request on; then tag the bucket that it made."""
        call = read_call(environment)
        bucket = BUCKET.fullmatch(call.path)
        answer = self._app(environment, start)
        if call.service == "s3" and call.method == "PUT" and bucket and b"<Tags>" in call.body:
            _tag(bucket[1], call.body)
        return answer


def _tag(name: str, body: bytes) -> None:
    s3 = kept_by_moto("s3", "aws")
    document = ET.fromstring(body)  # noqa: S314 - what our own client sent
    space = document.tag[: document.tag.index("}") + 1] if "}" in document.tag else ""
    tags = {
        each.findtext(f"{space}Key") or "": each.findtext(f"{space}Value") or ""
        for each in document.iter(f"{space}Tag")
    }
    if name in s3.buckets and tags:
        s3.put_bucket_tagging(name, tags)
