"""The installer of k3s: its script is run for real, against a loopback server with a stand-in for k3s."""

import base64
import hashlib
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edgefleet.model.firstboot import Target
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain
from edgefleet.runtimes import k3s_server
from edgefleet.runtimes.base import k3s

pytestmark = pytest.mark.slow

STANDIN = b"#!/bin/sh\n# a stand-in for k3s\n" + b"# " + b"x" * 200_000 + b"\n"
DIGEST = hashlib.sha256(STANDIN).hexdigest()
ASSET = "/v1.36.4%2Bk3s1/k3s"
DAY = timedelta(days=1)
SUMS = "/v1.36.4%2Bk3s1/sha256sum-amd64.txt"


@dataclass
class Release:
    """What the loopback server has, and what was requested."""

    url: str = ""
    """With TLS."""
    plain: str = ""
    """The same without TLS."""
    authority: Path = Path()
    """The certificate by which clients verify it."""
    redirects: dict[str, str] = field(default_factory=dict)
    """dict[path -> address that it redirects to]."""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which each of the next answers breaks off."""
    refuse: int = 0
    """How many of the next requests are answered 404."""
    has_ranges: bool = True
    """Whether it goes on where a part ends; else it sends the whole again."""


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for loopback, and a server's settings with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "release")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - DAY, now + DAY)
        .add_extension(names, critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "release.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(certificate.public_bytes(Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def answering(release: Release) -> type[BaseHTTPRequestHandler]:
    """A handler that answers with what `release` has."""

    class Handler(BaseHTTPRequestHandler):
        state: ClassVar[Release] = release

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "") if self.state.has_ranges else ""
            self.state.asked.append(f"{self.path} {wanted}".strip())
            if self.path in self.state.redirects:
                self.send_response(302)
                self.send_header("Location", self.state.redirects[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if self.state.refuse > 0 or self.path not in self.state.files:
                self.state.refuse -= 1
                self.send_error(404)
                return
            whole = self.state.files[self.path]
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if start >= len(whole):
                self.send_error(416)
                return
            self.send_response(206 if wanted else 200)
            if wanted:
                self.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
            self.send_header("Content-Length", str(len(whole) - start))
            self.end_headers()
            cut = self.state.cut_after.pop(0) if self.state.cut_after else len(whole)
            self.wfile.write(whole[start : start + cut])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler


@pytest.fixture
def release(tls: tuple[Path, ssl.SSLContext]) -> Iterator[Release]:
    """A release server on loopback, with TLS and without, that can break off and answer ranges."""
    made = Release(authority=tls[0])

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), answering(made)) for _ in range(2)]
    servers[0].socket = tls[1].wrap_socket(servers[0].socket, server_side=True)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url, made.plain = (
        f"{scheme}://127.0.0.1:{server.server_port}"
        for scheme, server in zip(("https", "http"), servers, strict=True)
    )
    made.files = {ASSET: STANDIN, SUMS: f"{'0' * 64}  k3s-images.txt\n{DIGEST}  k3s\n".encode()}
    yield made
    for server in servers:
        server.shutdown()
        server.server_close()


@dataclass
class Machine:
    """A folder in the place of a node's root."""

    root: Path
    script: Path
    stubs: Path
    """A folder with a `systemctl` that does nothing, and wget's settings."""
    authority: Path
    """The certificate that programs trust."""
    path: str = os.environ["PATH"]
    """Where programs are found."""

    @property
    def binary(self) -> Path:
        """Where k3s would be."""
        return self.root / "usr/local/bin/k3s"

    def run(self, *, attempts: int = 3, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the install script as a first boot would, without waiting between attempts."""
        (self.stubs / "wgetrc").write_text(f"ca_certificate = {self.authority}\n")
        environment = {
            "PATH": f"{self.stubs}:{self.path}",
            "EDGEFLEET_PREFIX": str(self.root),
            "EDGEFLEET_RETRY_SECONDS": "0",
            "EDGEFLEET_ATTEMPTS": str(attempts),
            "no_proxy": "*",
            "CURL_CA_BUNDLE": str(self.authority),
            "SSL_CERT_FILE": str(self.authority),
            "WGETRC": str(self.stubs / "wgetrc"),
            **more,
        }
        shell = shutil.which("dash") or "/bin/sh"
        return subprocess.run(
            [shell, str(self.script)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def systemctl(folder: Path) -> Path:
    """`folder` with a `systemctl` that does nothing."""
    folder.mkdir(exist_ok=True)
    (folder / "systemctl").write_text("#!/bin/sh\n")
    (folder / "systemctl").chmod(0o755)
    return folder


def target(settings: dict[str, Any]) -> Target:
    """A server whose k3s comes from where `settings` point."""
    node = {
        "hostname": "shop",
        "arch": "amd64",
        "cpus": 4,
        "memory": 8 * 2**30,
        "disk": 128 * 2**30,
        "network": {},
    }
    names = {"fleet": "shops", "region": "north", "name": "shop", "recipe": 1}
    site = from_plain(SiteSpec, {**names, "k3s": settings, "nodes": {"n1": node}})
    return Target(site=site, name="n1", key=base64.b64encode(bytes(32)).decode())


@pytest.fixture
def machine(release: Release, tmp_path: Path) -> Callable[..., Machine]:
    """``machine(sha256=...)``: a node whose image names the loopback release, with or without a lock."""

    def make(sha256: str | None, url: str = "") -> Machine:
        settings = {"version": "v1.36.4+k3s1", "releaseUrl": url or release.url}
        locked = {"sha256": {"amd64": sha256}} if sha256 else {}
        (file,) = k3s.installer(target({**settings, **locked}), k3s_server.RUNTIME.unit).files
        script = tmp_path / "install-k3s"
        script.write_bytes(file.content)
        stubs = systemctl(tmp_path / "stubs")
        return Machine(root=tmp_path / "root", script=script, stubs=stubs, authority=release.authority)

    return make


@pytest.fixture(params=["curl", "wget", "python3"])
def fetcher(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A PATH on which one program that fetches is found, and what else the script uses."""
    found = sys.executable if request.param == "python3" else shutil.which(request.param)
    if found is None:
        pytest.skip(f"needs {request.param}: apt-get install {request.param}")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / request.param).symlink_to(found)
    used = (
        "cat",
        "chmod",
        "cmp",
        "cp",
        "cut",
        "grep",
        "ln",
        "mkdir",
        "mv",
        "rm",
        "sed",
        "sha256sum",
        "sleep",
        "stat",
        "sync",
        "tail",
    )
    for name in used:
        (programs / name).symlink_to(shutil.which(name) or name)
    return str(programs)


