"""The gateway of the channel: real nginx before the emulated store, which verifies each signature.

The node's own program goes through it. Everybody else is a curl with a certificate.
"""

import base64
import gzip
import logging
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.boot.conftest import Targets
from tests.boot.release_channel_lab import Lab, app, on_image
from tests.boot.test_heartbeat import BY, STRANGER
from tests.processes import Server, running, wait
from werkzeug.serving import make_server

from edgefleet.boot import state_backup
from edgefleet.emulator.app import create_app
from edgefleet.hub.update_gateway import CREDENTIALS, BackingStore, UpdateGateway, files
from edgefleet.io.aws import Aws
from edgefleet.io.templates import render
from edgefleet.keys.backup_encryption import TRAILER, opened_backup
from edgefleet.keys.certificates import Holder
from edgefleet.keys.derivation import site_key
from edgefleet.keys.site_certificate import LIST_LIFE, UNTIL, site_certificate
from edgefleet.model import strict_json
from edgefleet.model.backup import LARGEST, Backup
from edgefleet.model.channel import ChannelAccess

MODULE = Path("/usr/lib/nginx/modules/ngx_http_js_module.so")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to root"),
    pytest.mark.skipif(
        not (shutil.which("nginx") and MODULE.exists()),
        reason="needs nginx with njs: apt-get install nginx-light libnginx-mod-http-js",
    ),
]
SECRET = base64.b64encode(bytes(32)).decode()
PLACE = ("retail", "eu")
ACCESS, PRIVATE, TOKEN = "AKIAGATEWAY", "private/key+of=it", "to/ken+x="
App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def signed_only(store: App) -> App:
    """The emulated store, which refuses what these credentials have not signed."""

    def verify(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        names = ("Host", "X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Security-Token")
        headers = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in names}
        url = f"http://{headers['Host']}{environ['PATH_INFO']}"
        request = AWSRequest(environ["REQUEST_METHOD"], url, headers)
        request.context["timestamp"] = headers["X-Amz-Date"]
        signer = S3SigV4Auth(Credentials(ACCESS, PRIVATE, TOKEN), "s3", "eu-central-1")
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if f"Signature={signer.signature(text, request)}" not in environ.get("HTTP_AUTHORIZATION", ""):
            start("403 Forbidden", [("Content-Length", "0")])
            return [b""]
        return store(environ, start)

    return verify


