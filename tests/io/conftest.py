"""The emulated cloud of the tests of cloud resources."""

from tests.cloud.conftest import aws, bucket, moto_url

__all__ = ["aws", "bucket", "moto_url"]
