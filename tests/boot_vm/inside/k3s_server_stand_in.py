"""Part of the base that boot tests start: what a stand-in for k3s is besides as one of several servers.

It serves its API's port by TLS, with a certificate of the site's authority, and joins as k3s does: by an
address and the token. In the place of etcd each keeps who the members are, and asks the others.
"""

import hashlib
import json
import secrets
import socket
import ssl
import subprocess
import sys
import time
from http import HTTPStatus
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

DATA = Path("/var/lib/rancher/k3s")
REPORT = Path("/run/k3s-stand-in.json")
CLUSTER = DATA / "server/db/etcd/member/wal/stand-in.json"
"""``{"cluster": its identity, "members": dict[name -> address]}``, where etcd has its data."""
AUTHORITY = DATA / "server/tls/server-ca"
PORT = 6443


def say(text: str) -> None:
    """A line in the journal and at the console."""
    line = f"k3s stand-in: {text}\n"
    sys.stdout.write(line)
    sys.stdout.flush()
    Path("/dev/console").write_text(line)


def written(path: Path, content: Any) -> None:
    """A file of JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content))
    new.replace(path)


class Member(BaseHTTPRequestHandler):
    """One of several servers: what it answers the others, and what it knows of them."""

    lock = Lock()
    report: ClassVar[dict[str, Any]] = {}
    known: ClassVar[dict[str, Any]] = {}

    @classmethod
    def take_part(cls, report: dict[str, Any], url: str) -> None:
        """Create the cluster, join the one at `url`, or go on as a member; then serve, and ask the others."""
        cls.report = report
        if CLUSTER.exists():
            cls.known = json.loads(CLUSTER.read_text())
        elif url:
            report["joined"] = url
            cls.learn(asked(url, cls.members_path(), report["config"]["token"]))
        else:
            cls.known = {"cluster": secrets.token_hex(8), "members": {}}
        cls.learn({**cls.known, "members": cls.own()})
        api = ThreadingHTTPServer(("", PORT), cls)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certified(report["config"]["tls-san"]))
        api.socket = context.wrap_socket(api.socket, server_side=True)
        Thread(target=api.serve_forever, daemon=True).start()
        Thread(target=cls.ask_others, daemon=True).start()

    @classmethod
    def own(cls) -> dict[str, str]:
        """Its own name and address."""
        return {cls.report["config"]["node-name"]: cls.report["address"]}

    @classmethod
    def members_path(cls) -> str:
        """What it asks another server, whom it tells so who it is."""
        return f"/members?{urlencode(cls.own())}"

    @classmethod
    def learn(cls, other: dict[str, Any]) -> None:
        """Keep and report what another server knows; members of another cluster are none of this one."""
        with cls.lock:
            before = dict(cls.known.get("members", {}))
            if other["cluster"] != cls.known.setdefault("cluster", other["cluster"]):
                say(f"another cluster is in this LAN: {other['cluster']}")
                return
            cls.known["members"] = {**before, **other["members"]}
            cls.report |= cls.known
            if before != cls.known["members"]:
                written(CLUSTER, cls.known)
                written(REPORT, cls.report)
                say(f"knows the servers {', '.join(sorted(cls.known['members']))} of {cls.known['cluster']}")

    @classmethod
    def ask_others(cls) -> None:
        """Every other second, for ever, also those that are away."""
        while True:
            for address in set(cls.known["members"].values()) - {cls.report["address"]}:
                try:
                    token = cls.report["config"]["token"]
                    cls.learn(asked(f"https://{address}:{PORT}", cls.members_path(), token))
                except OSError:
                    pass
            time.sleep(2)

    def do_GET(self) -> None:
        """Answer a ping to anybody, and who the members are to those who have the token."""
        path = urlsplit(self.path)
        if path.path == "/ping":
            self.answer(HTTPStatus.OK, b"pong")
        elif self.headers["Authorization"] != password(self.report["config"]["token"]):
            self.answer(HTTPStatus.UNAUTHORIZED, b"not with this token")
        else:
            asking = {name: addresses[0] for name, addresses in parse_qs(path.query).items()}
            self.learn({**self.known, "members": asking})
            self.answer(HTTPStatus.OK, json.dumps(self.known).encode())

    def answer(self, status: int, content: bytes) -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: the others ask all the time."""


def password(token: str) -> str:
    """That of a token, whose other part is the digest of the site's authority (k3s, pkg/clientaccess)."""
    digest, _, word = token.rpartition("::")
    own = hashlib.sha256(AUTHORITY.with_suffix(".crt").read_bytes()).hexdigest()
    if digest not in ("", f"K10{own}"):
        say("does not start: the token is of another authority")
        raise SystemExit(1)
    return word.rpartition(":")[2]


def asked(url: str, path: str, token: str) -> dict[str, Any]:
    """What another server answers, which the site's authority certifies."""
    trust = ssl.create_default_context(cafile=str(AUTHORITY.with_suffix(".crt")))
    answer: dict[str, Any] = json.loads(got(url, path, trust, Authorization=password(token)))
    return answer


def got(url: str, path: str, trust: ssl.SSLContext, **headers: str) -> str:
    """What is there.

    Raises:
        OSError: nothing is.
    """
    connection = HTTPSConnection(urlsplit(url).netloc, timeout=10, context=trust)
    try:
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        text = reply.read().decode()
    finally:
        connection.close()
    if reply.status != HTTPStatus.OK:
        message = f"{url}: {text}"
        raise OSError(message)
    return text


def certified(names: list[str]) -> Path:
    """A key and a certificate for these names and addresses, in one file."""
    folder = DATA / "server/tls/stand-in"
    folder.mkdir(exist_ok=True)
    key, request, both = folder / "key", folder / "request", folder / "both.pem"
    subjects = (f"{'IP' if is_address(name) else 'DNS'}:{name}" for name in names)
    (folder / "names").write_text(f"subjectAltName={','.join(subjects)}\n")
    asking = ("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(*asking, "-keyout", key, "-subj", "/CN=k3s stand-in", "-out", request)
    signing = ("x509", "-req", "-in", request, "-extfile", folder / "names", "-days", "30")
    by = ("-CA", AUTHORITY.with_suffix(".crt"), "-CAkey", AUTHORITY.with_suffix(".key"), "-CAcreateserial")
    openssl(*signing, *by, "-CAserial", folder / "serial", "-out", both)
    both.write_bytes(key.read_bytes() + both.read_bytes())
    return both


def is_address(name: str) -> bool:
    """Whether it is an IP address."""
    try:
        socket.getaddrinfo(name, None, flags=socket.AI_NUMERICHOST)
    except OSError:
        return False
    return True


def openssl(*words: str | Path) -> None:
    """Run it."""
    subprocess.run(("openssl", *words), check=True, capture_output=True)


def ping(server: str, trust: str) -> None:
    """As `kubectl get --raw /ping` without a token, at another server."""
    name, _, file = trust.partition("=")
    context = ssl.create_default_context(cafile=file or None)
    if name == "--insecure-skip-tls-verify":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        sys.stdout.write(got(server, "/ping", context))
    except OSError as error:
        raise SystemExit(f"{server}: {error}") from error
