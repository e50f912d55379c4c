"""Step `heartbeat`: the script calls a real server on loopback, which asks for the site's certificate."""

import base64
import json
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.boot.conftest import KEY, Targets

from edgefleet.boot import facts, heartbeat, identity
from edgefleet.keys.certificates import BACKDATED, key_pem, pem
from edgefleet.keys.derivation import hub_master
from edgefleet.keys.site_certificate import UNTIL, identified, site_authority
from edgefleet.model.firstboot import Step, Target
from edgefleet.model.hub import Hub, HubDns, HubIdentity

MASTER = hub_master(base64.b64encode(bytes(32)).decode(), fleet="retail", region="eu")
BY = site_authority(MASTER, fleet="retail", region="eu")
STRANGER = site_authority(base64.b64encode(b"y" * 32).decode(), fleet="retail", region="eu")
RELEASE = f"sha256:{'7' * 64}"
HUB = Hub(kind="k3s", dns=HubDns(name="localhost"), identity=HubIdentity(sites=True))


@dataclass
class Listening:
    """A loopback server in the place of what will serve heartbeats, and what it received."""

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)


def server_certificate(folder: Path) -> Path:
    """A certificate of the sites' authority for localhost, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    theirs = BY.key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(BY.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(BACKDATED)
        .not_valid_after(UNTIL)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(theirs), False)
    )
    path = folder / "hub.pem"
    path.write_text(pem(builder.sign(BY.key, hashes.SHA256())) + key_pem(key))
    return path


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Listening]:
    """A server that lets in who shows a certificate of the region's authority for sites."""
    made = Listening()

    class Handler(BaseHTTPRequestHandler):
        state: ClassVar[Listening] = made

        def do_POST(self) -> None:
            shown = self.connection.getpeercert()
            names = dict(pair[0] for pair in shown["subject"])
            self.state.callers.append(names["commonName"])
            length = int(self.headers["Content-Length"])
            self.state.told.append(json.loads(self.rfile.read(length)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    (tmp_path / "authority.pem").write_text(BY.certificate_pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "authority.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server_certificate(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"https://localhost:{server.server_port}/v1/heartbeat"
    yield made
    server.shutdown()
    server.server_close()


def known(target: Targets) -> Target:
    """A node of a region whose hub is localhost."""
    one = target("recipe-1/server-static")
    return replace(one, site=identified(one.site, KEY, BY, HUB))


@pytest.fixture
def root(target: Targets, tmp_path: Path) -> Path:
    """A folder in the place of the node's root."""
    made = tmp_path / "root"
    one = known(target)
    for file in (*identity.plan(one).files, *heartbeat.plan(one).files):
        path = made / file.path[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    (made / facts.RELEASE[1:]).write_text(f"{RELEASE}\n")
    (made / "var/lib/edgefleet").mkdir(parents=True)
    (made / "var/lib/edgefleet/status.json").write_text('{\n  "since": "x",\n  "state": "healthy",\n}\n')
    return made


def beat(root: Path, url: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    """Run the script once."""
    return subprocess.run(
        [shutil.which("dash") or "/bin/sh", str(root / heartbeat.SCRIPT[1:])],
        env={"PATH": path, "EDGEFLEET_PREFIX": str(root), "EDGEFLEET_ENDPOINT": url, "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


@pytest.mark.parametrize("program", ["curl", "python3"])
def test_the_hub_knows_who_calls_by_the_certificate(
    root: Path, hub: Listening, tmp_path: Path, program: str
) -> None:
    """With curl, or where there is none with the Python that cloud-init brings."""
    found = sys.executable if program == "python3" else shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}: apt-get install {program}")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / program).symlink_to(found)
    for name in ("cut", "head", "mkdir", "rm", "sed", "timeout", "tr"):
        (programs / name).symlink_to(shutil.which(name) or name)
    done = beat(root, hub.url, str(programs))
    assert 0 == done.returncode, done.stderr
    assert ["de-ber-001"] == hub.callers, done.stdout + done.stderr
    (told,) = hub.told
    assert ("de-ber-001", "n1", "healthy") == (told["site"], told["node"], told["state"])
    assert RELEASE == told["release"]
    assert isinstance(told["uptime"], int)


def test_a_hub_that_is_away_is_asked_less_and_less_and_is_no_failure(root: Path) -> None:
    """Ten minutes, twenty, and so on to six hours."""
    missed = root / "run/edgefleet/heartbeat"
    pauses = []
    for count in range(8):
        done = beat(root, "https://localhost:9/v1/heartbeat")
        assert 0 == done.returncode
        misses, next_ = missed.read_text().split()
        assert str(count + 1) == misses
        pauses.append(round((int(next_) - float(Path("/proc/uptime").read_text().split()[0])) / 600))
        missed.write_text(f"{misses} 0\n")
    assert [1, 2, 4, 8, 16, 32, 36, 36] == pauses
    missed.write_text("3 99999999999\n")
    assert "" == beat(root, "https://localhost:9/v1/heartbeat").stdout


def test_a_server_of_another_authority_gets_nothing(root: Path, hub: Listening) -> None:
    """The node trusts the region's authority alone, whatever its base system trusts."""
    (root / "etc/edgefleet/identity/authority.crt").write_text(STRANGER.certificate_pem)
    done = beat(root, hub.url)
    assert 0 == done.returncode
    assert "does not answer" in done.stdout
    assert [] == hub.told


def test_without_a_hub_there_is_nothing_to_tell(target: Targets) -> None:
    assert Step() == heartbeat.plan(target("recipe-1/server-static"))


def test_nothing_waits_for_it(target: Targets) -> None:
    units = heartbeat.plan(known(target)).units
    assert units
    for unit in units:
        assert [] == [word for word in ("Before=", "RequiredBy=", "network-online") if word in unit.text]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(root: Path) -> None:
    script = str(root / heartbeat.SCRIPT[1:])
    done = subprocess.run(["shellcheck", "--shell=sh", script], capture_output=True, text=True, check=False)
    assert "" == done.stdout
