"""moto's server in this process, empty for each test."""

from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest
from moto.server import ThreadedMotoServer

from edgefleet.io.aws import Aws


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto_url: str) -> Aws:
    """An empty emulated cloud in eu-central-1."""
    with urlopen(Request(f"{moto_url}/moto-api/reset", method="POST")):  # noqa: S310 - our own address
        pass
    return Aws.emulated(moto_url, "eu-central-1")


@pytest.fixture
def bucket(aws: Aws) -> str:
    """A bucket that keeps versions."""
    aws.s3.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    aws.s3.put_bucket_versioning(Bucket="images", VersioningConfiguration={"Status": "Enabled"})
    return "images"
