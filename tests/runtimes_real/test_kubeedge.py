"""A real edgecore joins a real CloudCore by the certificate of an image, and runs what the hub's cluster has.

Both are programs of KubeEdge 1.23.1 in the folder that ``EDGEFLEET_KUBEEDGE_BIN`` names; nothing here builds
them. containerd, crun and WasmEdge are Debian's, with the configuration that edgefleet renders. Not as on a
node: systemd and the bridge of Pods are missing, and both programs are at loopback.
"""

import os
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.cluster.api import Cluster
from tests.cluster.control_plane import control_plane
from tests.io.servers import free_port
from tests.processes import Server, running, wait
from tests.runtimes_real.conftest import HELLO, SHELL
from tests.runtimes_real.modules import image, module
from tests.runtimes_real.node import FAKE_NETWORK, SETTINGS, inside, says, tree

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.hub.cloudcore import PARTS, cloudcore_yaml, definitions
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.edge import HTTPS, WEBSOCKET
from edgefleet.model.firstboot import Target
from edgefleet.model.safety import Identity
from edgefleet.model.spec import from_plain
from edgefleet.runtimes import kubeedge
from edgefleet.runtimes.base import edge_containerd, edgecore
from edgefleet.site.inputs import FleetKeys
from edgefleet.workloads.base.edge import SITE
from edgefleet.workloads.composing import hub_objects_of

pytestmark = pytest.mark.runtimes

ADDRESS = "edge.labs.example"
PROJECT = "e632aba927ea4ac2b575ec1603d56f10"
"""That of edgecore by default."""
FILE = f"""
apiVersion: edgefleet.dev/v1
fleet: labs
region: eu
recipe: 1
controlPlane: {{kind: existing, kubeconfig: hub.yaml, kubeedge: {{version: v1.23.1, address: {ADDRESS}}}}}
profiles: {{bench: {{arch: amd64, cpus: 2, memory: 2Gi, disk: 32Gi, runtime: kubeedge, wasm: [crun-wasm]}}}}
defaults: {{profile: bench, kubeedge: {{version: v1.23.1}}}}
sites: {{lab-4: {{}}, lab-5: {{}}}}
workloads:
  labels:
    kind: web
    image: "{SHELL}"
    args: [-c, echo a container; exec sleep 3600]
    port: 8080
    where: {{sites: [lab-4]}}
  weights: {{kind: web, image: "{HELLO}", runtime: {{name: crun-wasm}}, port: 80, where: {{sites: [lab-4]}}}}
"""
_START = """
for archive in "$tree"/images/*; do
  chroot "$tree" ctr --namespace k8s.io images import --snapshotter native "/images/${archive##*/}"
done
exec chroot "$tree" edgecore --config /etc/kubeedge/config/edgecore.yaml
"""


def program(name: str) -> Path:
    """A program of KubeEdge; the test is skipped without."""
    found = Path(os.environ.get("EDGEFLEET_KUBEEDGE_BIN", ""), name)
    if not found.is_absolute() or not found.exists():
        pytest.skip("needs EDGEFLEET_KUBEEDGE_BIN with cloudcore and edgecore, built from KubeEdge 1.23.1")
    return found


@dataclass(frozen=True, kw_only=True)
class Hub:
    """A cluster with CloudCore, and the fleet whose nodes join it."""

    folder: Path
    cluster: Cluster
    fleet: Fleet
    ports: tuple[int, int]
    """Of CloudCore: for its websocket and for HTTPS."""

    @property
    def keys(self) -> FleetKeys:
        """The keys of the fleet."""
        return FleetKeys(secret="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", fleet=self.fleet)  # noqa: S106

    def target(self, site: str) -> Target:
        """The node of a site, with its certificate."""
        spec = self.fleet.sites[site]
        identity = from_plain(Identity, self.keys.identity(spec) or {})
        (name,) = spec.nodes
        return Target(site=replace(spec, identity=identity), name=name, key=self.keys.key(spec))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """CloudCore by its configuration of the hub's cluster, with the paths and ports of this machine."""
    cloudcore, folder = program("cloudcore"), tmp_path_factory.mktemp("hub")
    (folder / "x.fleet.yaml").write_text(FILE)
    fleet = load_fleet(folder / "x.fleet.yaml", folder)
    with control_plane(folder, has_nodes=True) as cluster:
        hub = Hub(folder=folder, cluster=cluster, fleet=fleet, ports=(free_port(), free_port()))
        for each in definitions():
            cluster.apply(each)
        cluster.namespace("kubeedge")
        server = Server((cloudcore, f"--config={_configured(hub)}"), folder / "cloudcore.log")
        context = ssl.create_default_context(cadata=hub.keys.cloudcore()[PARTS[0]])
        context.check_hostname = False

        def answers() -> bool:
            try:
                url = f"https://127.0.0.1:{hub.ports[1]}/ca.crt"
                return httpx.get(url, verify=context).is_success
            except httpx.HTTPError:
                return False

        with running(server, answers):
            yield hub


