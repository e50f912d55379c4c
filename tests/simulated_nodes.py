"""Simulated nodes of a stack: the program of the channel in a folder for each, and a stand-in of the gateway.

``python -m tests.simulated_nodes -s STACK [--sick SITE=TEXT]``, in a project, lets each node look for its
release once; the first time, it writes their images to `.edgefleet/nodes` before.

A folder with the files of a node's image is the root of a namespace of its own (bubblewrap). The program,
curl and openssl are real. systemd is a stand-in, and so is the health of a node: it is healthy unless its
site is sick and the objects of its release have TEXT.
"""

import argparse
import shutil
import ssl
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from edgefleet.boot import release_channel
from edgefleet.commands.secrets import assembled
from edgefleet.commands.session import PRIVATE, Session
from edgefleet.commands.stack import load
from edgefleet.commands.stack_store import opened
from edgefleet.hub.update_gateway import BackingStore, UpdateGateway, files
from edgefleet.images.base.cloud_init_fallback import placed
from edgefleet.io.store import ArtifactStore
from edgefleet.model.site_resource import SiteInputs
from edgefleet.rollout.statuses import LARGEST
from edgefleet.rollout.stored_statuses import statuses
from edgefleet.site.inputs import Assembly
from edgefleet.site.render import released

TOOLS = ("bwrap", "dash", "curl", "openssl", "flock")
WRITTEN = ("etc", "usr/local", "var", "opt", "srv", "run", "root")
"""Folders of a node's own; the rest is this machine's, and cannot be written."""
STAND_INS = {
    "systemctl": r"""case "$*" in "start edgefleet-health.service")
  state=healthy message='as it should be'
  if [ -s /run/stand-ins/sick ] && grep -rqsFf /run/stand-ins/sick /etc/edgefleet/manifests; then
    state=unhealthy message='till of shop is not ready'
  fi
  printf '{\n  "state": "%s",\n  "message": "%s",\n  "rolledBack": ""\n}\n' "$state" "$message" \
    >/var/lib/edgefleet/status.json ;;
esac""",
    "curl": 'exec /usr/bin/curl -q --connect-to "{host}:443:127.0.0.1:{port}" "$@"',
} | dict.fromkeys(("sysctl", "systemd-tmpfiles", "useradd", "usermod", "gpasswd"), ":")
"""dict[program -> what stands in for it]."""
ENTER = (
    "bwrap --die-with-parent --clearenv --setenv PATH /run/stand-ins:/usr/bin:/usr/sbin "
    "--setenv EDGEFLEET_WITHIN 0 --setenv EDGEFLEET_PAUSE_SECONDS 0 --ro-bind /usr /usr "
    "--symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64 "
    "--proc /proc --dev /dev"
)
"""Enters a node; its own folders follow."""
POLL = f"systemctl start edgefleet-health.service; exec dash {release_channel.SCRIPT} poll"


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """The nodes of a fleet."""

    assembly: Assembly
    store: ArtifactStore
    folder: Path
    """Where the nodes are kept."""
    sick: dict[str, str] = field(default_factory=dict)
    """dict[site -> a text in the objects of a release with which its nodes do not become healthy]."""

    @property
    def sites(self) -> dict[str, SiteInputs]:
        """dict[site -> its inputs]."""
        return {inputs.name: inputs for inputs in self.assembly.all_inputs()}

    def install(self) -> int:
        """Write the images of the fleet file to all nodes; how many there are."""
        count = 0
        for name, inputs in self.sites.items():
            boots, _ = released(inputs.spec, inputs.key, inputs.passphrases)
            for node, boot in boots.items():
                root = self.folder / name / node / "root"
                for folder in WRITTEN:
                    (root / folder).mkdir(parents=True)
                (root / "var/lib/edgefleet").mkdir(parents=True)
                people = ("root", *(user.name for user in boot.users))
                (root / "etc/passwd").write_text("".join(f"{name}:x:0:0::/root:/bin/sh\n" for name in people))
                (root / "etc/group").write_text("root:x:0:\n")
                (root / "etc/localtime").symlink_to(f"/usr/share/zoneinfo/{boot.timezone}")
                for file in placed(boot):
                    path = root / file.path[1:]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(file.content)
                    path.chmod(file.mode)
                count += 1
        return count

    def poll(self, sites: Collection[str] | None = None) -> dict[tuple[str, str], str]:
        """Let nodes look for their releases once, two at a time; dict[(site, node) -> what each printed]."""
        chosen = [
            path for path in sorted(self.folder.glob("*/*")) if sites is None or path.parent.name in sites
        ]
        with gateway(self.assembly, self.store, self.folder) as port, ThreadPoolExecutor(2) as pool:
            printed = pool.map(lambda path: self._run(path, port), chosen)
            return {(path.parent.name, path.name): text for path, text in zip(chosen, printed, strict=True)}

    def _run(self, path: Path, port: int) -> str:
        root, stand_ins = path / "root", path / "stand-ins"
        host = urlsplit(_gateway(self.assembly)).hostname
        stand_ins.mkdir(exist_ok=True)
        for name, body in STAND_INS.items():
            program = stand_ins / name
            text = body.replace("{host}", str(host)).replace("{port}", str(port))
            program.write_text(f"#!/bin/sh\n{text}\n")
            program.chmod(0o755)
        (stand_ins / "sick").write_text(self.sick.get(path.parent.name, ""))
        shutil.rmtree(root / "run/edgefleet", ignore_errors=True)  # what a failed poll leaves: no wait
        own = " ".join(f"--bind {root / name} /{name}" for name in WRITTEN)
        ran = subprocess.run(
            [*ENTER.split(), *own.split(), *f"--bind {stand_ins} /run/stand-ins".split(), "dash", "-c", POLL],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return ran.stdout + ran.stderr


def main(session: Session, arguments: Sequence[str]) -> None:
    """Let the nodes of a stack look for their releases once, and print what they report."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulated_nodes")
    parser.add_argument("-s", "--stack", required=True)
    parser.add_argument("--sick", metavar="SITE=TEXT", action="append", default=[])
    chosen = parser.parse_args(arguments)
    fleet = load(session.project, chosen.stack)
    store = opened(session, fleet)
    nodes = Nodes(
        assembly=assembled(session, chosen.stack, fleet),
        store=store,
        folder=session.project / PRIVATE / "nodes",
        sick=dict(of.split("=", 1) for of in chosen.sick),
    )
    if not nodes.folder.exists():
        session.out.print(f"{nodes.install()} nodes have their images")
    polled = nodes.poll()
    seen = statuses(store, {site: spec.nodes for site, spec in fleet.sites.items()})
    states = Counter(status.state for of in seen.values() for status in of.values())
    counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    session.out.print(f"{len(polled)} nodes asked: {counts or 'none reports'}")


def missing() -> str:
    """The programs that this machine lacks."""
    return ", ".join(name for name in TOOLS if shutil.which(name) is None)


class Handler(BaseHTTPRequestHandler):
    """Stands in for the gateway: the site is the common name of the client's certificate."""

    protocol_version = "HTTP/1.1"
    store: ClassVar[ArtifactStore]

    def _key(self) -> str:
        """The key in the store; empty for a request that the gateway does not answer."""
        subject = dict(part for parts in self.connection.getpeercert()["subject"] for part in parts)
        site = subject["commonName"]
        match self.path.split("/")[1:]:
            case ["delegation"]:
                return "delegation.json"
            case ["pointer"]:
                return f"pointers/{site}.json"
            case ["release", node, name]:
                return f"releases/{site}/{node}/{name}"
            case ["status", node]:
                return f"status/{site}/{node}.json"
        return ""

    def do_GET(self) -> None:
        """An object, or that it has not changed."""
        stat = self.store.stat(self._key())
        data = self.store.get(self._key()) if stat else None
        etag = f'"{stat.sha256}"' if stat else ""
        if data is None:
            self._answer(404)
        elif self.headers.get("If-None-Match") == etag:
            self._answer(304, etag)
        else:
            self._answer(200, etag, data)

    def do_PUT(self) -> None:
        """A status."""
        data = self.rfile.read(min(int(self.headers["Content-Length"]), LARGEST))
        self.store.put(self._key(), data)
        self._answer(204)

    def _answer(self, code: int, etag: str = "", data: bytes = b"") -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def gateway(assembly: Assembly, store: ArtifactStore, folder: Path) -> Iterator[int]:
    """The stand-in of the gateway, on a port of loopback, with the certificates of the real one."""
    fleet = assembly.fleet
    host = str(urlsplit(_gateway(assembly)).hostname)
    real = UpdateGateway(host=host, store=BackingStore(url="https://store.invalid", bucket="none"))
    texts = files(
        real, assembly.keys.secret, (fleet.name, fleet.region), revoked=fleet.revoked, now=datetime.now(UTC)
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "authority.crt"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Handler,), {"store": store}))
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def _gateway(assembly: Assembly) -> str:
    channel = assembly.fleet.channel
    assert channel is not None
    assert channel.access.gateway is not None
    return channel.access.gateway


if __name__ == "__main__":
    main(Session.of_process(), sys.argv[1:])