@dataclass
class Before:
    """A gateway before its store, and a site behind it."""

    folder: Path
    port: int
    store: str
    aws: Aws
    revoked: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://localhost:{self.port}"

    def write(self, *, age: timedelta = timedelta(0)) -> None:
        """Write its files, with a list of this age."""
        store = BackingStore(url=self.store, bucket="images", prefix="fleet", region="eu-central-1")
        here = UpdateGateway(
            host="localhost", store=store, folder=str(self.folder), listen=f"127.0.0.1:{self.port}"
        )
        texts = files(here, SECRET, PLACE, revoked=self.revoked, now=datetime.now(UTC) - age)
        for name, text in texts.items():
            (self.folder / name).write_text(text)

    def reload(self) -> None:
        """Take new files over, as an administrator does."""
        log = self.folder / "error.log"
        before = log.read_text().count("gracefully shutting down")
        subprocess.run(["nginx", "-c", self.folder / "nginx.conf", "-s", "reload"], check=True)
        wait(lambda: log.read_text().count("gracefully shutting down") > before, reason=log.read_text)

    def ask(self, path: str, *more: str, holder: Holder | None = None) -> tuple[int, str]:
        """(status, body) of a request with a certificate."""
        identity = []
        if holder is not None:
            pem = self.folder / "client.pem"
            pem.write_text(holder.certificate_pem + holder.key_pem)
            identity = ["--cert", str(pem)]
        command = [
            "curl",
            "-q",
            "-s",
            "--path-as-is",
            "--cacert",
            str(self.folder / "authority.crt"),
            *identity,
        ]
        done = subprocess.run(
            [*command, "-w", "\n%{http_code}", *more, f"{self.url}{path}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={"no_proxy": "*", "PATH": os.environ["PATH"]},
        )
        body, _, code = done.stdout.rpartition("\n")
        return int(code), body

    def put(self, key: str, data: bytes) -> None:
        """Store an object."""
        self.aws.s3.put_object(Bucket="images", Key=f"fleet/{key}", Body=data)

    def get(self, key: str) -> bytes:
        """Read an object."""
        body: bytes = self.aws.s3.get_object(Bucket="images", Key=f"fleet/{key}")["Body"].read()
        return body


def holder_of(site: str, by: Holder = BY) -> Holder:
    """A site with the certificate of its first key generation."""
    key = site_key(SECRET, fleet="retail", region="eu", site=site, generation=1)
    return site_certificate(key, by, site=("retail", "eu", site), not_after=UNTIL)


@pytest.fixture
def store() -> Iterator[str]:
    """The emulated store, at an address that wants signatures."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, signed_only(create_app()), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def gateway(store: str, aws: Aws, tmp_path: Path) -> Iterator[Before]:
    """The gateway, before the store."""
    aws.s3.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    folder = tmp_path / "gateway"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    made = Before(folder, port, store, aws)
    made.write()
    (folder / CREDENTIALS).write_text(f"{ACCESS}\n{PRIVATE}\n{TOKEN}\n")
    main = render("operation/nginx.conf.j2", module=str(MODULE), run=str(folder), folder=str(folder))
    main = main.replace("error_log stderr warn", f"error_log {folder}/error.log notice")
    (folder / "nginx.conf").write_text(f"user root;\n{main}")
    nginx = Server(("nginx", "-c", folder / "nginx.conf"), folder / "nginx.log")
    with running(nginx, lambda: _listens(port)):
        yield made


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def carry(lab: Lab, gateway: Before) -> None:
    """Put what is published into the store, where `up` puts it."""
    site = lab.target.site.name
    for path, data in lab.gateway.objects.items():
        kind, _, rest = path.partition("/")
        places = {"pointer": f"pointers/{site}.json", "delegation": "delegation.json"}
        gateway.put(places.get(kind, f"releases/{site}/{rest}"), data)


def test_a_node_gets_its_release_and_reports(gateway: Before, target: Targets, tmp_path: Path) -> None:
    """By its real program, until its certificate is revoked: then neither goes through."""
    site = target("recipe-1/server-static").site.name
    key = site_key(SECRET, fleet="retail", region="eu", site=site, generation=1)
    with on_image(target, tmp_path, access=ChannelAccess(gateway=gateway.url), key=key) as lab:
        lab.publish(1, app("two"))
        carry(lab, gateway)
        done = lab.node.run()
        assert 0 == done.returncode, done.stderr
        assert "two\n" == (lab.node.root / "etc/app.conf").read_text()
        name = f"status/{site}/{lab.target.name}.json"
        status = strict_json.parse(gateway.get(name), limit=4096)
        assert ("healthy", 1) == (status["state"], status["sequence"])
        assert "etag" in (tmp_path / "root/var/lib/edgefleet/channel/etag").name
        lab.publish(2, app("three"))
        carry(lab, gateway)
        gateway.revoked[site] = 1
        gateway.write()
        gateway.reload()
        before = gateway.get(name)
        assert 0 != lab.node.run().returncode
        assert "two\n" == (lab.node.root / "etc/app.conf").read_text()
        assert before == gateway.get(name)
        assert 400 == gateway.ask("/pointer", holder=holder_of(site))[0]
        assert 400 == gateway.ask("/status/n1", "-T", os.devnull, holder=holder_of(site))[0]


def test_a_site_has_its_own_objects_alone(gateway: Before) -> None:
    """Its name is that of its certificate; no spelling of a path leads to another site's."""
    for site in ("store-001", "store-002"):
        gateway.put(f"pointers/{site}.json", site.encode())
        gateway.put(f"releases/{site}/n1/{'a' * 64}", site.encode())
        gateway.put(f"releases/{site}/{'b' * 64}.json", b"the whole release")
        gateway.put(f"status/{site}/n1.json", site.encode())
    gateway.put("delegation.json", b"keys")
    gateway.put("rollouts/1/plan.json", b"plan")
    one = holder_of("store-001")
    assert (200, "store-001") == gateway.ask("/pointer", holder=one)
    assert (200, "store-002") == gateway.ask("/pointer", holder=holder_of("store-002"))
    assert (200, "keys") == gateway.ask("/delegation", holder=one)
    assert (200, "store-001") == gateway.ask(f"/release/n1/{'a' * 64}", holder=one)
    assert (206, "re-001") == gateway.ask(f"/release/n1/{'a' * 64}", "-H", "Range: bytes=3-", holder=one)
    hexa = "a" * 64
    paths = [
        "/",
        "/pointers/store-002.json",
        "/pointer/",
        "//pointer",
        "/./pointer",
        "/x/../pointer",
        "/pointer?versionId=1",
        "/pointer%00",
        "/%70ointer",
        "/status/n1",
        "/rollouts/1/plan.json",
        f"/release/n1/{'b' * 64}.json",
        f"/release/n1/../../store-002/n1/{hexa}",
        f"/release/..%2fstore-002%2fn1/{hexa}",
        f"/release/n1%2F..%2F..%2Fstore-002%2Fn1%2F{hexa}",
        f"/release/%2e%2e/{hexa}",
        f"/release/n1/{hexa}?list-type=2",
        f"/release/n1\\..\\store-002/{hexa}",
        f"/release/n1/{hexa.upper()}",
    ]
    answers = {path: gateway.ask(path, holder=one) for path in paths}
    assert {path: answer[0] for path, answer in answers.items() if answer[0] not in {400, 404}} == {}
    assert not [path for path, answer in answers.items() if "store-" in answer[1] or "plan" in answer[1]]


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "COPY", "GETX"])
def test_only_statuses_are_written(gateway: Before, method: str) -> None:
    """To the site's own prefix, by PUT."""
    gateway.put("pointers/store-001.json", b"signed")
    gateway.put("status/store-001/n1.json", b"{}")
    one = holder_of("store-001")
    for path in ("/pointer", "/delegation", f"/release/n1/{'a' * 64}", "/status/../pointers/store-001.json"):
        assert gateway.ask(path, "-X", method, "--data-binary", "x", holder=one)[0] in {400, 404, 405}
    if method != "PUT":
        assert gateway.ask("/status/n1", "-X", method, "--data-binary", "x", holder=one)[0] in {404, 405}
    assert (b"signed", b"{}") == (
        gateway.get("pointers/store-001.json"),
        gateway.get("status/store-001/n1.json"),
    )