def _configured(hub: Hub) -> Path:
    declared = hub.fleet.control_plane.kubeedge
    assert declared is not None
    for name, text in hub.keys.cloudcore().items():
        (hub.folder / name).write_text(text)
    text = cloudcore_yaml(declared).replace("/etc/kubeedge/certificates", str(hub.folder))
    config = yaml.safe_load(text)
    config["kubeAPIConfig"]["kubeConfig"] = str(hub.cluster.kubeconfig)
    cloud = config["modules"]["cloudHub"]
    for part, port in zip(("websocket", "https"), hub.ports, strict=True):
        cloud[part] |= {"address": "127.0.0.1", "port": port}
    cloud["unixsocket"]["address"] = f"unix://{hub.folder}/cloudcore.sock"
    path = hub.folder / "cloudcore.yaml"
    path.write_text(to_yaml(config))
    return path


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A node in `folder`, as the image of its site has it."""

    folder: Path
    hub: Hub
    target: Target

    def server(self) -> Server:
        """The server of edgecore with containerd, in a tree of Debian."""
        upper, root = self.folder / "files/upper", self.folder / "root"
        for made in (root, upper / "usr/local/bin", upper / "images", self.folder / "files/work"):
            made.mkdir(parents=True)
        for path, text in self._files().items():
            (upper / path).parent.mkdir(parents=True, exist_ok=True)
            (upper / path).write_text(text)
        for plugin in ("loopback", "bridge", "portmap"):
            (upper / "usr/lib/cni").mkdir(parents=True, exist_ok=True)
            (upper / "usr/lib/cni" / plugin).write_text(FAKE_NETWORK)
            (upper / "usr/lib/cni" / plugin).chmod(0o755)
        busybox = {"bin/busybox": (tree() / "usr/bin/busybox").read_bytes()}
        archives = {
            "hello": image(HELLO, {"hello.wasm": module("a module")}, "/hello.wasm"),
            "shell": image(SHELL, busybox, "/bin/busybox", "sh"),
            "pause": image(edgecore.PAUSE, busybox, "/bin/busybox", "sleep", "86400"),
        }
        for name, archive in archives.items():
            (upper / "images" / f"{name}.tar").write_bytes(archive)
        shutil.copy(program("edgecore"), upper / "usr/local/bin")
        return Server(inside(_START, root, self.folder / "files"), self.folder / "edgecore.log")

    def _files(self) -> dict[str, str]:
        """dict[path -> text] of its image, with what this machine has in the place of systemd."""
        made = {
            file.path.removeprefix("/"): file.content.decode()
            for file in kubeedge.configure(self.target).files
        }
        config = yaml.safe_load(made[kubeedge.CONFIG.removeprefix("/")])
        edged = config["modules"]["edged"]
        edged["tailoredKubeletConfig"] |= SETTINGS | {
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "readOnlyPort": free_port(),  # edgecore asks there before it starts Pods
        }
        text = to_yaml(config).replace(f":{WEBSOCKET}", f":{self.hub.ports[0]}")
        containerd = edge_containerd.configuration(self.target, 2)
        cri = '[plugins."io.containerd.grpc.v1.cri"]\n'
        here = f"{cri}  restrict_oom_score_adj = true\n"
        snapshots = '\n[plugins."io.containerd.grpc.v1.cri".containerd]\n  snapshotter = "native"\n'
        containerd = containerd.replace(cri, here).replace("SystemdCgroup = true", "SystemdCgroup = false")
        return made | {
            "etc/kubeedge/config/edgecore.yaml": text.replace(f":{HTTPS}", f":{self.hub.ports[1]}"),
            "etc/containerd.toml": containerd + snapshots,
            "etc/hosts": f"127.0.0.1 localhost {ADDRESS} {self.target.node.hostname}\n",
            "etc/resolv.conf": "",
            "etc/machine-id": "0" * 32 + "\n",
        }

    def says(self, namespace: str) -> dict[str, str]:
        """dict[container -> what it has printed] of the Pods of a namespace."""
        return says(self.folder, namespace)

    def log(self) -> str:
        """The ends of the logs."""
        paths = (
            self.folder / "edgecore.log",
            self.folder / "files/containerd.log",
            self.hub.folder / "cloudcore.log",
        )
        return "\n".join(f"{path.name}:\n{path.read_text()[-3000:]}" for path in paths if path.exists())


@pytest.fixture(scope="module")
def node(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The node of lab-4, which has joined."""
    edge = Edge(folder=tmp_path_factory.mktemp("lab-4"), hub=hub, target=hub.target("lab-4"))
    with ExitStack() as stack:
        server = stack.enter_context(running(edge.server(), lambda: True))
        wait(lambda: server.ended() or _is_ready(hub.cluster, edge), seconds=120, reason=edge.log)
        assert not server.ended(), edge.log()
        yield edge


