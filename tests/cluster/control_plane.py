"""A real control plane on loopback: etcd, API server, controller manager and scheduler; kwok plays the nodes.

Stand-in: kwok is no kubelet. It reports nodes and pods as ready and runs no container.
"""

import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.cluster.api import Cluster
from tests.go_programs import programs
from tests.io.servers import free_port
from tests.processes import Server, running

TOKEN = "administrator"  # noqa: S105 - of a server that lives on loopback for a test
STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
)
"""Of kwok's own stages: how nodes and pods go on."""


@contextmanager
def control_plane(folder: Path, *, has_nodes: bool = False) -> Iterator[Cluster]:
    """The cluster, whose files and logs are in `folder`, while the block runs.

    kwok plays its nodes, unless it has nodes of its own.
    """
    etcd, apiserver, controllers, scheduler = programs(
        "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"
    )
    key = _files(folder)
    store, peers, port = (free_port() for _ in range(3))
    address = f"https://127.0.0.1:{port}"
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(_kubeconfig(address, folder / "apiserver.crt")))
    with ExitStack() as stack:
        stack.enter_context(
            running(
                Server(_etcd(etcd, store, peers), folder / "etcd.log"),
                lambda: _answers(f"http://127.0.0.1:{store}/health"),
            )
        )
        stack.enter_context(
            running(
                Server(_apiserver(apiserver, store, port, key), folder / "apiserver.log"),
                lambda: _answers(f"{address}/readyz", folder / "apiserver.crt"),
            )
        )
        cluster = Cluster(stack.enter_context(_client(address, folder / "apiserver.crt")), kubeconfig)
        commands = {
            "controllers": _controllers(controllers, kubeconfig, key, folder / "apiserver.crt"),
            "scheduler": (scheduler, f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0"),
        }
        if not has_nodes:
            (kwok,) = programs("kwok")
            commands["kwok"] = _kwok(kwok, kubeconfig)
        for name, command in commands.items():
            stack.enter_context(running(Server(command, folder / f"{name}.log"), lambda: True))
        yield cluster


def _files(folder: Path) -> Path:
    """Write what the servers read, and return the key that signs tokens of service accounts."""
    key = folder / "service-accounts.key"
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    (folder / "tokens.csv").write_text(f"{TOKEN},administrator,administrator,system:masters\n")
    return key


def _kubeconfig(address: str, certificate: Path) -> dict[str, object]:
    name = "test"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [
            {"name": name, "cluster": {"server": address, "certificate-authority": str(certificate)}}
        ],
        "users": [{"name": name, "user": {"token": TOKEN}}],
    }


def _etcd(etcd: Path, client: int, peer: int) -> tuple[str | Path, ...]:
    addresses = (f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}")
    kinds = ("client", "peer")
    return (
        *(etcd, "--unsafe-no-fsync", "--data-dir=etcd", f"--initial-cluster=default={addresses[1]}"),
        f"--initial-advertise-peer-urls={addresses[1]}",
        f"--advertise-client-urls={addresses[0]}",
        *(f"--listen-{kind}-urls={address}" for kind, address in zip(kinds, addresses, strict=True)),
    )


def _apiserver(apiserver: Path, store: int, port: int, key: Path) -> tuple[str | Path, ...]:
    return (
        *(apiserver, f"--etcd-servers=http://127.0.0.1:{store}", f"--secure-port={port}"),
        *("--bind-address=127.0.0.1", "--endpoint-reconciler-type=none", f"--cert-dir={key.parent}"),
        *(f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}"),
        *("--service-account-issuer=https://test.example", "--service-cluster-ip-range=10.43.0.0/16"),
        *("--authorization-mode=Node,RBAC", f"--token-auth-file={key.parent / 'tokens.csv'}"),
        "--disable-admission-plugins=ServiceAccount",
    )


def _controllers(program: Path, kubeconfig: Path, key: Path, certificate: Path) -> tuple[str | Path, ...]:
    return (
        *(program, f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0"),
        *(f"--service-account-private-key-file={key}", f"--root-ca-file={certificate}"),
        # A busy machine writes heartbeats late, and the Pods of a node without them are not ready.
        *("--concurrent-gc-syncs=5", "--node-monitor-grace-period=10m"),
    )


def _kwok(kwok: Path, kubeconfig: Path) -> tuple[str | Path, ...]:
    stages = kwok.parent / "stage"
    return (
        *(kwok, f"--kubeconfig={kubeconfig}", "--manage-all-nodes=true"),
        *(f"--config={stages / stage}" for stage in STAGES),
    )


@contextmanager
def _client(address: str, certificate: Path) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=str(certificate))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=address, headers=headers, verify=context, timeout=30) as client:
        yield client


def _answers(address: str, certificate: Path | None = None) -> bool:
    """Whether the server there is healthy."""
    if certificate is not None and not certificate.exists():
        return False
    context = ssl.create_default_context(cafile=str(certificate)) if certificate else True
    try:
        return httpx.get(address, verify=context, headers={"Authorization": f"Bearer {TOKEN}"}).is_success
    except httpx.TransportError:
        return False
