"""A node in a folder with the program of the channel, and a gateway that asks for its certificate."""

import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from tests.boot.conftest import KEY, Targets
from tests.boot.test_heartbeat import BY, HUB, server_certificate
from tests.keys.channel import DAY, pair, signer

from edgefleet.boot import facts, identity, release_channel
from edgefleet.images.base.cloud_init_fallback import placed
from edgefleet.keys.delegation import Delegation, ReleaseKey
from edgefleet.keys.pointer import Addressee, NodeRelease, Pointer
from edgefleet.keys.signed_document import Kind, signed
from edgefleet.keys.site_certificate import identified
from edgefleet.model import strict_json
from edgefleet.model.channel import ChannelAccess, SiteChannel
from edgefleet.model.firstboot import File, FirstBoot, Step, Target
from edgefleet.site.bundle import bundle, with_plan

ROOT, RELEASE_KEY = 1, 2
"""Numbers of the keys that the node's image and its delegation name."""
STAND_INS = {
    "systemctl": """echo "$*" >>"$PLACE/systemctl.log"
case "$*" in
  "start edgefleet-health.service")
    state=healthy
    if grep -qs sick "$EDGEFLEET_PREFIX/etc/app.conf"; then state=unhealthy; fi
    printf '{\\n  "since": "x",\\n  "state": "%s",\\n  "message": "%s",\\n  "rolledBack": ""\\n}\\n' \\
      "$state" "as app.conf has it" >"$EDGEFLEET_PREFIX/var/lib/edgefleet/status.json" ;;
esac""",
    "getent": 'grep "^$2:" "$EDGEFLEET_PREFIX/etc/passwd"',
    "useradd": """for last; do :; done
echo "$last:x:0:0::/var/$last:/bin/sh" >>"$EDGEFLEET_PREFIX/etc/passwd\"""",
    "id": "echo 0",
}
"""dict[program -> what stands in for it]; the node is healthy unless /etc/app.conf says sick."""
CUT = """#!/bin/sh
# The power goes before or after the {name} that is the $CUT_AT-th command.
count=$(($(/bin/cat "$PLACE/count") + 1))
echo "$count" >"$PLACE/count"
if [ "$count" -eq "$CUT_AT" ]; then kill -KILL 0; fi
exec {program} "$@"
"""
CUT_AT = ("mv", "ln", "rm", "cp", "sync", "mkdir", "chmod", "chown", "cat", "tar", "openssl", "curl", "touch")


@dataclass
class Gateway:
    """What the store has, how it behaves, and what it was asked."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    behaviour: dict[str, str] = field(default_factory=dict)
    """dict[path -> cut, endless, slow or elsewhere]."""
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    """(method and path, range or condition, answer)."""
    statuses: list[dict[str, Any]] = field(default_factory=list)
    date: str = ""
    """The time that it states in answers; the real one where it is empty."""
    traffic: int = 0
    """Bytes of HTTP in both directions, without TLS."""


class Handler(BaseHTTPRequestHandler):
    """Answers as an object store does, to who shows a certificate of the site; a k3s to everybody."""

    protocol_version = "HTTP/1.1"
    gateway: ClassVar[Gateway]

    def do_GET(self) -> None:
        path = self.path[1:]
        data = self.gateway.objects.get(path)
        etag = f'"{hashlib.sha256(data or b"").hexdigest()}"'
        start = (
            int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) if "Range" in self.headers else 0
        )
        behaviour = self.gateway.behaviour.get(path, "")
        code, body = self.answer(path, etag, start)
        self.gateway.asked.append((f"GET {path}", self.headers.get("Range", ""), code))
        date = self.gateway.date or formatdate(usegmt=True)
        head = f"HTTP/1.1 {code} x\r\nDate: {date}\r\nETag: {etag}\r\nConnection: close\r\n"
        if code == 206:
            head += f"Content-Range: bytes {start}-{len(data or b'') - 1}/{len(data or b'')}\r\n"
        if code == 302:
            head += "Location: https://localhost:1/elsewhere\r\n"
        if behaviour != "endless":
            head += f"Content-Length: {len(body)}\r\n"
        self.gateway.traffic += len(head) + 2 + len(body) + len(str(self.headers)) + len(self.requestline) + 2
        self.close_connection = True
        try:
            self.wfile.write(head.encode() + b"\r\n")
            self.send(behaviour, body)
        except OSError:
            return

    def answer(self, path: str, etag: str, start: int) -> tuple[int, bytes]:
        """Code and body."""
        data = self.gateway.objects.get(path)
        if path != "k3s" and not self.connection.getpeercert():
            return 403, b""
        if data is None:
            return 404, b""
        if self.gateway.behaviour.get(path) == "elsewhere":
            return 302, b""
        if self.headers.get("If-None-Match") == etag:
            return 304, b""
        return (206 if start else 200), data[start:]

    def send(self, behaviour: str, body: bytes) -> None:
        if behaviour == "cut":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        elif behaviour == "endless":
            for _ in range(4000):
                self.wfile.write(body[:1] * 65536)
        elif behaviour == "slow":
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(0.5)
        else:
            self.wfile.write(body)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.gateway.asked.append((f"PUT {self.path[1:]}", "", 204))
        self.gateway.statuses.append(strict_json.parse(body, limit=4096))
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """A server on loopback that lets in who shows a certificate of the region's authority for sites."""
    made = Gateway()
    (folder / "authority.pem").write_text(BY.certificate_pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "authority.pem"))
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(server_certificate(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Handler,), {"gateway": made}))
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"https://localhost:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()