def registered(cluster: Cluster, edge: Edge) -> dict[str, Any]:
    """The Node; empty before it is there."""
    nodes = {each["metadata"]["name"]: each for each in cluster.get("/api/v1/nodes")["items"]}
    found: dict[str, Any] = nodes.get(edge.target.node.hostname, {})
    return found


def _is_ready(cluster: Cluster, edge: Edge) -> bool:
    conditions = registered(cluster, edge).get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def test_a_node_joins_by_the_certificate_of_its_image(hub: Hub, node: Edge) -> None:
    """No token is in its configuration; it has the labels and the taint of its site."""
    found = registered(hub.cluster, node)
    assert "lab-4" == found["metadata"]["labels"][SITE]
    assert edgecore.EDGE_TAINT["key"] in {each["key"] for each in found["spec"]["taints"]}


def test_workloads_of_the_site_run_there(hub: Hub, node: Edge) -> None:
    """A container by runc and a module by crun, from objects of the hub's cluster."""
    for objects in hub_objects_of(hub.fleet.hub_workloads).values():
        for each in objects:
            hub.cluster.apply(each)
    wait(
        lambda: (
            {"labels": "a container"} == node.says("lab-4-labels")
            and {"weights": "a module"} == node.says("lab-4-weights")
        ),
        seconds=120,
        reason=node.log,
    )


def test_the_certificate_of_one_node_opens_no_other(hub: Hub, tmp_path: Path) -> None:
    """Who asks by himself, as edgecore compares the names before it asks."""
    target = hub.target("lab-5")
    files = {file.path: file.content for file in kubeedge.configure(target).files}
    certificate, key = tmp_path / "certificate", tmp_path / "key"
    certificate.write_bytes(files[edgecore.CERTIFICATE])
    key.write_bytes(files[edgecore.KEY])
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # with authorities OpenSSL would send them, too
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    trust.load_cert_chain(certificate, key)
    log = hub.folder / "cloudcore.log"
    own, other = target.node.hostname, "lab-6"
    for name in (own, other):
        opened(hub, trust, name)
    wait(lambda: f'node "{other}": common name of peer certificate' in log.read_text(), reason=log.read_text)
    assert f"edge node {own} for project" in log.read_text()
    assert f"edge node {other} for project" not in log.read_text()


def opened(hub: Hub, trust: ssl.SSLContext, node: str) -> None:
    """Open a websocket as the node of that name."""
    lines = (
        f"GET /{PROJECT}/{node}/events HTTP/1.1",
        *(f"Host: {ADDRESS}", f"node_id: {node}", f"project_id: {PROJECT}"),
        *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
        *("Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==", "", ""),
    )
    with (
        socket.create_connection(("127.0.0.1", hub.ports[0]), timeout=10) as plain,
        trust.wrap_socket(plain, server_hostname=ADDRESS) as secured,
    ):
        secured.sendall("\r\n".join(lines).encode())
        assert b"101 Switching Protocols" in secured.recv(4096)
        time.sleep(1)  # it is looked at after the answer
