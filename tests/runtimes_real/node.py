"""A real node: containerd and kubelet in a tree of Debian 13, with crun and WasmEdge of Debian's packages.

The tree is a root directory with namespaces of its own for mounts and processes: what runs there ends with
it. containerd reads what edgefleet renders for k3s's containerd, where ``base`` stands for what k3s writes.
Not as on a node: systemd and cgroup v2 are missing, and Pods have no network.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.api import Cluster
from tests.cluster.pods import MIRROR
from tests.go_programs import programs
from tests.io.servers import free_port
from tests.kept import kept
from tests.processes import Server, running

TOOLS = {"mmdebstrap": "mmdebstrap", "unshare": "util-linux"}
MOUNTED = ("unshare", "--mount", "--propagation=private", "--pid", "--fork", "mount", "-t", "tmpfs", "none")
"""A trial of what a container without rights refuses."""
PACKAGES = (
    "crun",
    "libwasmedge0",
    "containerd",
    "busybox-static",
    "libc-bin",
    "bash",
    "mount",
    "coreutils",
    "base-files",
)
PAUSE = "registry.example/pause:1"
HOST = "node"
SOCKET = "run/containerd/containerd.sock"
SETTINGS = {
    "address": "127.0.0.1",
    "readOnlyPort": 0,
    "healthzPort": 0,
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"},
    "containerRuntimeEndpoint": f"unix:///{SOCKET}",
    "cgroupDriver": "cgroupfs",
    "cgroupsPerQOS": False,
    "enforceNodeAllocatable": [],
    "failCgroupV1": False,
    "failSwapOn": False,
    "makeIPTablesUtilChains": False,
    "localStorageCapacityIsolation": False,
    "evictionHard": {"memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%"},
    "imageGCHighThresholdPercent": 100,
    "resolvConf": "/etc/resolv.conf",
}
"""Of the kubelet, whose other defaults ask for systemd, cgroup v2 and free disks."""
_BASES = {
    2: f"""version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "native"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/opt/cni"
  conf_dir = "/etc/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.'crun']
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.'crun'.options]
  BinaryName = "/usr/bin/crun"
""",
    3: f"""version = 3
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "native"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{PAUSE}"
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["/opt/cni"]
  conf_dir = "/etc/cni"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.'crun']
  runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.'crun'.options]
  BinaryName = "/usr/bin/crun"
