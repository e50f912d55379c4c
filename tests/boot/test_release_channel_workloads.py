"""A release must not make critical workloads unready: the program asks the node's own k3s, without a link."""

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.boot.conftest import Targets
from tests.boot.release_channel_lab import Lab, app, on_image

from edgefleet.model.firstboot import File

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to root"),
]
K3S = """case "$*" in
  *"get nodes,addons.k3s.cattle.io,"*) exec cat "$PLACE/cluster" ;;
  *"get pods"*priorityClassName*) exec cat "$PLACE/cluster" ;;
  *"get node "*) echo "sha256:$(printf '%064d' 0 | tr 0 a)" ;; # its servers have the release
  *) exit 1 ;;
esac"""
"""A k3s that answers what the file `cluster` has, as `test_kubectl_gives_these_lines` has it from kubectl."""
NODES = "Node::n1:::::::True\n"


@pytest.fixture
def lab(target: Targets, tmp_path: Path) -> Iterator[Lab]:
    """A server that runs image 1, with a k3s."""
    with on_image(target, tmp_path) as made:
        with_k3s(made)
        yield made


@pytest.fixture
def agent(target: Targets, tmp_path: Path) -> Iterator[Lab]:
    """An agent that runs image 1, with a k3s."""
    place = tmp_path / "agent"
    place.mkdir()
    with on_image(target, place, of=("server-and-agent", "cam")) as made:
        with_k3s(made)
        yield made


def with_k3s(lab: Lab) -> None:
    """Put the stand-in in its place."""
    lab.node.stand_in("k3s", K3S)
    (lab.node.root / "usr/local/bin/k3s").symlink_to(lab.node.place / "bin/k3s")


def manifest(name: str, text: str = "1", *, is_critical: bool = True) -> File:
    """The manifest of a workload, of which the program reads one line and the digest."""
    priority = "      priorityClassName: edgefleet-critical\n" if is_critical else ""
    return File.text(
        f"/etc/edgefleet/manifests/workload-{name}.yaml", f"spec: {text}\n{priority}", mode=0o600
    )


def applied(*files: File) -> str:
    """The AddOns of manifests that k3s has applied."""
    return "".join(
        f"Addon:kube-system:{Path(file.path).stem}:1::{hashlib.sha256(file.content).hexdigest()}::::\n"
        for file in files
    )


def deployment(name: str, *, ready: int, wanted: int = 1, updated: int = 1, total: int = 1) -> str:
    """A Deployment; it has as many Pods that are ready as it asks for, or not."""
    return f"Deployment:{name}:{name}:2:2:{wanted}:{updated}:{ready}:{total}:\n"


def cluster(lab: Lab, *parts: str) -> None:
    """What k3s answers from now on."""
    (lab.node.place / "cluster").write_text(NODES + "".join(parts))


def test_a_release_is_taken_back_for_a_critical_workload(lab: Lab) -> None:
    """Although k3s and the node are well; the reason names the workload, and it happens once."""
    one, two = manifest("till", "1"), manifest("till", "2")
    cluster(lab, applied(one), deployment("till", ready=1))
    lab.publish(1, one)
    assert 0 == lab.node.run().returncode
    assert "healthy" == lab.said[0], lab.said
    cluster(lab, applied(two), deployment("till", ready=0))
    lab.publish(2, two)
    assert 0 == lab.node.run().returncode
    reason = "not healthy in time: workloads are not ready: till"
    assert ("rolled-back", reason) == lab.said
    assert one.content == (lab.node.root / one.path[1:]).read_bytes()


UNREADY = {
    "not applied yet": (applied(manifest("till", "1")), deployment("till", ready=1)),
    "not known to k3s": (),
    "an old Pod is ready beside the new one": (
        applied(manifest("till", "2")),
        deployment("till", ready=1, total=2),
    ),
    "two of three": (applied(manifest("till", "2")), deployment("till", ready=2, wanted=3, updated=3)),
    "its controller has not seen the change": (
        applied(manifest("till", "2")),
        "StatefulSet:till:till:3:2:1:1:1:1:\n",
    ),
    "on one of two nodes": (applied(manifest("till", "2")), "DaemonSet:till:till:2:2:2:2:1::\n"),
}


@pytest.mark.parametrize("what", UNREADY)
def test_what_is_not_ready(lab: Lab, what: str) -> None:
    """What k3s has not applied and what is partly ready is not ready."""
    cluster(lab, *UNREADY[what])
    lab.publish(1, manifest("till", "2"))
    assert 0 == lab.node.run().returncode
    assert ("rolled-back", True) == (lab.said[0], lab.said[1].endswith("not ready: till")), lab.said


