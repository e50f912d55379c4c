#!/usr/bin/python3
"""A stand-in for k3s: it checks its configuration, says that it is ready, and answers `kubectl` and `ctr`.

It runs no container and is no Kubernetes; each line that it prints says so. What k3s would not start with,
it does not start with either. Keys: k3s docs, cli/server and cli/agent.

One of several servers serves its API's port by TLS, with a certificate of the site's authority, and joins as
k3s does: by an address and the token. In the place of etcd each keeps who the members are, and asks the
others.
"""

import hashlib
import json
import os
import secrets
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

import yaml

VERSION = "k3s version v1.36.4+k3s1 (a stand-in)"
CONFIG = Path("/etc/rancher/k3s/config.yaml")
REGISTRIES = Path("/etc/rancher/k3s/registries.yaml")
DATA = Path("/var/lib/rancher/k3s")
ADMIN = DATA / "server/cred/admin.kubeconfig"
REPORT = Path("/run/k3s-stand-in.json")
LISTENING = "/run/k3s-stand-in.socket"
CLUSTER = DATA / "server/db/etcd/member/wal/stand-in.json"
"""``{"cluster": its identity, "members": dict[name -> address]}``, where etcd has its data."""
AUTHORITY = DATA / "server/tls/server-ca"
PORT = 6443
BOOLEANS = {"secrets-encryption", "protect-kernel-defaults", "etcd-disable-snapshots", "embedded-registry"}
TEXTS = {
    *("token", "agent-token", "server", "node-name", "node-ip", "write-kubeconfig-mode"),
    *("flannel-backend", "cluster-cidr", "service-cidr"),
}
LISTS = {
    *("tls-san", "disable", "node-label", "node-taint"),
    *("kube-apiserver-arg", "kube-controller-manager-arg", "kubelet-arg"),
}
PAUSE = "docker.io/rancher/mirrored-pause:3.6"
PINNED = DATA / "stand-in-pinned-images"
OTHERS = 0o077
"""Permission bits of everybody but the owner."""
KERNEL = {
    "vm/panic_on_oom": "0",
    "vm/overcommit_memory": "1",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
}
"""What kubelet insists on with ``protect-kernel-defaults`` (k3s docs, security/hardening-guide)."""


def say(text: str) -> None:
    """A line in the journal and at the console."""
    line = f"k3s stand-in: {text}\n"
    sys.stdout.write(line)
    sys.stdout.flush()
    Path("/dev/console").write_text(line)


def wrong_keys(config: dict[str, Any]) -> Iterator[str]:
    """Keys that k3s has no flag for, and values of the wrong kind."""
    for key, value in config.items():
        name = key.rstrip("+")
        kind = bool if name in BOOLEANS else str if name in TEXTS else list if name in LISTS else None
        if kind is None:
            yield f"flag provided but not defined: -{name}"
        elif not isinstance(value, kind):
            yield f"invalid value {value!r} for flag -{name}"


def wrong_surroundings(config: dict[str, Any], role: str) -> Iterator[str]:
    """What does not hold on this node, and must before k3s starts."""
    if CONFIG.stat().st_mode & OTHERS:
        yield f"{CONFIG} can be read by others, and holds the token"
    if REGISTRIES.exists() and not isinstance(yaml.safe_load(REGISTRIES.read_text()), dict):
        yield f"{REGISTRIES} is not a mapping"
    if not outward():
        yield "no default routes found in /proc/net/route"
    if config.get("protect-kernel-defaults"):
        yield from wrong_kernel()
    if role == "server":
        yield from wrong_policies(
            dict(each.partition("=")[::2] for each in config.get("kube-apiserver-arg", ()))
        )


def outward() -> str:
    """The address by which this node reaches others; empty where it has no default route."""
    routes = ip("route", "get", "192.0.2.1")
    return str(routes[0]["prefsrc"]) if routes else ""


def ip(*arguments: str) -> list[dict[str, Any]]:
    """What `ip` lists; nothing where it fails."""
    done = subprocess.run(["ip", "-json", *arguments], capture_output=True, text=True, check=False)
    listed: list[dict[str, Any]] = json.loads(done.stdout) if done.returncode == 0 else []
    return listed


def wrong_kernel() -> Iterator[str]:
    """Settings that kubelet would not start with."""
    for name, value in KERNEL.items():
        found = (Path("/proc/sys") / name).read_text().strip()
        if found != value:
            yield f"invalid kernel flag: {name}, expected value: {value}, actual value: {found}"


