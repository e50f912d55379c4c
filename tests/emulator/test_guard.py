"""Who reaches the emulated cloud of a project: its own commands, no web page and no other user."""

import http.client
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from edgefleet.errors import EdgefleetError
from edgefleet.io import emulator
from edgefleet.io.aws import Aws

BUCKETS = "/"
DATA = "/moto-api/data.json"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Emulator]:
    project = tmp_path_factory.mktemp("project")
    yield emulator.ensure(project)
    emulator.stop(project)


def answer(
    running: emulator.Emulator, path: str, headers: Mapping[str, str], method: str = "GET"
) -> tuple[int, dict[str, str], str]:
    """(status, headers, body) of a request as a browser or another program would send it."""
    address, _ = emulator.parted(running.url)
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request(method, path, headers=dict(headers))
    response = connection.getresponse()
    found = {name.lower(): value for name, value in response.getheaders()}
    return response.status, found, response.read().decode(errors="replace")


def signed(token: str, service: str = "s3") -> str:
    scope = f"20260101/eu-central-1/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={token}/{scope}, SignedHeaders=host, Signature=00"


@pytest.mark.parametrize("path", [BUCKETS, DATA, "/edgefleet-emulator/calls", emulator.HEALTH])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Authorization": signed("emulated")},
        {"Authorization": signed("")},
        {"Authorization": "Credential=/"},
        {emulator.TOKEN_HEADER: ""},
        {emulator.TOKEN_HEADER: "0" * 32},
    ],
    ids=str,
)
def test_nothing_is_read_without_the_token(
    running: emulator.Emulator, path: str, headers: dict[str, str]
) -> None:
    """No bucket, no parameter, none of moto's own pages, which hold every secret in clear."""
    status, found, body = answer(running, path, headers)
    assert 400 == status
    assert {"message"} == set(json.loads(body))
    assert not [name for name in found if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("headers", "method", "reason"),
    [
        ({"Host": "evil.example"}, "GET", "another host"),
        ({"Host": "127.0.0.1"}, "GET", "another host"),
        ({"Host": "127.0.0.1.evil.example:80"}, "GET", "another host"),
        ({"Origin": "https://evil.example"}, "GET", "a web page"),
        ({"Origin": "null"}, "PUT", "a web page"),
        ({"Access-Control-Request-Method": "PUT"}, "OPTIONS", "a web page"),
    ],
)
def test_a_web_page_is_refused_also_with_the_token(
    running: emulator.Emulator, headers: dict[str, str], method: str, reason: str
) -> None:
    """A name that was made to resolve to loopback, a page of another origin, and a preflight."""
    _, token = emulator.parted(running.url)
    status, found, body = answer(running, BUCKETS, {"Authorization": signed(token), **headers}, method)
    assert (400, True) == (status, reason in body)
    assert not [name for name in found if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path", [DATA, "/moto-api/", "//moto-api/data.json", "/moto-api/reset", "/images/../moto-api/"]
)
def test_motos_own_interface_is_closed(running: emulator.Emulator, path: str) -> None:
    """It shows and resets everything; also to callers with the token."""
    _, token = emulator.parted(running.url)
    status, _, body = answer(running, path, {"Authorization": signed(token)})
    assert (400, True) == (status, "no such interface" in body)


def test_the_projects_own_calls_pass_and_no_answer_lets_other_pages_read_it(
    running: emulator.Emulator,
) -> None:
    _, token = emulator.parted(running.url)
    Aws.emulated(running.url, "us-east-1").s3.create_bucket(Bucket="images")
    status, found, body = answer(running, BUCKETS, {"Authorization": signed(token)})
    assert (200, True) == (status, "images" in body)
    assert not [name for name in found if name.startswith("access-control")]
    with pytest.raises(EdgefleetError, match="s3:ListBuckets failed: 400"):
        Aws.emulated(emulator.parted(running.url)[0]).call("s3", "list_buckets", "buckets")


def test_each_project_has_a_token_of_its_own_in_a_file_for_its_user_alone(tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("a", "b"))
    try:
        tokens = {emulator.parted(emulator.ensure(project).url)[1] for project in (first, second)}
        assert [32, 32] == [len(token) for token in tokens]
        record = first / ".edgefleet" / "emulator.json"
        assert 0o600 == record.stat().st_mode & 0o777
        assert not (first / ".edgefleet" / "emulator.port").exists()
    finally:
        emulator.stop(first)
        emulator.stop(second)


def test_the_process_keeps_no_secret_of_whoever_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment can be read for as long as it lives."""
    for name in ("PULUMI_CONFIG_PASSPHRASE", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "SOME_PASSWORD"):
        monkeypatch.setenv(name, "correct horse battery staple")
    running = emulator.ensure(tmp_path)
    try:
        environment = Path(f"/proc/{running.pid}/environ").read_bytes()
        command = Path(f"/proc/{running.pid}/cmdline").read_bytes()
    finally:
        emulator.stop(tmp_path)
    assert b"PATH=" in environment
    assert b"correct horse" not in environment
    assert emulator.parted(running.url)[1].encode() not in environment + command
