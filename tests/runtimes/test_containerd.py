"""Runtime `containerd`: workloads as units of systemd, from the objects of a site to a running container."""

import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import firewall, healing, recipe_1
from edgefleet.model.firstboot import Step, Target
from edgefleet.model.safety import Identity
from edgefleet.runtimes import containerd, runtime_of
from edgefleet.runtimes.base import containers
from edgefleet.workloads.composing import objects_of

IMAGE = "registry.example/shop/hello:1"
USER = 10001
PROGRAMS = ("sh", "httpd", "sleep", "cat", "grep", "test", "touch")


def documents_of(target: Target) -> dict[str, dict[str, Any]]:
    """dict[workload -> its document] of a node."""
    files = {file.path: file for file in containerd.configure(target).files}
    names = files[containerd.LIST].content.decode().split()
    assert {0o600} == {files[f"{containerd.FOLDER}/{name}.json"].mode for name in names}
    return {name: json.loads(files[f"{containerd.FOLDER}/{name}.json"].content) for name in names}


def test_each_kind_is_one_container_with_its_limits_and_its_own_user(target: Targets) -> None:
    """What its Pod has: memory, processor time, folders, files and a probe."""
    made = documents_of(target("no-orchestrator"))
    assert {"carts", "pictures", "scales", "till", "weights"} == made.keys()
    assert {USER} == {each["user"] for each in made.values()}
    (till,), (carts,), (pictures,) = (made[name]["containers"] for name in ("till", "carts", "pictures"))
    assert (48 * 2**20, 103, 50_000) == (till["memory"], till["shares"], till["quota"])
    assert "se-kir-004" == till["environment"]["NODE"]
    assert ({"port": 8080}, 60) == (till["probe"], made["till"]["patience"])
    assert (True, False) == (made["till"]["isCritical"], made["carts"]["isCritical"])
    assert ["data"] == made["carts"]["volumes"]
    assert ["valkey-cli", "-e", "-p", "6379", "ping"] == carts["probe"]["command"]
    assert {"path": "/", "port": 8081} == pictures["probe"]
    assert "proxy_cache" in made["pictures"]["files"]["files"]["nginx.conf"]


def test_a_container_before_another_shares_its_folders(target: Targets) -> None:
    """The passwords of a gateway are written into memory before it starts."""
    scales = documents_of(target("no-orchestrator"))["scales"]
    both = (*scales["before"], *scales["containers"])
    assert ["passwords", "scales"] == [each["name"] for each in both]
    run = {"kind": "memory", "volume": "run", "below": ""}
    assert [run, run] == [each["mounts"]["/run/mosquitto"] for each in both]
    assert 4 * 2**20 == scales["memory"]["run"]
    assert ["ndots:1", "timeout:1", "attempts:1"] == scales["resolver"]


def test_a_stream_is_two_containers_each_with_its_probe(target: Targets) -> None:
    """The server, and the one that declares the stream; with a hub the site's certificate is a file."""
    weights = documents_of(target("no-orchestrator"))["weights"]
    server, declaring = weights["containers"]
    assert {"path": "/healthz", "port": 8222} == server["probe"]
    assert {"command": ["test", "-f", "/run/edgefleet/declared"]} == declaring["probe"]
    assert ["data"] == weights["volumes"]
    linked = {"kind": "stream", "subjects": ["weights.>"], "to": "hub", "site": "se-kir-004"}
    linked |= {"address": "streams.example:7422"}
    own = Identity(certificate="of the site", authority="of the region")
    files = documents_of(target("no-orchestrator", workloads={"weights": linked}, identity=own))["weights"][
        "files"
    ]
    assert ("of the site", "of the region") == tuple(
        files["certificate"][key] for key in ("tls.crt", "ca.crt")
    )
    assert "tls://streams.example:7422" in files["files"]["nats.json"]


def test_workloads_find_each_other_by_the_names_of_their_services(target: Targets) -> None:
    """All listen at the node itself, so each name is that of the node's loopback."""
    hosts = documents_of(target("no-orchestrator"))["till"]["hosts"]
    assert {"carts.carts", "carts.carts.svc", "carts.carts.svc.cluster.local"} <= {*hosts}
    assert not any("exposed" in host for host in hosts)


