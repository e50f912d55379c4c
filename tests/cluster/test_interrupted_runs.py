"""Runs that end at each of their changes to a real API server are completed by the next, without remains."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster.api import Cluster
from tests.cluster.interrupting_proxy import How, InterruptingProxy, interrupting
from tests.engine.conftest import Project

pytestmark = pytest.mark.cluster
MOST = 20
"""Changes of a run, at most."""
PROGRAM = """
import pulumi_kubernetes as kubernetes
provider = kubernetes.Provider("hub", kubeconfig="proxied", namespace="NAMESPACE")
options = pulumi.ResourceOptions(provider=provider)
settings = kubernetes.core.v1.ConfigMap(
    "settings", metadata={"name": "settings"}, data={"color": "COLOR"}, opts=options
)
kubernetes.core.v1.Service("till", metadata={"name": "till"}, spec={"ports": [{"port": PORT}]}, opts=options)
after = pulumi.ResourceOptions(provider=provider, depends_on=[settings])
kubernetes.core.v1.ConfigMap("only-COLOR", metadata={"name": "only-COLOR"}, data={"a": "b"}, opts=after)
"""


def program(number: int, namespace: str) -> tuple[str, dict[str, object]]:
    """A program whose next one updates, replaces, creates and deletes; and the values that it asks for."""
    color, port = ("red", 80) if number % 2 else ("blue", 81)
    text = PROGRAM.replace("COLOR", color).replace("PORT", str(port)).replace("NAMESPACE", namespace)
    return text, {"settings": color, "till": port, f"only-{color}": "b"}


def values(cluster: Cluster, namespace: str) -> dict[str, object]:
    """The same of the objects that exist."""
    inside = f"/api/v1/namespaces/{namespace}"
    maps = {item["metadata"]["name"]: item["data"] for item in cluster.get(f"{inside}/configmaps")["items"]}
    maps.pop("kube-root-ca.crt", None)
    services = {
        item["metadata"]["name"]: item["spec"]["ports"][0]["port"]
        for item in cluster.get(f"{inside}/services")["items"]
    }
    return {name: next(iter(data.values())) for name, data in maps.items()} | services


@pytest.fixture
def proxy(cluster: Cluster, tmp_path: Path) -> Iterator[InterruptingProxy]:
    with interrupting(cluster.kubeconfig, tmp_path / "proxied") as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def killed(project: Project, proxy: InterruptingProxy, at: int, how: How, text: str) -> bool:
    """Run `up` in a process of its own that ends at a change; return whether it came that far."""
    project.write(text)
    command = "from edgefleet.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "up", "-s", "dev", "-y", "--engine", "local"],
        cwd=project.root,
        env=project.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    proxy.begin(at, how, process.kill)
    output, _ = process.communicate(timeout=120)
    assert proxy.was_reached or process.returncode == 0, output.decode()
    return proxy.was_reached


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_run_that_is_killed_at_any_change_is_completed_by_the_next(
    project: Project, proxy: InterruptingProxy, cluster: Cluster, how: How
) -> None:
    """Then the cluster has what the program asks for and nothing else, and another run changes nothing."""
    namespace = cluster.namespace(f"killed-{how}")
    for at in range(1, MOST):
        text, wanted = program(at, namespace)
        is_over = not killed(project, proxy, at, how, text)
        proxy.begin(0, how)
        ended = project.run("up", text)
        assert "succeeded" == ended.result, (at, proxy.changes, ended.diagnostics)
        assert wanted == values(cluster, namespace), at
        again = project.run("preview", text)
        assert {"same"} == {step.op for step in again.steps}, at
        assert not [line for line in again.diagnostics if line.severity != "info"], at
        if is_over:
            break
    else:
        pytest.fail(f"there are more than {MOST} changes")
    assert at > 7
    assert "succeeded" == project.run("destroy", text).result
    assert {} == values(cluster, namespace)


def test_a_run_that_loses_any_reply_goes_on(
    project: Project, proxy: InterruptingProxy, cluster: Cluster
) -> None:
    """It sends the request again, which has no second effect."""
    namespace = cluster.namespace("lost-replies")
    for at in range(1, MOST):
        text, wanted = program(at, namespace)
        proxy.begin(at, "lost")
        ended = project.run("up", text)
        assert "succeeded" == ended.result, (at, proxy.changes, ended.diagnostics)
        assert wanted == values(cluster, namespace), at
        if not proxy.was_reached:
            break
    else:
        pytest.fail(f"there are more than {MOST} changes")
    proxy.begin(0, "lost")
    assert {"same"} == {step.op for step in project.run("preview", text).steps}
