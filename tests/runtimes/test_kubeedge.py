"""Runtime `kubeedge`: edgecore's configuration and certificate, and its installer."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.boot.conftest import KEY, Targets

from edgefleet.boot import firewall, recipe_1
from edgefleet.errors import InvalidInput
from edgefleet.keys.kubeedge_certificates import cloudcore, kubeedge_authority, kubeedge_identity
from edgefleet.model.edge import HubKubeEdge, KubeEdge, is_safe
from edgefleet.model.firstboot import Step, Target
from edgefleet.model.hub import Hub, HubIdentity
from edgefleet.runtimes import kubeedge, runtime_of
from edgefleet.runtimes.base import edge_containerd, edgecore

SCHEMAS = Path(__file__).with_name("kubeedge_schemas")
MASTER = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PLACE = {"fleet": "retail", "region": "eu-central-1"}
BROKERS = ("none", "internal", "external")


def schema(name: str) -> Any:
    """The schema of one of KubeEdge's files."""
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text())


def files_of(target: Target) -> dict[str, str]:
    """dict[path -> text] of a node's runtime."""
    runtime = runtime_of(target.node)
    return {
        file.path: file.content.decode()
        for step in (runtime.configure(target), runtime.install(target))
        for file in step.files
    }


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("node", ["n1", "n2"])
def test_the_configuration_is_what_edgecore_has_fields_for(node: str, broker: Any, target: Targets) -> None:
    """Its schema takes it, and refuses a field that edgecore would pass over without a word."""
    made = target("joined-hub", node, kubeedge=KubeEdge(version="v1.23.1", mqtt=broker))
    config = yaml.safe_load(files_of(made)[kubeedge.CONFIG])
    jsonschema.validate(config, schema("edgecore-v1alpha2"))
    assert "edgecore.config.kubeedge.io/v1alpha2" == config["apiVersion"]
    assert (broker != "none", {"internal": 0}.get(broker, 2)) == (
        config["modules"]["eventBus"]["enable"],
        config["modules"]["eventBus"]["mqttMode"],
    )
    config["modules"]["edgeHub"]["heartbeet"] = 15
    with pytest.raises(jsonschema.ValidationError, match="heartbeet"):
        jsonschema.validate(config, schema("edgecore-v1alpha2"))


def test_a_node_names_itself_its_site_and_the_hub(target: Targets) -> None:
    """No token is in it, and the taint keeps the DaemonSets of the cloud away."""
    modules = yaml.safe_load(files_of(target("joined-hub"))[kubeedge.CONFIG])["modules"]
    edged, hub = modules["edged"], modules["edgeHub"]
    assert ("fr-lil-021-n1", "10.21.1.10") == (edged["hostnameOverride"], edged["nodeIP"])
    assert {"edgefleet.dev/site": "fr-lil-021", "example.com/line": "packing"}.items() <= edged[
        "nodeLabels"
    ].items()
    assert [
        {"key": "node-role.kubernetes.io/edge", "effect": "NoSchedule"},
        {"key": "example.com/line", "value": "packing", "effect": "NoSchedule"},
    ] == edged["tailoredKubeletConfig"]["registerWithTaints"]
    assert (False, False) == ("token" in hub, hub["rotateCertificates"])
    assert "edge.eu.shops.example.org:10000" == hub["websocket"]["server"]
    assert "https://edge.eu.shops.example.org:10002" == hub["httpServer"]
    other = yaml.safe_load(files_of(target("joined-hub", "n2"))[kubeedge.CONFIG])
    assert "nodeIP" not in other["modules"]["edged"]