def test_a_secret_is_in_the_file_of_its_workload_alone(target: Targets) -> None:
    """The file is for root; no unit and no command line has the text."""
    workloads = {
        "till": {"kind": "web", "image": IMAGE, "port": 8080, "secrets": {"KEY": "p@ss\nword"}},
    }
    made = target("no-orchestrator", workloads=workloads)
    assert "p@ss\nword" == documents_of(made)["till"]["containers"][0]["environment"]["KEY"]
    holding = [
        file.path for step in recipe_1.STEPS for file in step.plan(made).files if b"p@ss" in file.content
    ]
    assert [f"{containerd.FOLDER}/till.json"] == holding
    assert not any(
        "p@ss" in word for step in recipe_1.STEPS for line in step.plan(made).commands for word in line
    )


def test_the_firewall_opens_what_workloads_expose_and_no_ranges_of_a_cluster(
    target: Targets, text_of: Callable[[Step, str], str]
) -> None:
    """There are no interfaces of containers; what no workload exposes is closed to others."""
    rules = text_of(firewall.plan(target("no-orchestrator")), firewall.PATH)
    assert 'tcp dport 8080 accept comment "exposed by a workload"' in rules
    assert 'tcp dport 1883 accept comment "exposed by a workload"' in rules
    assert [] == [word for word in ("cni0", "flannel", "10.42.", "6379", "8088") if word in rules]


def test_nothing_of_k3s_is_on_the_node(target: Targets) -> None:
    """Neither its programs and units nor the renewal of its certificates."""
    made = Step.joined(*(step.plan(target("no-orchestrator")) for step in recipe_1.STEPS))
    paths = [file.path for file in made.files] + [unit.name for unit in made.units]
    assert [] == [path for path in paths if "k3s" in path or "renew" in path]
    assert [] == [unit.name for unit in made.units if "k3s" in unit.text]
    script = next(file for file in made.files if file.path == healing.SCRIPT).content.decode()
    assert "k3s" not in script


