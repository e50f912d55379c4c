#!/usr/bin/python3
"""A stand-in for k3s: it checks its configuration, says that it is ready, and answers `kubectl` and `ctr`.

It runs no container and is no Kubernetes; each line that it prints says so. What k3s would not start with,
it does not start with either. Keys: k3s docs, cli/server and cli/agent.

One of several servers takes part in a cluster: `k3s_server_stand_in.py`. What only such a server needs is
imported by it alone: a node asks `kubectl` again and again, and an import takes seconds when emulated.
"""

import importlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VERSION = "k3s version v1.36.4+k3s1 (a stand-in)"
CONFIG = Path("/etc/rancher/k3s/config.yaml")
REGISTRIES = Path("/etc/rancher/k3s/registries.yaml")
DATA = Path("/var/lib/rancher/k3s")
ADMIN = DATA / "server/cred/admin.kubeconfig"
REPORT = Path("/run/k3s-stand-in.json")
CLUSTER = DATA / "server/db/etcd/member/wal/stand-in.json"
"""Where a server keeps its members, and etcd its data."""
LISTENING = "/run/k3s-stand-in.socket"
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


def parsed(path: Path) -> Any:
    """A file of YAML."""
    return importlib.import_module("yaml").safe_load(path.read_text())


def of_servers() -> Any:
    """The module of servers, which the base system has."""
    sys.path.insert(0, "/usr/local/lib")
    return importlib.import_module("k3s_server_stand_in")


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
    if REGISTRIES.exists() and not isinstance(parsed(REGISTRIES), dict):
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
        if flag in arguments and parsed(Path(arguments[flag]))["kind"] != kind:
            yield f"{arguments[flag]} is not a {kind}"
    if "audit-log-path" in arguments:
        logs = Path(arguments["audit-log-path"]).parent
        if not logs.is_dir() or logs.stat().st_mode & OTHERS:
            yield f"{logs} is not there, or can be read by others"


def serve(role: str) -> None:
    """As `k3s server` and `k3s agent`: check, be ready, and answer for ever."""
    config = parsed(CONFIG)
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
        of_servers().Member.take_part(report, os.environ.get("K3S_URL", ""))
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


def notify(state: str) -> None:
    """As sd_notify(3)."""
    address = os.environ["NOTIFY_SOCKET"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.connect(address if address[0] != "@" else "\0" + address[1:])
        to.send(state.encode())


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
            of_servers().ping(server.partition("=")[2], trust)
        case ["kubectl", *arguments]:
            kubectl(arguments)
        case [("server" | "agent") as role]:
            serve(role)
        case others:
            raise SystemExit(f"k3s stand-in: {others} is nothing that a node says to k3s")