def released(boot: FirstBoot) -> tuple[FirstBoot, str]:
    """A first boot with the record of its release, and the hex digest of its part."""
    part = hashlib.sha256(repr((boot.files, boot.units)).encode()).hexdigest()
    return replace(boot, files=(*boot.files, facts.release(f"sha256:{part}"))), part


def small(target: Target, *files: File) -> FirstBoot:
    """A first boot of the channel's own step and `files`."""
    step = Step.joined(identity.plan(target), release_channel.plan(target), Step(files=files))
    site = target.site
    boot = FirstBoot(
        fleet=site.fleet,
        region=site.region,
        site=site.name,
        node=target.name,
        hostname="n1",
        timezone="Etc/UTC",
        users=(),
        network=target.node.network,
        files=step.files,
        units=step.units,
    )
    return with_plan(site, boot)


class Node:
    """A root directory that an image has written, and the program in it."""

    def __init__(self, place: Path) -> None:
        self.place, self.root = place, place / "root"
        for name in ("etc", "run", "usr/local/bin", "var/lib/edgefleet"):
            (self.root / name).mkdir(parents=True)
        (self.root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
        (self.root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Etc/UTC")
        (place / "bin").mkdir()
        for name, body in STAND_INS.items():
            self.stand_in(name, body)

    def stand_in(self, name: str, body: str) -> None:
        """Put a program before the machine's own."""
        file = self.place / "bin" / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def write(self, boot: FirstBoot) -> None:
        """What the image of a first boot does."""
        for file in placed(boot):
            path = self.root / file.path[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)

    def cut(self) -> None:
        """Let the power go at the command that CUT_AT states."""
        (self.place / "cut").mkdir()
        for name in CUT_AT:
            file = self.place / "cut" / name
            file.write_text(CUT.format(name=name, program=shutil.which(name)))
            file.chmod(0o755)

    def run(self, what: str = "poll", **more: str) -> subprocess.CompletedProcess[str]:
        """Run the program once; each run is one in which nothing is waited for."""
        shutil.rmtree(self.root / "run/edgefleet", ignore_errors=True)
        return self.run_again(what, **more)

    def run_again(self, what: str = "poll", **more: str) -> subprocess.CompletedProcess[str]:
        """Run the program without a restart of the node in between."""
        environment = {
            "PATH": f"{self.place / 'cut'}:{self.place / 'bin'}:/usr/bin:/bin:/usr/sbin",
            "PLACE": str(self.place),
            "EDGEFLEET_PREFIX": str(self.root),
            "EDGEFLEET_WITHIN": "0",
            "EDGEFLEET_PAUSE_SECONDS": "0",
            "EDGEFLEET_RESERVE": "1024",
            "CUT_AT": "0",
            "no_proxy": "*",
            **more,
        }
        (self.place / "count").write_text("0")
        shell = shutil.which("dash") or "/bin/sh"
        return subprocess.run(
            [*more.get("WRAP", "").split(), shell, str(self.root / release_channel.SCRIPT[1:]), what],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            start_new_session=True,
        )

    def tree(self) -> dict[str, tuple[int, bytes]]:
        """dict[path -> (mode, content)] of the files, without state and what runs."""
        return {
            str(path.relative_to(self.root)): (path.stat().st_mode, path.read_bytes())
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and path.relative_to(self.root).parts[0] not in {"run", "var"}
        }

    @property
    def release(self) -> str:
        """The hex digest of the part that it records."""
        return (self.root / facts.RELEASE[1:]).read_text().strip().removeprefix("sha256:")


@dataclass
class Lab:
    """A node of a site, its store, and who publishes."""

    target: Target
    node: Node
    gateway: Gateway
    now: int = field(default_factory=lambda: int(time.time()))
    version: int = 1

    def addressee(self) -> Addressee:
        """Whom pointers are for."""
        site = self.target.site
        return Addressee(fleet=site.fleet, region=site.region, site=site.name, generation=site.key_generation)

    def delegate(
        self, *numbers: int, version: int = 1, days: int = 90, by: int = ROOT, **changes: Any
    ) -> Delegation:
        """Publish a delegation to the keys of these numbers."""
        keys = sorted((pair(number).key for number in numbers), key=lambda key: key.id)
        named = tuple(ReleaseKey(key=key, expires=self.now + days * DAY) for key in keys)
        values: dict[str, Any] = {
            "fleet": self.target.site.fleet,
            "version": version,
            "issued": self.now - 100 * DAY,
            "keys": named,
        }
        delegation = Delegation(**(values | changes))
        self.put("delegation", "delegation", delegation.payload, by)
        return delegation

    def put(self, path: str, kind: Kind, payload: bytes, *by: int) -> None:
        """Publish a signed document."""
        self.gateway.objects[path] = signed(kind, payload, signer(*by))

    def upload(self, boot: FirstBoot, part: str) -> NodeRelease:
        """Store a bundle; what a pointer has of it."""
        return self.upload_bytes(bundle(boot, release_channel.password(self.target)), part)

    def upload_bytes(self, data: bytes, part: str) -> NodeRelease:
        """Store the bytes of a bundle."""
        name = hashlib.sha256(data).hexdigest()
        self.gateway.objects[f"release/{self.target.name}/{name}"] = data
        return NodeRelease(node=self.target.name, ciphertext=name, size=len(data), part=part)

    def point(self, release: NodeRelease, sequence: int, *, by: int = RELEASE_KEY, **changes: Any) -> None:
        """Publish a pointer to a release."""
        values: dict[str, Any] = {
            "addressee": self.addressee(),
            "sequence": sequence,
            "issued": self.now - 60,
            "not_before": self.now - 60,
            "expires": self.now + 30 * DAY,
            "floor": 0,
            "release": "sha256:" + "a" * 64,
            "nodes": (release,),
        }
        self.put("pointer", "pointer", Pointer(**(values | changes)).payload, by)

    def publish(self, sequence: int, *files: File, **changes: Any) -> FirstBoot:
        """Publish a release of `files`."""
        boot, part = released(small(self.target, *files))
        self.point(self.upload(boot, part), sequence, **changes)
        return boot

    @property
    def said(self) -> tuple[str, str]:
        """(state, reason) of the last status."""
        last = self.gateway.statuses[-1]
        return last["state"], last["reason"]


def app(text: str) -> File:
    """A file by which releases differ."""
    return File.text("/etc/app.conf", f"{text}\n")


@contextmanager
def on_image(
    target: Targets,
    place: Path,
    *,
    access: ChannelAccess | None = None,
    key: str = KEY,
    of: tuple[str, str] = ("server-static", ""),
) -> Iterator[Lab]:
    """A node that runs image 1, whose channel has published nothing but the delegation.

    Args:
        target: as the fixture.
        place: folder of the test.
        access: to the channel, where it is not by the gateway of the lab.
        key: the site's key.
        of: the golden site, and which of its nodes.
    """
    with gateway(place) as store:
        one = target(f"recipe-1/{of[0]}", of[1], region="eu")
        access = access or ChannelAccess(gateway=store.url)
        bare = replace(one.site, k3s=replace(one.site.k3s, sha256={}), workloads={})
        roots = (pair(ROOT).key.pem.strip(),)
        known = replace(identified(bare, key, BY, HUB), channel=SiteChannel(roots=roots, access=access))
        lab = Lab(target=replace(one, site=known, key=key), node=Node(place), gateway=store)
        lab.node.write(released(small(lab.target, app("one"), File.text("/etc/old.conf", "old\n")))[0])
        lab.delegate(RELEASE_KEY)
        yield lab