def test_it_needs_less_than_k3s_and_each_workload_counts() -> None:
    """So that capacity of a small node is not overstated."""
    minimum = containerd.RUNTIME.minimum
    assert (1, 256 * 1000**2) == (minimum.cpus, minimum.memory)
    assert minimum.each.memory > 0


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt-get install systemd"
)
def test_systemd_takes_its_units(target: Targets, tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing wrong; stand-ins take the place of the programs they run."""
    node = target("no-orchestrator")
    paths = []
    for unit in runtime_of(node.node).install(node).units:
        path = tmp_path / unit.name.replace("@.", "@till.")
        path.write_text(unit.text.replace("/usr/local/lib/edgefleet/", "/bin/true "))
        paths.append(path)
    assert 4 == len(paths)
    others = ("containerd", "edgefleet-configuration", "edgefleet-payload")
    for name in others:
        (tmp_path / f"{name}.service").write_text("[Service]\nExecStart=/bin/true\n")
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False
    )
    assert (0, "") == (
        run.returncode,
        "".join(line for line in run.stderr.splitlines() if str(tmp_path) in line),
    )


def archive_of(busybox: bytes, **scripts: str) -> bytes:
    """An OCI layout with an image of busybox and scripts, as a tar that containerd imports."""

    def packed(files: dict[str, bytes | str]) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, content in files.items():
                item = tarfile.TarInfo(name)
                item.mode = 0o755
                if isinstance(content, str):
                    item.type, item.linkname = tarfile.SYMTYPE, content
                    tar.addfile(item)
                else:
                    item.size = len(content)
                    tar.addfile(item, io.BytesIO(content))
        return out.getvalue()

    def described(content: bytes, kind: str) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest, "size": len(content)}

    links: dict[str, bytes | str] = dict.fromkeys((f"bin/{name}" for name in PROGRAMS), "busybox")
    own = {f"bin/{name.replace('_', '-')}": text.encode() for name, text in scripts.items()}
    layer = packed({"bin/busybox": busybox, **links, **own, "www/index.html": b"hello\n"})
    whole = described(layer, "layer.v1.tar")
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/bin", "OF_IMAGE=yes"], "WorkingDir": "/www"},
            "rootfs": {"type": "layers", "diff_ids": [whole["digest"]]},
        }
    ).encode()
    parts = {"config": described(config, "config.v1+json"), "layers": [whole]}
    manifest = json.dumps({"schemaVersion": 2, **parts}).encode()
    named = described(manifest, "manifest.v1+json") | {"annotations": {"io.containerd.image.name": IMAGE}}
    index = json.dumps({"schemaVersion": 2, "manifests": [named]}).encode()
    blobs = {f"blobs/sha256/{hashlib.sha256(each).hexdigest()}": each for each in (config, manifest, layer)}
    return packed({"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index, **blobs})


@dataclass
class Node:
    """A folder in the place of a node's root, with a containerd of its own."""

    root: Path
    environment: dict[str, str]

    def containers(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the node's program."""
        program = self.root / "containers"
        return subprocess.run(
            ["python3", program, *words],
            env=self.environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def become(self, planned: Target) -> None:
        """Have the files that its seed would write."""
        for file in (*containerd.configure(planned).files, *containerd.install(planned).files):
            place = self.root / file.path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.content)
        shutil.copy(self.root / "usr/local/lib/edgefleet/containers", self.root / "containers")

    def carry(self, planned: Target, workload: str, **scripts: str) -> None:
        """Have the image of a workload as its payload brings it, with `scripts` among its programs."""
        for container in documents_of(planned)[workload]["containers"]:
            archive = self.root / "var/lib/edgefleet/images" / container["archive"]
            archive.parent.mkdir(parents=True, exist_ok=True)
            archive.write_bytes(archive_of(Path(shutil.which("busybox") or "").read_bytes(), **scripts))

    @contextmanager
    def running(self, workload: str) -> Iterator[subprocess.Popen[bytes]]:
        """The workload, started and ended as its unit does."""
        prepared = self.containers("prepare", workload)
        if "operation not permitted" in prepared.stderr.lower():
            pytest.skip("needs mounts of overlayfs")
        assert 0 == prepared.returncode, prepared.stderr
        process = subprocess.Popen(
            ["python3", self.root / "containers", "start", workload],
            env=self.environment, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            cleaned = self.containers("clean", workload)
        assert 0 == cleaned.returncode, cleaned.stderr

    def ctr(self, *words: str) -> list[str]:
        """The words that containerd's client answers."""
        run = subprocess.run(
            ["ctr", *words], env=self.environment, capture_output=True, text=True, check=True, timeout=60
        )
        return run.stdout.split()


def lacking() -> str:
    """Why no container can be run here."""
    if os.geteuid():
        return "needs root"
    missing = [name for name in ("containerd", "ctr", "runc", "busybox") if shutil.which(name) is None]
    return f"needs {', '.join(missing)}: apt-get install containerd runc busybox-static" if missing else ""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node with containerd, which ends with the test."""
    if reason := lacking():
        pytest.skip(reason)
    address = tmp_path / "containerd.sock"
    lines = [f'root = "{tmp_path}/root"', f'state = "{tmp_path}/state"', f'[grpc]\naddress = "{address}"']
    config = tmp_path / "config.toml"
    given = (Path(__file__).parents[2] / "templates/containers/config.toml").read_text()
    config.write_text("\n".join([given, *lines, ""]))
    environment = {
        **os.environ,
        "EDGEFLEET_PREFIX": str(tmp_path),
        "CONTAINERD_ADDRESS": str(address),
        "CONTAINERD_NAMESPACE": "edgefleet",
    }
    log = (tmp_path / "log").open("w")
    daemon = subprocess.Popen(["containerd", "--config", config], stdout=log, stderr=log)
    try:
        made = Node(tmp_path, environment)
        for _ in range(100):
            if (
                subprocess.run(
                    ["ctr", "version"], env=environment, capture_output=True, check=False
                ).returncode
                == 0
            ):
                break
            time.sleep(0.1)
        else:
            pytest.skip("containerd does not start here")
        yield made
    finally:
        daemon.terminate()
        daemon.wait(timeout=30)
        log.close()


def answer_at(port: int) -> bytes:
    """What a server answers, once it is there."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as reply:
                content: bytes = reply.read()
                return content
        except OSError:
            time.sleep(0.1)
    raise AssertionError("nothing answers")


def test_a_workload_runs_in_containerd_as_it_is_declared(node: Node, target: Targets) -> None:
    """For real: its user, no capability, its limit, its variables; ended and removed without a trace."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    web = {
        "kind": "web",
        "image": IMAGE,
        "port": port,
        "command": ["sh", "-c", f"echo of-$KEY >/tmp/at; exec httpd -f -p {port} -h /www"],
        "secrets": {"KEY": "a secret"},
        "probe": {"path": "/index.html"},
        "resources": {"memory": "32Mi"},
    }
    planned = target("no-orchestrator", workloads={"hello": web})
    node.become(planned)
    node.carry(planned, "hello")
    with node.running("hello") as process:
        assert b"hello\n" == answer_at(port)
        tasks = node.ctr("tasks", "ls")
        pid = tasks[tasks.index("hello.hello") + 1]
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        assert str(USER) == status["Uid"].split()[0]
        assert [0] * 4 == [int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd")]
        assert ("1", "2") == (status["NoNewPrivs"], status["Seccomp"])
        held = (node.root / "run/edgefleet/containers/hello/memory/hello-tmp-0/at").read_text()
        assert "of-a secret\n" == held
        spec = json.loads((node.root / "run/edgefleet/containers/hello/hello.json").read_text())
        assert (32 * 2**20, True) == (spec["linux"]["resources"]["memory"]["limit"], spec["root"]["readonly"])
        assert {"OF_IMAGE=yes", "KEY=a secret"} <= {*spec["process"]["env"]}
        assert process.poll() is None
    assert [] == node.ctr("containers", "ls", "-q")
    assert not (node.root / "run/edgefleet/containers/hello").exists()
    assert str(node.root / "run") not in Path("/proc/mounts").read_text()


def test_two_containers_of_a_workload_end_together(node: Node, target: Targets) -> None:
    """A stream: its server is probed, and so is what declares it. Both are gone once one of them is."""
    stream = {
        "kind": "stream",
        "subjects": ["weights.>"],
        "image": IMAGE,
        "tools": IMAGE,
        "probe": {"path": "/index.html"},
    }
    planned = target("no-orchestrator", workloads={"weights": stream})
    node.become(planned)
    server = "#!/bin/sh\nexec httpd -f -p 8222 -h /www\n"
    node.carry(planned, "weights", nats_server=server, nats="#!/bin/sh\n")
    with node.running("weights") as process:
        assert b"hello\n" == answer_at(8222)
        tasks = node.ctr("tasks", "ls")
        assert {"weights.weights", "weights.declare-weights"} <= {*tasks}
        asked = ("tasks", "exec", "--exec-id", "probe", "weights.declare-weights")
        node.ctr(*asked, "sh", "-c", "until test -f /run/edgefleet/declared; do sleep 1; done")
        node.ctr("tasks", "kill", "--signal", "SIGKILL", "weights.weights")
        assert 1 == process.wait(timeout=60)
    assert [] == node.ctr("containers", "ls", "-q")


def test_a_program_fails_where_its_image_is_nowhere(node: Node, target: Targets) -> None:
    """A message for people names the image; nothing is left behind."""
    web = {"kind": "web", "image": "registry.invalid/shop/none:1", "port": 8080}
    planned = target("no-orchestrator", workloads={"hello": web})
    node.become(planned)
    assert 1 == node.containers("prepare", "hello").returncode
    said = (node.root / "var/lib/edgefleet/problems/container-hello").read_text()
    assert "registry.invalid/shop/none:1" in said


def test_objects_of_kinds_that_run_are_kept_whole(target: Targets) -> None:
    """The translator itself finds nothing in them that it would leave out."""
    composed = objects_of(target("no-orchestrator").site)
    assert 6 == len(composed)
    assert [] == [flaw for objects in composed.values() for flaw in containers.unkept(objects)]