def test_what_was_not_ready_before_fails_no_release(lab: Lab) -> None:
    """Unless the release changes it; nor do workloads that are not critical."""
    one, other = manifest("till", "1"), manifest("web", is_critical=False)
    cluster(lab, applied(one), deployment("till", ready=1))
    lab.publish(1, one)
    assert 0 == lab.node.run().returncode
    cluster(lab, applied(one), deployment("till", ready=0), deployment("web", ready=0))
    lab.publish(2, one, other)
    assert 0 == lab.node.run().returncode
    assert "healthy" == lab.said[0], lab.said
    two = manifest("till", "2")
    cluster(lab, applied(two), deployment("till", ready=0))
    lab.publish(3, two, other)
    assert 0 == lab.node.run().returncode
    assert "rolled-back" == lab.said[0], lab.said


def test_a_dead_node_of_the_site_fails_no_release(lab: Lab) -> None:
    """Pods on it, and those that find no other node, are not counted; the others are."""
    till = manifest("till")
    dead = "Node::cam:::::::Unknown\n"
    lost = "Pod:till:till-1:::cam::::False\nPod:till:till-2:::::::\n"
    cluster(lab, dead, lost, applied(till), deployment("till", ready=1, wanted=3, updated=3))
    lab.publish(1, till)
    assert 0 == lab.node.run().returncode
    assert "healthy" == lab.said[0], lab.said
    two = manifest("till", "2")
    cluster(lab, dead, lost, applied(two), deployment("till", ready=0, wanted=3, updated=3))
    lab.publish(2, two)
    assert 0 == lab.node.run().returncode
    assert "rolled-back" == lab.said[0], lab.said


def test_without_a_way_back_it_has_failed_until_the_workload_is_ready(lab: Lab) -> None:
    """The first release of a site, below whose floor the image is."""
    till = manifest("till")
    cluster(lab, applied(till), deployment("till", ready=0))
    lab.publish(9, till, floor=9)
    for _ in range(2):
        assert 0 == lab.node.run().returncode
        assert ("failed", "unhealthy: workloads are not ready: till") == lab.said
    cluster(lab, applied(till), deployment("till", ready=1))
    assert 0 == lab.node.run().returncode
    assert ("healthy", "the release runs") == lab.said


def test_an_agent_looks_at_its_own_pods(agent: Lab) -> None:
    """It sees no others; what was not ready before fails no release."""
    (agent.node.place / "cluster").write_text("till True\nweb False\n")
    agent.publish(1, app("two"))
    assert 0 == agent.node.run().returncode
    assert "healthy" == agent.said[0], agent.said
    agent.publish(2, app("three"))
    agent.node.stand_in(
        "systemctl",
        f'echo "till False" >"$PLACE/cluster"\n{(agent.node.place / "bin/systemctl").read_text()}',
    )
    assert 0 == agent.node.run().returncode
    assert ("rolled-back", "not healthy in time: workloads are not ready: till") == agent.said


def test_a_node_without_an_orchestrator_looks_at_its_containers(target: Targets, tmp_path: Path) -> None:
    """All of them; one that was not well before takes no release back, unless the release changes it."""
    with on_image(target, tmp_path, of=("no-orchestrator", "")) as lab:
        unwell, systemctl = lab.node.place / "unwell", lab.node.place / "bin/systemctl"
        unwell.touch()
        asked = systemctl.read_text().replace("if grep", 'if [ -s "$PLACE/unwell" ] || grep', 1)
        systemctl.write_text(asked)
        program = lab.node.root / "usr/local/lib/edgefleet/containers"
        program.write_text('#!/bin/sh\n[ "$1" = unready ] && exec cat "$PLACE/unwell"\n')
        program.chmod(0o755)
        web = File.text("/etc/edgefleet/containers/web.json", "1")
        lab.publish(1, web)
        assert 0 == lab.node.run().returncode
        assert "healthy" == lab.said[0], lab.said
        unwell.write_text("web\n")
        lab.publish(2, web, app("two"))
        assert 0 == lab.node.run().returncode
        assert ("healthy", 2) == (lab.said[0], lab.gateway.statuses[-1]["sequence"]), lab.said
        lab.publish(3, replace(web, content=b"2"), app("two"))
        assert 0 == lab.node.run().returncode
        assert "rolled-back" == lab.said[0], lab.said
        assert "workloads are not ready: web" in lab.said[1]