def test_a_status_has_at_most_4_kb(gateway: Before) -> None:
    """With a length or without."""
    one, body = holder_of("store-001"), gateway.folder / "body.json"
    for size, code in ((4096, 200), (4097, 413), (10**6, 413)):
        body.write_bytes(b"x" * size)
        assert code == gateway.ask("/status/n1", "-T", str(body), holder=one)[0]
        chunked = ("-T", str(body), "-H", "Transfer-Encoding: chunked")
        assert code == gateway.ask("/status/n2", *chunked, holder=one)[0]
    assert (4096, 4096) == tuple(len(gateway.get(f"status/store-001/{node}.json")) for node in ("n1", "n2"))


def test_nobody_else_gets_in(gateway: Before) -> None:
    """Without a certificate, with one of another authority, or of another fleet or region."""
    gateway.put("pointers/store-001.json", b"signed")
    key = site_key(SECRET, fleet="retail", region="eu", site="store-001", generation=1)

    def of(fleet: str, region: str) -> Holder:
        return site_certificate(key, BY, site=(fleet, region, "store-001"), not_after=UNTIL)

    assert 200 == gateway.ask("/pointer", holder=of("retail", "eu"))[0]
    assert 400 == gateway.ask("/pointer")[0]
    assert 400 == gateway.ask("/pointer", holder=holder_of("store-001", STRANGER))[0]
    assert 403 == gateway.ask("/pointer", holder=of("retail", "us"))[0]
    assert 403 == gateway.ask("/pointer", holder=of("others", "eu"))[0]
    assert 403 == gateway.ask("/pointer", "-H", "X-Site: store-001", holder=of("others", "eu"))[0]


def test_it_closes_without_a_fresh_list(gateway: Before) -> None:
    """An old list lets nobody in; nginx does not take over a configuration without one."""
    gateway.put("pointers/store-001.json", b"signed")
    one = holder_of("store-001")
    assert 200 == gateway.ask("/pointer", holder=one)[0]
    gateway.write(age=LIST_LIFE + timedelta(minutes=1))
    gateway.reload()
    assert 400 == gateway.ask("/pointer", holder=one)[0]
    gateway.write()
    gateway.reload()
    assert 200 == gateway.ask("/pointer", holder=one)[0]
    (gateway.folder / "revocations.pem").unlink()
    checked = subprocess.run(["nginx", "-t", "-c", gateway.folder / "nginx.conf"], check=False)
    assert 0 != checked.returncode