def test_each_node_has_its_own_certificate_by_the_names_that_kubeedge_asks_for(target: Targets) -> None:
    """``system:node:`` and the node's name, of the region's authority; the key is in its image alone."""
    keys = set()
    for node in ("n1", "n2"):
        made = target("joined-hub", node)
        files = files_of(made)
        leaf = x509.load_pem_x509_certificate(files[edgecore.CERTIFICATE].encode())
        by = x509.load_pem_x509_certificate(files[edgecore.CA].encode())
        leaf.verify_directly_issued_by(by)
        assert f"CN=system:node:fr-lil-021-{node},O=system:nodes" == leaf.subject.rfc4514_string()
        assert load_pem_private_key(files[edgecore.KEY].encode(), None).public_key() == leaf.public_key()
        assert files[edgecore.KEY].startswith("-----BEGIN EC PRIVATE KEY-----\n")
        keys.add(files[edgecore.KEY])
        known = dict(runtime_of(made.node).secrets(made.site, KEY))
        assert known[f"the key of {node} for CloudCore"] in files[edgecore.KEY]
        assert {0o600} == {file.mode for file in kubeedge.configure(made).files if file.is_secret}
    assert 2 == len(keys)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl: apt-get install openssl")
def test_openssl_verifies_both_ends(target: Targets, tmp_path: Path) -> None:
    """A node as a client, CloudCore as a server at the declared address."""
    by = kubeedge_authority(MASTER, **PLACE)
    address = "edge.eu.shops.example.org"
    hub = Hub(
        kind="existing",
        identity=HubIdentity(sites=True),
        kubeedge=HubKubeEdge(version="v1.23.1", address=address),
    )
    own = kubeedge_identity(target("joined-hub").site, KEY, by, hub)
    assert own is not None
    (tmp_path / "ca.crt").write_text(own.authority)
    (tmp_path / "node.crt").write_text(own.certificates["n1"])
    (tmp_path / "cloud.crt").write_text(cloudcore(MASTER, by, address).certificate_pem)
    for name, purpose, more in (
        ("node", "sslclient", ()),
        ("cloud", "sslserver", ("-verify_hostname", address)),
    ):
        line = [
            "openssl",
            "verify",
            "-x509_strict",
            "-CAfile",
            "ca.crt",
            "-purpose",
            purpose,
            *more,
            f"{name}.crt",
        ]
        run = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (0, f"{name}.crt: OK\n") == (run.returncode, run.stdout), run.stderr


def test_a_spec_without_a_certificate_is_refused(target: Targets) -> None:
    """Of a program whose hub has no CloudCore."""
    made = target("joined-hub")
    with pytest.raises(InvalidInput, match=r"n1 has no certificate for CloudCore; add controlPlane.kubeedge"):
        kubeedge.configure(replace(made, site=replace(made.site, identity=None)))


def test_releases_with_known_holes_are_told_apart() -> None:
    """The first safe patch of each minor, and all later minors."""
    safe = ("v1.21.2", "v1.22.2", "v1.22.9", "v1.23.1", "v1.24.0")
    holes = ("v1.20.9", "v1.21.1", "v1.22.1", "v1.23.0")
    assert [True] * 5 == [*map(is_safe, safe)]
    assert [False] * 4 == [*map(is_safe, holes)]


def test_the_firewall_knows_the_bridge_of_pods(target: Targets, text_of: Callable[[Step, str], str]) -> None:
    """Nothing is open to other nodes: edgecore dials the hub."""
    rules = text_of(firewall.plan(target("joined-hub")), firewall.PATH)
    assert 'iifname "cni0" accept' in rules
    assert [] == [word for word in ("10250", "8472", "6443") if word in rules]


def test_nothing_of_k3s_is_on_the_node(target: Targets) -> None:
    """Neither its programs and units nor the renewal of its certificates."""
    made = Step.joined(*(step.plan(target("joined-hub")) for step in recipe_1.STEPS))
    paths = [file.path for file in made.files] + [unit.name for unit in made.units]
    assert [] == [path for path in paths if "k3s" in path or "renew" in path]
    assert {"edgecore.service", kubeedge.INSTALLER} <= {unit.name for unit in made.units}


