"""Files in private buckets: asked for without a signature first, then with the user's credentials."""

from pathlib import Path

import pytest
from botocore.credentials import Credentials
from tests.io.servers import FileServer, Handler, serving

from edgefleet.errors import OutsideFailure
from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.aws import Aws
from edgefleet.io.bucket_requests import BucketRequests
from edgefleet.io.logins import Logins
from edgefleet.io.web import Web
from edgefleet.model.cloud import Cloud

MODEL = "https://models.s3.eu-central-1.amazonaws.com/defects-4.onnx"


def test_a_request_to_a_bucket_is_signed_for_its_region() -> None:
    """With a token where the credentials have one."""
    signed = BucketRequests(lambda: Credentials("AKEXAMPLE", "secret", "a-token"))("HEAD", MODEL)
    assert "eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-" in signed["authorization"]
    assert signed["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKEXAMPLE/")
    assert "a-token" == signed["x-amz-security-token"]
    assert "secret" not in str(signed)


@pytest.mark.parametrize(
    "address",
    [
        "https://models.example/defects-4.onnx",
        "http://models.s3.eu-central-1.amazonaws.com/a",
        "https://models.s3.eu-central-1.amazonaws.com.example/a",
    ],
)
def test_no_other_server_gets_a_signature(address: str) -> None:
    """Nor anything in the clear; the credentials are not even looked for."""

    def credentials() -> Credentials:
        pytest.fail("credentials are looked for")

    assert {} == BucketRequests(credentials)("GET", address)


def test_without_credentials_it_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    signed = BucketRequests(Aws(Cloud(region="eu-central-1")).credentials)
    with pytest.raises(OutsideFailure, match=r"no AWS credentials were found.*aws configure"):
        signed("GET", MODEL)


class Bucket(FileServer):
    """A stand-in for a private bucket: it answers 403 without a signature."""

    def answer(self, handler: Handler) -> None:
        """As S3 answers."""
        if handler.headers.get("authorization") != "AWS4-HMAC-SHA256 of this user":
            handler.say(403, b"<Error><Code>AccessDenied</Code></Error>")
            return
        super().answer(handler)


def fetched(tmp_path: Path, bucket: Bucket, signature: dict[str, str]) -> tuple[int | None, bytes]:
    """(size, content) of a file of the bucket."""
    web = Web(Logins({}, signed=lambda *_: signature))
    address = f"{bucket.address}/model.onnx"
    cache = ArtifactCache(tmp_path, web=web)
    digest, _ = cache.learn(address)
    return web.size(address), (tmp_path / "sha256" / digest).read_bytes()


def test_a_private_file_is_downloaded_with_a_signature(tmp_path: Path) -> None:
    """The first request has none, as a file may be there for everybody."""
    with serving(Bucket()) as bucket:
        bucket.files["/model.onnx"] = b"a model"
        signature = {"authorization": "AWS4-HMAC-SHA256 of this user"}
        assert (7, b"a model") == fetched(tmp_path / "a", bucket, signature)
        assert [False, True, False, True] == ["authorization" in each.headers for each in bucket.asked]
        with pytest.raises(OutsideFailure, match="access denied"):
            fetched(tmp_path / "b", bucket, {})
        with pytest.raises(OutsideFailure, match="access denied"):
            fetched(tmp_path / "c", bucket, {"authorization": "of somebody else"})