@pytest.mark.parametrize("has_ranges", [True, False], ids=["ranges", "no-ranges"])
@pytest.mark.parametrize("lock", [DIGEST, None], ids=["locked", "unlocked"])
def test_whatever_fetches_brings_k3s_over_a_link_that_breaks(
    machine: Callable[..., Machine], release: Release, fetcher: str, lock: str | None, *, has_ranges: bool
) -> None:
    """A base system has curl or wget, or only cloud-init's Python; a mirror may know no ranges."""
    target = machine(lock)
    target.path = fetcher
    release.has_ranges = has_ranges
    release.cut_after = ([] if lock else [1000]) + [70_000]
    done = target.run(attempts=5)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert STANDIN == target.binary.read_bytes()


@pytest.mark.parametrize("size", [100, 300_000], ids=["shorter", "longer"])
def test_whatever_fetches_gets_rid_of_a_part_that_is_rubbish(
    machine: Callable[..., Machine], fetcher: str, size: int
) -> None:
    """A part that nothing good can come of is dropped, not resumed for ever."""
    target = machine(DIGEST)
    target.path = fetcher
    target.binary.parent.mkdir(parents=True)
    (target.binary.parent / f".k3s-{DIGEST}.part").write_bytes(b"?" * size)
    done = target.run(attempts=4)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert STANDIN == target.binary.read_bytes()