def test_the_network_of_pods_is_a_bridge_that_forgets_addresses_with_a_reboot() -> None:
    """Else the addresses of Pods that a power cut ended would stay taken."""
    bridge, ports = json.loads(edgecore.network())["plugins"]
    assert ("bridge", "portmap") == (bridge["type"], ports["type"])
    assert "/run/cni" == bridge["ipam"]["dataDir"]


def with_handlers(made: Target, *names: Any) -> Target:
    """The node, whose base system has handlers of WebAssembly."""
    nodes = {name: replace(node, wasm=names) for name, node in made.site.nodes.items()}
    return replace(made, site=replace(made.site, nodes=nodes))


HANDLERS = {
    "wasmtime": "io.containerd.wasmtime.v1",
    "wasmedge": "io.containerd.wasmedge.v1",
    "wasmer": "io.containerd.wasmer.v1",
    "spin": "io.containerd.spin.v2",
    "crun-wasm": "io.containerd.runc.v2",
}
"""dict[handler -> type of the runtime]."""


PLUGINS = {2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.runtime"}


@pytest.mark.parametrize("version", PLUGINS)
@pytest.mark.parametrize("name", HANDLERS)
def test_containerd_has_the_runtime_of_the_node(name: str, version: int, target: Targets) -> None:
    """In both versions of its configuration, by the handler that needs no RuntimeClass, and as a label."""
    files = files_of(with_handlers(target("joined-hub"), name))
    table = tomllib.loads(files[f"{edge_containerd.FOLDER}/containerd-{version}.toml"])
    assert version == table["version"]
    runtimes = table["plugins"][PLUGINS[version]]["containerd"]["runtimes"]
    assert {"runc", "untrusted"} == runtimes.keys()
    assert HANDLERS[name] == runtimes["untrusted"]["runtime_type"]
    assert {True} == {each["options"]["SystemdCgroup"] for each in runtimes.values()}
    crun = ("/usr/bin/crun", ["module.wasm.image/*", "run.oci.handler"])
    assert (crun if name == "crun-wasm" else (None, None)) == (
        runtimes["untrusted"]["options"].get("BinaryName"),
        runtimes["untrusted"].get("pod_annotations"),
    )
    labels = yaml.safe_load(files[kubeedge.CONFIG])["modules"]["edged"]["nodeLabels"]
    assert "true" == labels[f"wasm.edgefleet.dev/{name}"]


@pytest.mark.skipif(shutil.which("containerd") is None, reason="needs containerd: apt-get install containerd")
def test_containerd_takes_its_configuration(target: Targets, tmp_path: Path) -> None:
    """Plugins of the network, cgroups by systemd and the pause image arrive where its CRI reads them."""
    file = tmp_path / "config.toml"
    made = with_handlers(target("joined-hub"), "crun-wasm")
    file.write_text(files_of(made)[f"{edge_containerd.FOLDER}/containerd-2.toml"])
    run = subprocess.run(
        ["containerd", "--config", file, "config", "dump"], capture_output=True, text=True, check=True
    )
    assert "Ignoring unknown key" not in run.stderr
    for line in (
        "/usr/lib/cni",
        edgecore.PAUSE,
        "SystemdCgroup = true",
        "containerd.runtimes.untrusted.options",
    ):
        assert line in run.stdout


PRINTS = {
    "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1": "2",
    "containerd github.com/containerd/containerd v1.7.28 b98a3aa": "2",
    "containerd github.com/containerd/containerd/v2 2.1.4~ds2 2.1.4~ds2-8": "3",
    "containerd github.com/containerd/containerd/v2 v2.3.4 abcdef0": "3",
}
"""dict[what containerd says of its version -> version of its configuration]."""


@pytest.mark.parametrize("line", PRINTS)
def test_containerd_starts_with_the_configuration_of_its_version(
    line: str, target: Targets, tmp_path: Path
) -> None:
    """An update of the base system may bring another one."""
    files = files_of(target("joined-hub"))
    program = tmp_path / "bin/containerd"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{line}'\n")
    program.chmod(0o755)
    for version in edge_containerd.PLUGINS:
        path = f"{edge_containerd.FOLDER}/containerd-{version}.toml"
        (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path[1:]).write_text(files[path])
    environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "EDGEFLEET_PREFIX": str(tmp_path)}
    subprocess.run(["sh", "-c", files[edge_containerd.PROGRAM]], env=environment, check=True)
    own = tomllib.loads((tmp_path / "etc/containerd/config.toml").read_text())
    assert PRINTS[line] == str(own["version"])


