"""moto's server in this process, empty for each test."""

import logging
import os
import threading
from collections.abc import Iterator
from functools import cache
from urllib.request import Request, urlopen

import pytest
from tests.cloud.census import Recording
from werkzeug.serving import make_server

from edgefleet.emulator.app import create_app
from edgefleet.io.aws import Aws


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@cache
def _clients(url: str) -> Aws:
    """The same clients for every test, as making one reads its service's whole model from the disk."""
    return Recording.emulated(url, "eu-central-1")


@pytest.fixture
def aws(moto_url: str) -> Aws:
    """An empty emulated cloud in eu-central-1; a real account where EDGEFLEET_AWS_VERIFIED asks for it."""
    if os.environ.get("EDGEFLEET_AWS_VERIFIED"):
        return Aws()
    with urlopen(Request(f"{moto_url}/moto-api/reset", method="POST")):  # noqa: S310 - our own address
        Recording.called.intersection_update({"ec2"})
    return _clients(moto_url)


@pytest.fixture
def bucket(aws: Aws) -> str:
    """A bucket that keeps versions."""
    aws.s3.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    aws.s3.put_bucket_versioning(Bucket="images", VersioningConfiguration={"Status": "Enabled"})
    return "images"