class Api(BaseHTTPRequestHandler):
    """What kubectl asks of an API server to list some objects."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        body = json.dumps(ANSWERS[path]).encode() if path in ANSWERS else b"{}"
        self.send_response(200 if path in ANSWERS else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def _list(kind: str, *objects: dict[str, Any], of: str = "v1") -> dict[str, Any]:
    items = [{"apiVersion": of, "kind": kind, **each} for each in objects]
    return {"apiVersion": of, "kind": f"{kind}List", "metadata": {}, "items": items}


def _resources(group: str, *names: tuple[str, str, bool]) -> dict[str, Any]:
    listed = [
        {
            "name": name,
            "singularName": "",
            "kind": kind,
            "namespaced": is_namespaced,
            "verbs": ["get", "list"],
        }
        for name, kind, is_namespaced in names
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": listed}


def _group(name: str) -> dict[str, Any]:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


_APPS = ("deployments", "Deployment"), ("statefulsets", "StatefulSet"), ("daemonsets", "DaemonSet")
_READY = {"conditions": [{"type": "Ready", "status": "True"}]}
_TILL = {"name": "till", "namespace": "till", "generation": 2}
ANSWERS: dict[str, Any] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [_group("apps"), _group("k3s.cattle.io")],
    },
    "/api/v1": _resources("v1", ("nodes", "Node", False), ("pods", "Pod", True)),
    "/apis/apps/v1": _resources("apps/v1", *((name, kind, True) for name, kind in _APPS)),
    "/apis/k3s.cattle.io/v1": _resources("k3s.cattle.io/v1", ("addons", "Addon", True)),
    "/api/v1/nodes": _list("Node", {"metadata": {"name": "n1"}, "status": _READY}),
    "/api/v1/pods": _list(
        "Pod",
        {
            "metadata": {"name": "till-0", "namespace": "till"},
            "spec": {"nodeName": "n1", "priorityClassName": "edgefleet-critical"},
            "status": _READY,
        },
        {"metadata": {"name": "web-0", "namespace": "web"}, "spec": {}, "status": {}},
    ),
    "/apis/k3s.cattle.io/v1/addons": _list(
        "Addon",
        {
            "metadata": {"name": "workload-till", "namespace": "kube-system", "generation": 1},
            "spec": {"checksum": "c0"},
        },
        of="k3s.cattle.io/v1",
    ),
    "/apis/apps/v1/deployments": _list(
        "Deployment",
        {
            "metadata": _TILL,
            "spec": {"replicas": 3},
            "status": {"observedGeneration": 2, "updatedReplicas": 2, "readyReplicas": 1, "replicas": 3},
        },
        of="apps/v1",
    ),
    "/apis/apps/v1/statefulsets": _list("StatefulSet", of="apps/v1"),
    "/apis/apps/v1/daemonsets": _list(
        "DaemonSet",
        {
            "metadata": _TILL,
            "status": {
                "observedGeneration": 2,
                "desiredNumberScheduled": 2,
                "updatedNumberScheduled": 1,
                "numberReady": 1,
            },
        },
        of="apps/v1",
    ),
}
"""dict[path -> answer] of an API server that has some objects of k3s."""


@contextmanager
def api(folder: Path) -> Iterator[str]:
    """The kubeconfig of a server that gives `ANSWERS`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}],
        "current-context": "c",
    }
    (folder / "kubeconfig").write_text(json.dumps(config))
    yield str(folder / "kubeconfig")
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
@pytest.mark.parametrize("of", ["server", "agent"])
def test_kubectl_gives_these_lines(lab: Lab, agent: Lab, tmp_path: Path, of: str) -> None:
    """The real one, of objects as k3s has them: what the stand-in answers has its form."""
    one = {"server": lab, "agent": agent}[of]
    with api(tmp_path) as kubeconfig:
        asking = (
            f'shift 3\nexport HOME="$PLACE"\nexec {shutil.which("kubectl")} --kubeconfig {kubeconfig} "$@"'
        )
        told = 'case "$*" in *"get node "*) echo "sha256:$(printf %064d 0 | tr 0 a)" && exit ;; esac'
        one.node.stand_in("k3s", f'{told}\ncase "$*" in *"get "*) ;; *) exit 1 ;; esac\n{asking}')
        one.publish(1, app("two"))
        # What it has asked last stays in its folder in /run.
        one.node.run()
    lines = (one.node.root / "run/edgefleet/channel/unready").read_text().splitlines()
    expected = {
        "server": [
            "Node::n1:::::::True",
            "Addon:kube-system:workload-till:1::c0::::",
            "Deployment:till:till:2:2:3:2:1:3:",
            "DaemonSet:till:till:2:2:2:1:1::",
            "Pod:till:till-0:::n1::::True",
            "Pod:web:web-0:::::::",
        ],
        "agent": ["till True"],
    }[of]
    assert expected == lines
