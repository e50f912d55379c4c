"""Runs Pods of rendered objects without a cluster: real servers of Debian, started as a kubelet would.

Command, environment, volumes, user and probes of the containers are those of the objects, byte for byte;
their root is a tree of Debian 13 that they cannot write to, in place of their image. Each Pod is a host of a
`Lan`, and reaches the others by their names. Not emulated: limits of resources, NetworkPolicies, DNS.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.lan import Lan
from tests.kept import kept
from tests.processes import wait

Object = Mapping[str, Any]
TOOLS = {"bwrap": "bubblewrap", "mmdebstrap": "mmdebstrap", "ip": "iproute2"}
"""dict[program -> its package]."""
PACKAGES = (
    *("valkey-server", "valkey-tools", "mosquitto", "mosquitto-clients", "nginx-light", "dnsmasq-base"),
    *("curl", "dash", "coreutils", "libc-bin", "base-files"),
)
MIRROR = "http://deb.debian.org/debian"
SECONDS = 20
"""How long a program that ends may take."""


def servers() -> Path:
    """A tree of Debian 13 with the servers, made once; the test is skipped where it cannot be."""
    lacking = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if lacking or os.geteuid():
        pytest.skip(f"needs root and packages: apt-get install {' '.join(lacking or TOOLS.values())}")
    return kept("edgefleet-tests/servers", hashlib.sha256(repr(PACKAGES).encode()).hexdigest()[:16], _make)


def _make(scratch: Path, folder: Path) -> None:
    command = ("mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(PACKAGES)}", "trixie")
    done = subprocess.run(
        [*command, str(scratch), MIRROR], capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        shutil.rmtree(scratch, ignore_errors=True)
        pytest.skip(f"needs packages of Debian: {done.stderr.strip().splitlines()[-1:]}")
    scratch.rename(folder)


@dataclass(kw_only=True)
class Pod:
    """The Pod of the only Deployment or StatefulSet among `objects`, as the host `name` of `lan`."""

    objects: Sequence[Object]
    root: Path
    """The tree that containers see; see `servers`."""
    lan: Lan
    name: str
    """Host, as others call it: ``carts.carts``."""
    folder: Path
    """Where its volumes and logs are."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """dict[reference in a Secret -> text], which the site's rendering fills in."""
    programs: Mapping[str, Path] = field(default_factory=dict)
    """dict[path in containers -> program of this machine] that Debian does not have."""

    def __post_init__(self) -> None:
        (owner,) = [each["spec"] for each in self.objects if each["kind"] in {"Deployment", "StatefulSet"}]
        self.spec = owner["template"]["spec"]
        self.claims = [each["metadata"]["name"] for each in owner.get("volumeClaimTemplates", ())]
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.folder.mkdir()
        self.lan.host(self.name)

    def start(self) -> None:
        """Start its containers and wait until they are ready.

        What is no claim is empty, as in a new Pod.
        """
        self._volumes()
        for container in self.spec.get("initContainers", ()):
            with self._log(container).open("ab") as log:
                command = self._command(container)
                done = subprocess.run(command, check=False, stdout=log, stderr=log, timeout=SECONDS)
            assert done.returncode == 0, self.log()
        for container in self.spec["containers"]:
            with self._log(container).open("ab") as log:
                process = subprocess.Popen(self._command(container), stdout=log, stderr=log)
            self.running[container["name"]] = process
        wait(self.is_ready, reason=self.log)

    def is_ready(self) -> bool:
        """Whether the readiness probes of all containers succeed; fails where a container ended."""
        ended = [name for name, process in self.running.items() if process.poll() is not None]
        assert [] == ended, self.log()
        return all(self._probe(container) for container in self.spec["containers"])

    def execute(self, *command: str, text: str = "") -> str:
        """What a command prints that runs in the first container and reads `text`, as ``kubectl exec -i``."""
        done = self._run([*self._sandbox(self.spec["containers"][0]), *command], text)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        """End its containers; SIGKILL is a loss of power, but for what the kernel has yet to write."""
        for process in self.running.values():
            for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                os.kill(int(child), by)
            process.wait(SECONDS)
        self.running.clear()

    def log(self) -> str:
        """What its containers printed, since the first start."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def _log(self, container: Object) -> Path:
        return self.folder / f"{container['name']}.log"

    def _volumes(self) -> None:
        by_name = {(each["kind"], each["metadata"]["name"]): each for each in self.objects}
        for volume in self.spec.get("volumes", ()):
            folder = self.folder / volume["name"]
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            if "configMap" in volume:
                files = by_name["ConfigMap", volume["configMap"]["name"]]["data"]
            elif "secret" in volume:
                files = by_name["Secret", volume["secret"]["secretName"]]["stringData"]
            else:
                assert "emptyDir" in volume, f"not emulated: {volume}"
                files = {}
            for name, text in files.items():
                (folder / name).write_text(self.secrets.get(text, text))
        for claim in self.claims:
            (self.folder / claim).mkdir(exist_ok=True)

    def _environment(self, container: Object) -> dict[str, str]:
        environment: dict[str, str] = {}
        secrets = {each["metadata"]["name"]: each for each in self.objects if each["kind"] == "Secret"}
        for variable in container.get("env", ()):
            if "value" in variable:
                text = _expanded(variable["value"], environment)
            else:
                key = variable["valueFrom"]["secretKeyRef"]
                text = secrets[key["name"]]["stringData"][key["key"]]
                text = self.secrets.get(text, text)
            environment[variable["name"]] = text
        return environment

    def _command(self, container: Object) -> list[str]:
        environment = self._environment(container)
        words = (*container.get("command", ()), *container.get("args", ()))
        return [*self._sandbox(container), *(_expanded(word, environment) for word in words)]

    def _sandbox(self, container: Object) -> list[str]:
        user = self.spec["securityContext"]
        command = [*self.lan.enter(self.name), "bwrap", "--die-with-parent", "--as-pid-1", "--clearenv"]
        command += ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--cap-drop", "ALL"]
        command += ["--uid", str(user["runAsUser"]), "--gid", str(user["runAsGroup"])]
        command += ["--ro-bind", str(self.root / "usr"), "/usr", "--dev", "/dev", "--proc", "/proc"]
        for path in sorted((self.root / "etc").iterdir()):  # others are mounted beside them
            command += ["--ro-bind", str(path), f"/etc/{path.name}"]
        command += ["--ro-bind", str(self._hosts()), "/etc/hosts"]
        for name in ("bin", "lib", "lib64", "sbin"):
            command += ["--symlink", f"usr/{name}", f"/{name}"]
        for name, program in self.programs.items():
            command += ["--ro-bind", str(program), name]
        command += [*self._mounts(container), "--remount-ro", "/"]
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/opt"} | self._environment(container)
        for name, text in environment.items():
            command += ["--setenv", name, text]
        return [*command, "--"]

    def _mounts(self, container: Object) -> list[str]:
        """As a kubelet mounts them: what an object contains is read only."""
        kinds = {volume["name"]: volume for volume in self.spec.get("volumes", ())}
        command = []
        for mount in container.get("volumeMounts", ()):
            source = self.folder / mount["name"] / mount.get("subPath", "")
            is_writable = "emptyDir" in kinds.get(mount["name"], {"emptyDir"}) and not mount.get("readOnly")
            command += ["--bind" if is_writable else "--ro-bind", str(source), mount["mountPath"]]
        return command

    def _hosts(self) -> Path:
        hosts = self.folder / "hosts"
        names = {"localhost": "127.0.0.1", **self.lan.addresses}
        hosts.write_text("".join(f"{address} {name}\n" for name, address in names.items()))
        return hosts

    def _probe(self, container: Object) -> bool:
        probe = container.get("readinessProbe", {"exec": {"command": ["true"]}})
        if "exec" in probe:
            return self._run([*self._sandbox(container), *probe["exec"]["command"]]).returncode == 0
        action = probe.get("httpGet") or probe["tcpSocket"]
        port = {each["name"]: each["containerPort"] for each in container["ports"]}[action["port"]]
        at = self.lan.addresses[self.name]
        if "path" in action:
            command = [*self._sandbox(container), "curl", "-sf", f"http://{at}:{port}{action['path']}"]
        else:
            command = [*self.lan.enter(self.name), "bash", "-c", f": <> /dev/tcp/{at}/{port}"]
        return self._run(command).returncode == 0

    def _run(self, command: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, timeout=SECONDS
        )


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    """`text` with its references to variables, as Kubernetes replaces them."""
    return re.sub(r"\$\((\w+)\)", lambda found: environment.get(found[1], found[0]), text)
