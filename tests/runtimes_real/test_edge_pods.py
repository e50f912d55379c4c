"""Workloads of a site with KubeEdge on a real node: modules without a RuntimeClass, and folders as volumes.

The kubelet is Kubernetes' own in the place of edgecore's, which is a fork of it. containerd reads what
edgefleet renders for edgecore, but for what cannot be here: systemd, a network and Debian's folders.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.boot.conftest import target
from tests.cluster.control_plane import control_plane
from tests.processes import wait
from tests.runtimes.test_kubeedge import with_handlers
from tests.runtimes_real.conftest import HELLO, SHELL, images
from tests.runtimes_real.node import PAUSE, Machine, tree
from tests.site.conftest import GOLDEN, KEY, spec_of

from edgefleet.model.firstboot import Target
from edgefleet.model.spec import from_plain
from edgefleet.runtimes.base import edgecore
from edgefleet.runtimes.base.edge_containerd import configuration
from edgefleet.workloads import KINDS, hub_nodes
from edgefleet.workloads.base.edge import BRIDGE, SITE, VOLUMES
from edgefleet.workloads.base.modules import LABEL
from edgefleet.workloads.composing import entry, hub_objects_of

__all__ = ["target"]

pytestmark = pytest.mark.runtimes

NODE = with_handlers(Target(site=spec_of(GOLDEN / "recipe-1/joined-hub"), name="n1", key=KEY), "crun-wasm")
LAB = replace(NODE.site, nodes={"n1": NODE.node})
HERE = {
    edgecore.PAUSE: PAUSE,
    "SystemdCgroup = true": "SystemdCgroup = false",
    "/usr/lib/cni": "/opt/cni",
    "/etc/cni/net.d": "/etc/cni",
}
"""dict[what edgefleet renders -> what it is here]."""
ALSO = {
    2: """
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "native"
""",
    3: """
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "native"
""",
}
"""dict[version of the configuration -> what it needs here besides]."""
CRI = '[plugins."io.containerd.grpc.v1.cri"]\n'


def template(version: int) -> str:
    """The configuration of containerd as it is here."""
    text = configuration(NODE, version)
    for rendered, here in HERE.items():
        assert rendered in text
        text = text.replace(rendered, here)
    return text.replace(CRI, f"{CRI}  restrict_oom_score_adj = true\n") + ALSO[version]


@pytest.fixture(scope="module", params=ALSO)
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A real kubelet with containerd 1.7 or 2.3, the only node of a real API server."""
    tree()
    folder = tmp_path_factory.mktemp("edge")
    with control_plane(folder, has_nodes=True) as started:
        machine = Machine(
            folder=folder / "node",
            template=template(request.param),
            images=images(),
            labels={SITE: LAB.name, f"{LABEL}crun-wasm": "true"},
            cluster=started,
            own_containerd=request.param == min(ALSO),
            volumes=VOLUMES,
        )
        with machine.started() as server:
            wait(lambda: server.ended() or bool(machine.cluster.get("/api/v1/nodes")["items"]), seconds=120)
            assert not server.ended(), machine.log()
            yield machine


@pytest.fixture
def says(machine: Machine) -> Callable[..., str]:
    """Apply a workload of the site, and return what its container prints."""

    def applied(name: str, text: str, **fields: Any) -> str:
        site = replace(LAB, workloads={name: entry(from_plain(KINDS[fields["kind"]].spec, fields))})
        for objects in hub_objects_of(dict(hub_nodes.entries(site))).values():
            for each in objects:
                machine.cluster.apply(each)
        namespace = f"{LAB.name}-{name}"
        wait(
            lambda: text in machine.says(namespace).get(name, ""),
            seconds=90,
            reason=lambda: f"{machine.cluster.events(namespace)} {machine.says(namespace)} {machine.log()}",
        )
        return machine.says(namespace)[name]

    return applied


def test_a_module_runs_without_a_runtime_class(says: Callable[..., str]) -> None:
    """By the annotation that containerd chooses its handler by."""
    module = {"kind": "function", "image": HELLO, "runtime": {"name": "crun-wasm"}, "port": 8080}
    assert "hello from a module" == says("labels", "hello", **module)


def test_a_container_runs_as_before(says: Callable[..., str]) -> None:
    """With the name of what it needs at the bridge."""
    script = "grep carts.carts /etc/hosts; exec sleep 3600"
    line = says("till", "carts", kind="web", image=SHELL, args=["-c", script], port=8080, needs=["carts"])
    assert [BRIDGE, "carts.carts"] == line.split()[:2]


def test_a_user_writes_to_the_folder_of_its_volume(says: Callable[..., str], machine: Machine) -> None:
    """Which kubelet makes, with the rights of the folder above it."""
    fields = {"kind": "job", "image": SHELL, "storage": {"path": "/srv/data", "size": "1Mi"}}
    line = says("count", "kept", args=["-c", "echo kept by $(id -u) >/srv/data/a; cat /srv/data/a"], **fields)
    kept = machine.folder / "files/upper" / VOLUMES[1:] / f"{LAB.name}-count/count/a"
    assert ("kept by 10001", "kept by 10001\n") == (line, kept.read_text())