@dataclass
class Release:
    """What a loopback server has."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""


PROGRAM = b"#!/bin/sh\necho KubeEdge v1.23.1\n"
MEMBER = "kubeedge-v1.23.1-linux-amd64/edge/edgecore"


def archive() -> bytes:
    """A release with a stand-in for edgecore."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        item = tarfile.TarInfo(MEMBER)
        item.size = len(PROGRAM)
        tar.addfile(item, io.BytesIO(PROGRAM))
    return out.getvalue()


@pytest.fixture
def release() -> Iterator[Release]:
    """A server of releases on loopback."""
    of = Release(files={"/release.tar.gz": archive()})
    of.files["/sums"] = hashlib.sha512(of.files["/release.tar.gz"]).hexdigest().encode() + b"\n"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            of.asked.append(self.path)
            self.send_response(200 if self.path in of.files else 404)
            self.end_headers()
            self.wfile.write(of.files.get(self.path, b""))

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    of.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield of
    server.shutdown()


def installed(target: Target, release: Release, root: Path) -> subprocess.CompletedProcess[str]:
    """Run the installer of a node in a folder, with stand-ins for the programs of its packages."""
    stand_ins = root / "stand-ins"
    stand_ins.mkdir(exist_ok=True)
    for name in ("containerd", "runc", "ctr", "systemctl"):
        (stand_ins / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{root}/calls\n')
        (stand_ins / name).chmod(0o755)
    for path in (
        "usr/lib/cni/bridge",
        "etc/edgefleet/images",
        *(file.lstrip("/") for file in files_of(target)),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / "usr/lib/cni/bridge").chmod(0o755)
    script = files_of(target)[kubeedge.SCRIPT]
    lines = []
    for line in script.splitlines():
        of = {"url=": "/release.tar.gz", "sums_url=": "/sums"}
        other = next((path for start, path in of.items() if line.startswith(start)), None)
        lines.append(line if other is None else f"{line.partition('=')[0]}={release.url}{other}")
    program = root / "install"
    program.write_text("\n".join([*lines, ""]))
    environment = {
        **os.environ,
        "PATH": f"{stand_ins}:{os.environ['PATH']}",
        "EDGEFLEET_PREFIX": str(root),
        "EDGEFLEET_ATTEMPTS": "1",
        "EDGEFLEET_RETRY_SECONDS": "0",
        "EDGEFLEET_RESERVE": "0",
    }
    return subprocess.run(
        ["sh", program], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def locked(target: Targets, digest: str) -> Target:
    """A node whose lock has `digest` for the archive; none where it is empty."""
    return target(
        "joined-hub", kubeedge=KubeEdge(version="v1.23.1", sha256={"amd64": digest} if digest else {})
    )


@pytest.mark.parametrize("is_locked", [True, False])
def test_edgecore_is_installed_once_verified_and_never_downloaded_again(
    *, is_locked: bool, target: Targets, release: Release, tmp_path: Path
) -> None:
    """By the lock's digest, or by the one beside the release; then both programs are started, once."""
    digest = hashlib.sha256(release.files["/release.tar.gz"]).hexdigest()
    node = locked(target, digest if is_locked else "")
    run = installed(node, release, tmp_path)
    assert 0 == run.returncode, run.stderr
    assert PROGRAM == (tmp_path / "usr/local/bin/edgecore").read_bytes()
    assert (["/release.tar.gz"] if is_locked else ["/sums", "/release.tar.gz"]) == release.asked
    calls = (tmp_path / "calls").read_text()
    assert "systemctl restart containerd.service\n" in calls
    assert "systemctl restart edgecore.service\n" in calls
    (tmp_path / "calls").unlink()
    again = installed(node, release, tmp_path)
    assert (0, True) == (again.returncode, "/release.tar.gz" == release.asked[-1])
    assert 1 == release.asked.count("/release.tar.gz")
    assert "restart" not in (tmp_path / "calls").read_text()


def test_what_the_lock_does_not_have_is_not_installed(
    target: Targets, release: Release, tmp_path: Path
) -> None:
    """Another archive is deleted, and nothing of it was unpacked."""
    run = installed(locked(target, "3" * 64), release, tmp_path)
    assert 1 == run.returncode
    assert "not used, deleted" in run.stderr
    assert not (tmp_path / "usr/local/bin/edgecore").exists()
    assert [] == [*(tmp_path / "var/lib/edgefleet/kubeedge").glob("*.part")]


UPGRADED = "#!/bin/sh\necho KubeEdge {}\n"


@pytest.mark.parametrize(
    "case",
    [
        (True, "v1.23.2", True),
        (True, "v1.24.0", True),
        (True, "v1.22.9", False),
        (True, "v1.23.1", False),
        (True, "unknown", False),
        (False, "v1.24.0", False),
    ],
)
def test_a_later_release_of_a_job_stays_where_jobs_may_replace_edgecore(
    case: tuple[bool, str, bool], target: Targets, release: Release, tmp_path: Path
) -> None:
    """An earlier one, or one that does not run, gives way to the pinned one at the next boot."""
    upgradable, is_of, stays = case
    made = target("joined-hub", kubeedge=KubeEdge(version="v1.23.1", upgradable=upgradable))
    assert 0 == installed(made, release, tmp_path).returncode
    program = tmp_path / "usr/local/bin/edgecore"
    program.write_text(UPGRADED.format(is_of))
    run = installed(made, release, tmp_path)
    assert 0 == run.returncode, run.stderr
    assert (UPGRADED.format(is_of).encode() if stays else PROGRAM) == program.read_bytes()


def test_jobs_of_the_hub_reach_a_node_only_where_it_is_upgradable(target: Targets) -> None:
    """They run as root there."""
    enabled = {
        upgradable: yaml.safe_load(
            files_of(target("joined-hub", kubeedge=KubeEdge(version="v1.23.1", upgradable=upgradable)))[
                kubeedge.CONFIG
            ]
        )["modules"]["taskManager"]
        for upgradable in (True, False)
    }
    assert {True: {"enable": True}, False: {"enable": False}} == enabled


def test_an_airgapped_node_downloads_nothing(target: Targets, release: Release, tmp_path: Path) -> None:
    """It has edgecore from its payload, or says what is missing."""
    made = target("joined-hub", airgap=True)
    run = installed(made, release, tmp_path)
    assert (1, []) == (run.returncode, release.asked)
    said = (tmp_path / "var/lib/edgefleet/problems/kubeedge").read_text()
    assert "attach its payload" in said
    names = [need.path for need in kubeedge.carries(made.site, made.node)]
    assert ["bin/edgecore", "images/registry.k8s.io+pause@3.10.tar"] == names


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt-get install systemd"
)
def test_systemd_takes_its_units(target: Targets, tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing wrong; stand-ins take the place of the programs they run."""
    paths = []
    for unit in kubeedge.install(target("joined-hub")).units:
        path = tmp_path / unit.name
        text = unit.text.replace("/usr/local/lib/edgefleet/install-edgecore", "/bin/true")
        path.write_text(text.replace("/usr/local/bin/edgecore", "/bin/true"))
        paths.append(path)
    for name in ("containerd", "edgefleet-configuration", "edgefleet-payload"):
        (tmp_path / f"{name}.service").write_text("[Service]\nExecStart=/bin/true\n")
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False
    )
    assert (0, "") == (
        run.returncode,
        "".join(line for line in run.stderr.splitlines() if str(tmp_path) in line),
    )