@pytest.mark.parametrize("lock", [DIGEST, None], ids=["locked", "unlocked"])
def test_a_redirect_with_tls_is_followed(
    machine: Callable[..., Machine], release: Release, fetcher: str, lock: str | None
) -> None:
    """As the releases on GitHub do."""
    target = machine(lock)
    target.path = fetcher
    for path in (ASSET, SUMS):
        release.redirects[path] = f"{release.url}/elsewhere{path}"
        release.files[f"/elsewhere{path}"] = release.files.pop(path)
    done = target.run()
    assert 0 == done.returncode, done.stdout + done.stderr
    assert STANDIN == target.binary.read_bytes()


@pytest.mark.parametrize("query", ["?", "?/https://"])
@pytest.mark.parametrize("lock", [DIGEST, None], ids=["locked", "unlocked"])
def test_a_redirect_to_an_address_without_tls_is_refused(
    machine: Callable[..., Machine], release: Release, fetcher: str, lock: str | None, query: str
) -> None:
    """Anyone who is between could answer with a list and a k3s of their own."""
    target = machine(lock)
    target.path = fetcher
    release.redirects = {path: release.plain + path + query for path in (ASSET, SUMS)}
    release.files |= {f"{path}{query}": data for path, data in release.files.items()}
    done = target.run(attempts=2)
    assert 1 == done.returncode
    assert not target.binary.exists()
    assert [] == [asked for asked in release.asked if "?" in asked]


def test_without_tls_a_lock_is_needed(
    machine: Callable[..., Machine], release: Release, fetcher: str
) -> None:
    """An unlocked k3s would be verified against a list that anyone between could exchange."""
    target = machine(None, release.plain)
    target.path = fetcher
    done = target.run(attempts=2)
    assert (1, []) == (done.returncode, release.asked)
    problem = target.root / "var/lib/edgefleet/problems/k3s"
    assert "has no TLS, and no artifacts lock pins k3s v1.36.4+k3s1" in problem.read_text()
    target = machine(DIGEST, release.plain)
    target.path = fetcher
    done = target.run()
    assert 0 == done.returncode, done.stdout + done.stderr
    assert (STANDIN, False) == (target.binary.read_bytes(), problem.exists())


@pytest.mark.parametrize("limit", [{"EDGEFLEET_LARGEST": "64"}, {"EDGEFLEET_RESERVE": str(2**50)}])
def test_a_download_does_not_fill_the_disk(
    machine: Callable[..., Machine], fetcher: str, limit: dict[str, str]
) -> None:
    """It ends at the size limit and at the reserve of free space, and nothing of it is left."""
    target = machine(DIGEST)
    target.path = fetcher
    done = target.run(attempts=4, **limit)
    assert 1 == done.returncode
    problem = (target.root / "var/lib/edgefleet/problems/k3s").read_text()
    assert "is larger than" in problem
    assert sum(part.stat().st_size for part in target.binary.parent.glob(".k3s-*")) <= 64 * 1024


def test_while_the_link_is_away_it_goes_on_trying(
    machine: Callable[..., Machine], release: Release, fetcher: str
) -> None:
    """As often as it is let; without a bound, until the link is back."""
    target = machine(DIGEST)
    target.path = fetcher
    text = target.script.read_text()
    target.script.write_text(text.replace(release.url, "https://127.0.0.1:9"))
    done = target.run(attempts=3)
    assert 1 == done.returncode
    assert 2 == done.stdout.count("trying again in 0 s")
    assert "gave up after 3 attempts" in done.stderr
    assert not target.binary.exists()
    target.script.write_text(text)
    assert 0 == target.run().returncode