""",
}
"""dict[version of containerd's configuration -> what k3s writes, as far as it runs here]."""
_V2, _V3 = "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"
_SHIM = """[plugins.'{plugin}'.containerd.runtimes.'{handler}']
  runtime_type = "io.containerd.{handler}.v1"
[plugins.'{plugin}'.containerd.runtimes.'{handler}'.options]
  BinaryName = "/usr/local/bin/containerd-shim-{handler}-v1"
  SystemdCgroup = false
"""
"""What k3s writes for a shim that it finds on its PATH."""
FAKE_NETWORK = """#!/bin/bash
# A network plugin that gives addresses to nobody, in the place of two.
[ "$CNI_COMMAND" = ADD ] || exit 0
echo '{"cniVersion": "1.0.0", "ips": [{"address": "10.88.0.2/24"}]}'
"""
_INSIDE = """
set -eu
tree=$1 lower=$2 upper=$3
shift 3
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper/upper,workdir=$upper/work" "$tree"
mount -t proc proc "$tree/proc"
mount --rbind /sys "$tree/sys"
mount --rbind /dev "$tree/dev"
mount -t tmpfs tmpfs "$tree/run"
umount "$tree/sys/fs/cgroup/unified" 2>/dev/null || true # crun refuses "hybrid" cgroups
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
chroot "$tree" containerd --config /etc/containerd.toml >"$upper/containerd.log" 2>&1 &
until [ -S "$tree/run/containerd/containerd.sock" ]; do sleep 0.1; done
"""
_START = """
for archive in "$tree"/images/*; do
  archive="/images/${archive##*/}"
  chroot "$tree" ctr --namespace k8s.io images import --all-platforms --snapshotter native "$archive"
done
exec chroot "$tree" kubelet "$@"
"""


def tree() -> Path:
    """The tree, made once; the test is skipped where it cannot be."""
    lacking = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if lacking or os.geteuid():
        pytest.skip(f"needs root and packages: apt-get install {' '.join(lacking or TOOLS.values())}")
    if subprocess.run((*MOUNTED, "/mnt"), capture_output=True, check=False).returncode:
        pytest.skip("needs a root that may mount file systems")
    return kept("edgefleet-tests/node", hashlib.sha256(repr(PACKAGES).encode()).hexdigest()[:16], _make)


def _make(scratch: Path, folder: Path) -> None:
    command = ("mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(PACKAGES)}", "trixie")
    done = subprocess.run(
        [*command, str(scratch), MIRROR], capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        shutil.rmtree(scratch, ignore_errors=True)
        pytest.skip(f"needs packages of Debian: {done.stderr.strip().splitlines()[-1:]}")
    scratch.rename(folder)


def of_tree(program: str) -> tuple[str, ...]:
    """The command of a program of the tree, with that Debian's libraries."""
    usr = tree() / "usr"
    return (
        f"{usr}/lib64/ld-linux-x86-64.so.2",
        "--library-path",
        f"{usr}/lib/x86_64-linux-gnu",
        f"{usr}/bin/{program}",
    )


def inside(script: str, root: Path, files: Path, *arguments: str) -> tuple[str, ...]:
    """The command that runs a script of bash where `root` is the tree with ``files/upper`` over it.

    containerd serves there, and ends with the script. The script has `tree` and `upper`, and the arguments.
    """
    return (
        *("unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child"),
        *("bash", "-c", _INSIDE + script, "node", str(root), str(tree()), str(files), *arguments),
    )


def configuration(template: str, shims: Iterable[str] = ()) -> str:
    """What k3s makes of a template of containerd's configuration where it finds these shims."""
    version, plugin = (3, _V3) if _V3 in template else (2, _V2)
    base = _BASES[version] + "".join(_SHIM.format(plugin=plugin, handler=shim) for shim in shims)
    return template.replace('{{ template "base" . }}', base).replace("{{ .SystemdCgroup }}", "false")


def says(folder: Path, namespace: str) -> dict[str, str]:
    """dict[container -> what it has printed] of the Pods of a namespace, on the node in `folder`."""
    logs = (folder / "files/upper/var/log/pods").glob(f"{namespace}_*/*/*.log")
    return {
        path.parent.name: "\n".join(line.split(" ", 3)[3] for line in path.read_text().splitlines())
        for path in sorted(logs)
    }


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A node in `folder`, which is made."""

    folder: Path
    template: str
    """Of containerd's configuration, as k3s reads it."""
    images: Mapping[str, bytes]
    """dict[name of a file -> archive] of what it has."""
    labels: Mapping[str, str]
    cluster: Cluster
    own_containerd: bool
    """Whether containerd is Debian's; else it is built from its Go module."""
    shims: Mapping[str, Path] = field(default_factory=dict)
    """dict[handler -> shim of it], which are on containerd's PATH."""
    volumes: str = ""
    """Folder of volumes, as the installer of a node makes it; empty without one."""

    @contextmanager
    def started(self) -> Iterator[Server]:
        """It runs while the block runs; its groups of processes, which outlive these, are removed."""
        try:
            with self._running() as server:
                yield server
        finally:
            groups = sorted(Path("/sys/fs/cgroup").glob("*/k8s.io/**/"), reverse=True)
            for group in groups:
                with suppress(OSError):
                    group.rmdir()

    def _running(self) -> AbstractContextManager[Server]:
        tree()
        (kubelet,) = programs("kubelet")
        upper, root = self.folder / "files/upper", self.folder / "root"
        for made in (root, upper, self.folder / "files/work"):
            made.mkdir(parents=True)
        self._write(upper, kubelet)
        labels = ",".join(f"{key}={value}" for key, value in self.labels.items())
        arguments = (
            "--config=/etc/kubelet.json",
            "--kubeconfig=/etc/kubeconfig",
            f"--hostname-override={HOST}",
        )
        command = inside(_START, root, self.folder / "files", *arguments, f"--node-labels={labels}")
        return running(Server(command, self.folder / "kubelet.log"), lambda: True)

    def _write(self, upper: Path, kubelet: Path) -> None:
        """What it has besides the tree."""
        settings: dict[str, Any] = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
        }
        login = json.loads(self.cluster.kubeconfig.read_text())
        authority = Path(login["clusters"][0]["cluster"]["certificate-authority"])
        login["clusters"][0]["cluster"]["certificate-authority"] = "/etc/authority.pem"
        network = {"cniVersion": "1.0.0", "name": "none", "plugins": [{"type": "none"}]}
        texts = {
            "etc/containerd.toml": configuration(self.template, self.shims),
            "etc/kubelet.json": json.dumps(settings | SETTINGS | {"port": free_port()}),
            "etc/kubeconfig": json.dumps(login),
            "etc/authority.pem": authority.read_text(),
            "etc/hosts": "127.0.0.1 localhost node\n",
            "etc/resolv.conf": "",
            "etc/machine-id": "0" * 32 + "\n",
            "etc/cni/10-none.conflist": json.dumps(network),
        }
        for path, text in texts.items():
            (upper / path).parent.mkdir(parents=True, exist_ok=True)
            (upper / path).write_text(text)
        if self.volumes:
            (upper / self.volumes[1:]).mkdir(parents=True)
            (upper / self.volumes[1:]).chmod(0o777)
        (upper / "images").mkdir()
        for name, archive in self.images.items():
            (upper / "images" / name).write_bytes(archive)
        for path in ("opt/cni", "usr/local/bin"):
            (upper / path).mkdir(parents=True)
        for plugin in ("loopback", "none"):
            (upper / "opt/cni" / plugin).write_text(FAKE_NETWORK)
            (upper / "opt/cni" / plugin).chmod(0o755)
        own = () if self.own_containerd else programs("containerd", "containerd-shim-runc-v2")
        for program in (kubelet, *own, *self.shims.values()):
            shutil.copy(program, upper / "usr/local/bin")

    def says(self, namespace: str) -> dict[str, str]:
        """dict[container -> what it has printed] of the Pods of a namespace."""
        return says(self.folder, namespace)

    def log(self) -> str:
        """The ends of its logs."""
        paths = (self.folder / "kubelet.log", self.folder / "files/containerd.log")
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in paths if path.exists())