def test_without_credentials_the_store_refuses(gateway: Before) -> None:
    """Nothing is sent in their place, and new ones are taken at the next request."""
    gateway.put("pointers/store-001.json", b"signed")
    one, credentials = holder_of("store-001"), gateway.folder / CREDENTIALS
    known = credentials.read_text()
    credentials.unlink()
    assert 403 == gateway.ask("/pointer", holder=one)[0]
    credentials.write_text(known.replace(PRIVATE, "another"))
    assert 403 == gateway.ask("/pointer", holder=one)[0]
    credentials.write_text(known)
    assert 200 == gateway.ask("/pointer", holder=one)[0]


def test_a_node_keeps_copies_and_gets_them_back(gateway: Before, target: Targets, tmp_path: Path) -> None:
    """By its real programs, of backups and of the channel, with its certificate."""
    site = target("recipe-1/server-static").site.name
    key = site_key(SECRET, fleet="retail", region="eu", site=site, generation=1)
    with on_image(target, tmp_path, access=ChannelAccess(gateway=gateway.url), key=key) as lab:
        wanted = replace(lab.target, site=replace(lab.target.site, backup=Backup()))
        for file in state_backup.plan(wanted).files:
            path = lab.node.root / file.path[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)
        database = lab.node.root / "var/lib/rancher/k3s/server/db/state.db"
        database.parent.mkdir(parents=True)
        database.write_bytes(os.urandom(70_000_000))  # more than a bundle may have
        gateway.put("delegation.json", b"keys")
        done = kept(lab, "due")
        assert 0 == done.returncode, done.stdout + done.stderr
        data = gateway.get(f"backups/{site}/{lab.target.name}/0")
        assert len(data) > 70_000_000
        assert b"datastore" in gzip.decompress(opened_backup(data, key, node=lab.target.name))
        shutil.rmtree(lab.node.root / "var/lib/edgefleet/backup")
        assert "copies of an earlier node" in kept(lab, "due").stderr
        done = kept(lab, "restore", "0")
        assert 0 == done.returncode, done.stdout + done.stderr
        assert data == gateway.get(f"backups/{site}/{lab.target.name}/0")


def kept(lab: Lab, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run the program of backups."""
    environment = {
        "PATH": f"{lab.node.place / 'bin'}:/usr/bin:/bin:/usr/sbin",
        "PLACE": str(lab.node.place),
        "EDGEFLEET_PREFIX": str(lab.node.root),
        "EDGEFLEET_RESERVE": "0",
        "no_proxy": "*",
        **more,
    }
    return subprocess.run(
        ["sh", lab.node.root / "usr/local/lib/edgefleet/backup", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_site_has_its_own_backups_alone(gateway: Before) -> None:
    """In ten slots of each node, of a bounded size; no other path has the size of a backup."""
    gateway.put("backups/store-002/n1/0", b"theirs")
    one, body = holder_of("store-001"), gateway.folder / "copy"
    body.write_bytes(b"x" * 3_000_000)
    assert 200 == gateway.ask("/backup/n1/0", "-T", str(body), holder=one)[0]
    assert body.read_bytes() == gateway.get("backups/store-001/n1/0")
    assert (206, "xx") == gateway.ask("/backup/n1/0", "-H", "Range: bytes=0-1", holder=one)
    assert gateway.ask("/backup/n1/1", holder=one)[0] in {403, 404}
    refused = ["/backup/n1/10", "/backup/n1/a", "/backup/n1/", "/backup/n1/0/x", "/backup/../status/n1"]
    refused += [
        "/backup/n1/../../store-002/n1/0",
        "/backup/..%2fstore-002%2fn1/0",
        "/backup/n1/0?versionId=1",
    ]
    answers = {path: gateway.ask(path, "-T", str(body), holder=one)[0] for path in refused}
    assert {404, 400, 413} >= {*answers.values()}, answers
    assert 404 == gateway.ask("/backup/n1/0", "-X", "DELETE", holder=one)[0]
    assert 413 == gateway.ask("/status/n1", "-T", str(body), holder=one)[0]
    huge = ("-X", "PUT", "-H", f"Content-Length: {LARGEST + TRAILER + 1}", "--max-time", "10")
    assert 413 == gateway.ask("/backup/n1/2", *huge, holder=one)[0]
    assert (b"theirs", body.read_bytes()) == (
        gateway.get("backups/store-002/n1/0"),
        gateway.get("backups/store-001/n1/0"),
    )