@pytest.mark.parametrize("lock", [DIGEST, None], ids=["locked", "unlocked"])
def test_k3s_is_installed_once_and_never_asked_for_again(
    machine: Callable[..., Machine], release: Release, lock: str | None
) -> None:
    """After the installation a boot needs no link: the second run asks nobody for anything."""
    target = machine(lock)
    first = target.run()
    assert 0 == first.returncode, first.stderr
    assert STANDIN == target.binary.read_bytes()
    assert os.access(target.binary, os.X_OK)
    asked = list(release.asked)
    second = target.run()
    assert 0 == second.returncode, second.stderr
    assert asked == release.asked


@pytest.mark.parametrize("lock", ["f" * 64, None], ids=["locked", "unlocked"])
def test_what_does_not_match_its_digest_is_never_put_in_place(
    machine: Callable[..., Machine], release: Release, lock: str | None
) -> None:
    """Neither with a lock nor with the release's own list; nothing of it is left."""
    if lock is None:
        release.files[ASSET] = STANDIN + b"more"
    target = machine(lock)
    done = target.run(attempts=2)
    assert 1 == done.returncode
    assert "wanted" in done.stderr
    assert not target.binary.exists()
    assert [] == list(target.binary.parent.glob(".k3s-*"))


def test_a_download_that_breaks_off_goes_on_where_it_was(
    machine: Callable[..., Machine], release: Release
) -> None:
    """A link that drops every minute still brings k3s, a part at a time."""
    release.cut_after = [70_000, 60_000]
    target = machine(DIGEST)
    done = target.run(attempts=5)
    assert 0 == done.returncode, done.stderr
    assert STANDIN == target.binary.read_bytes()
    assert [ASSET, f"{ASSET} bytes=70000-", f"{ASSET} bytes=130000-"] == release.asked


def test_a_refusal_is_tried_again(machine: Callable[..., Machine], release: Release) -> None:
    """A mirror that is not ready yet costs time, not a visit."""
    release.refuse = 2
    done = machine(DIGEST).run(attempts=5)
    assert 0 == done.returncode, done.stderr
    assert 3 == len(release.asked)


def test_a_part_that_is_rubbish_does_not_stop_it_for_ever(
    machine: Callable[..., Machine], release: Release
) -> None:
    """A part longer than the asset cannot be resumed; it is dropped and the download starts again."""
    target = machine(DIGEST)
    target.binary.parent.mkdir(parents=True)
    (target.binary.parent / f".k3s-{DIGEST}.part").write_bytes(b"?" * 300_000)
    done = target.run(attempts=4)
    assert 0 == done.returncode, done.stderr
    assert STANDIN == target.binary.read_bytes()
    assert release.asked


def test_a_binary_that_rots_is_brought_again(machine: Callable[..., Machine]) -> None:
    """What is on the disk is checked at every boot, not only after a download."""
    target = machine(DIGEST)
    target.run()
    target.binary.write_bytes(b"rot")
    assert 0 == target.run().returncode
    assert STANDIN == target.binary.read_bytes()


@pytest.mark.parametrize(
    ("arch", "asset", "sums"),
    [
        ("amd64", "k3s", "sha256sum-amd64.txt"),
        ("arm64", "k3s-arm64", "sha256sum-arm64.txt"),
        ("armhf", "k3s-armhf", "sha256sum-arm.txt"),
    ],
)
def test_asset_names_are_the_releases(arch: str, asset: str, sums: str) -> None:
    """The binary of 32-bit ARM says armhf, its list of digests says arm."""
    assert (asset, sums) == (k3s.BINARIES[arch], k3s.SUMS[arch])


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
@pytest.mark.parametrize("lock", [DIGEST, None], ids=["locked", "unlocked"])
def test_shellcheck_finds_nothing(machine: Callable[..., Machine], lock: str | None) -> None:
    """The script is plain POSIX sh."""
    done = subprocess.run(
        ["shellcheck", "--shell=sh", str(machine(lock).script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 0 == done.returncode, done.stdout