def wrong_policies(arguments: dict[str, str]) -> Iterator[str]:
    """What kube-apiserver's flags have it read and write, and could not; dict[flag -> value]."""
    named = {"admission-control-config-file": "AdmissionConfiguration", "audit-policy-file": "Policy"}
    for flag, kind in named.items():
        if flag in arguments and yaml.safe_load(Path(arguments[flag]).read_text())["kind"] != kind:
            yield f"{arguments[flag]} is not a {kind}"
    if "audit-log-path" in arguments:
        logs = Path(arguments["audit-log-path"]).parent
        if not logs.is_dir() or logs.stat().st_mode & OTHERS:
            yield f"{logs} is not there, or can be read by others"


def serve(role: str) -> None:
    """As `k3s server` and `k3s agent`: check, be ready, and answer for ever."""
    config = yaml.safe_load(CONFIG.read_text())
    problems = [*wrong_keys(config), *wrong_surroundings(config, role)]
    if problems:
        say(f"does not start: {'; '.join(problems)}")
        raise SystemExit(1)
    kubeconfig = ADMIN if role == "server" else DATA / "agent/kubelet.kubeconfig"
    kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    if not kubeconfig.exists():
        kubeconfig.write_text("# of a stand-in for k3s\n")
    images = sorted(path.name for path in (DATA / "agent/images").glob("*.tar*"))
    address = config.get("node-ip", outward())
    report = {"arguments": sys.argv[1:], "config": config, "images": images, "address": address}
    written(REPORT, report)
    if "K3S_URL" in os.environ or "K3S_CLUSTER_INIT" in os.environ or CLUSTER.exists():
        Member.take_part(report, os.environ.get("K3S_URL", ""))
    Path(LISTENING).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(LISTENING)
        listening.listen()
        notify("READY=1")
        say(f"started as {' '.join(sys.argv[1:])} at {address}; no container runs here")
        while True:
            asking, _ = listening.accept()
            with asking:
                asking.sendall(b"ok")


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


def notify(state: str) -> None:
    """As sd_notify(3)."""
    address = os.environ["NOTIFY_SOCKET"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.connect(address if address[0] != "@" else "\0" + address[1:])
        to.send(state.encode())


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


def kubectl(arguments: list[str]) -> None:
    """Answer the two questions that a node asks: is the API ready, is this node.

    The API's service leads to the address that the node had when k3s started.
    """
    whose = Path(arguments[arguments.index("--kubeconfig") + 1])
    whose.read_text()
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(LISTENING)
        answer = asking.recv(16).decode()
    report = json.loads(REPORT.read_text())
    own = [address["local"] for interface in ip("address") for address in interface["addr_info"]]
    if "--server" in arguments and report["address"] not in own:
        raise SystemExit(f"{report['address']}: no route to host")
    name = report["config"]["node-name"]
    if "/readyz" in arguments:
        sys.stdout.write(answer)
    elif name in arguments:
        sys.stdout.write("True")
    else:
        raise SystemExit(f"there is no such node; this one is {name}")


def ctr(arguments: list[str]) -> None:
    """Answer as containerd where a container of the pause image runs, and all carried images are there.

    `PINNED` has a line for each image that is labelled. As k3s does not import them here, none is at first.
    """
    pinned = PINNED.read_text().splitlines() if PINNED.exists() else []
    match arguments:
        case ["images", "ls", "-q"]:
            listed = [PAUSE, *Path("/etc/edgefleet/images").read_text().splitlines()]
        case ["images", "ls", "-q", 'labels."io.cri-containerd.pinned"==pinned']:
            listed = pinned
        case ["containers", "ls"]:
            listed = ["CONTAINER    IMAGE    RUNTIME", f"0a1b2c    {PAUSE}    io.containerd.runc.v2"]
        case ["images", "label", name, "io.cri-containerd.pinned=pinned", "io.cattle.k3s.pinned=pinned"]:
            PINNED.write_text("".join(f"{each}\n" for each in (*pinned, name)))
            listed = [name]
        case others:
            raise SystemExit(f"k3s stand-in: {others} is nothing that a node says to containerd")
    sys.stdout.write("".join(f"{each}\n" for each in listed))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--version"]:
            sys.stdout.write(f"{VERSION}\n")
        case ["ctr", "--namespace", "k8s.io", *arguments]:
            ctr(arguments)
        case ["kubectl", "--kubeconfig=/dev/null", server, trust, "--token=none", "get", "--raw", "/ping"]:
            ping(server.partition("=")[2], trust)
        case ["kubectl", *arguments]:
            kubectl(arguments)
        case [("server" | "agent") as role]:
            serve(role)
        case others:
            raise SystemExit(f"k3s stand-in: {others} is nothing that a node says to k3s")
