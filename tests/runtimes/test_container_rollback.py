"""A changed workload of a node without an orchestrator that does not become well: the one before is back.

containerd is real. FakeSystemctl stands in for systemctl: it notes its arguments, and says that each unit is
active. A probe passes where the test listens.
"""

import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.io.servers import free_port
from tests.runtimes.test_containerd import IMAGE, Node, node

from edgefleet.boot import healing

__all__ = ["node"]
FAKE_SYSTEMCTL = '#!/bin/sh\n# FakeSystemctl\necho "$*" >>"$EDGEFLEET_PREFIX/asked"\necho active\n'


@dataclass
class Changing:
    """A node with one workload."""

    node: Node
    target: Targets
    answering: int
    """A port at which somebody listens."""

    def become(self, release: str, *, is_well: bool) -> None:
        """Have a configuration, with a port where its probe passes or does not."""
        port = self.answering if is_well else free_port()
        web = {
            "kind": "web",
            "image": IMAGE,
            "port": port,
            "command": ["sleep", "9"],
            "environment": {"RELEASE": release},
        }
        planned = self.target("no-orchestrator", workloads={"till": web})
        self.node.become(planned)
        self.node.carry(planned, "till")
        self.runs()

    def does(self, command: str) -> bool:
        """Whether a command of the node's program succeeds."""
        return self.node.containers(command).returncode == 0

    def runs(self) -> str:
        """The release that a start of the workload takes."""
        run = self.node.root / "run/edgefleet/containers"
        (run / "till.starts").unlink(missing_ok=True)
        prepared = self.node.containers("prepare", "till")
        assert 0 == prepared.returncode, prepared.stderr
        self.node.containers("clean", "till")
        (container,) = json.loads((run / "till.running").read_text())["containers"]
        release: str = container["environment"]["RELEASE"]
        return release

    def restarts(self) -> list[str]:
        """What systemd was asked to restart."""
        lines = (self.node.root / "asked").read_text().splitlines()
        return [line for line in lines if line.startswith("restart")]


@pytest.fixture
def changing(node: Node, target: Targets) -> Iterator[Changing]:
    """A node without a workload."""
    programs = node.root / "programs"
    programs.mkdir()
    (programs / "systemctl").write_text(FAKE_SYSTEMCTL)
    (programs / "systemctl").chmod(0o755)
    node.environment["PATH"] = f"{programs}:{node.environment['PATH']}"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Changing(node, target, listening.getsockname()[1])


def test_it_goes_back_to_what_was_well_once(changing: Changing) -> None:
    """With a message for people; the same configuration is not tried again."""
    changing.become("good", is_well=True)
    assert changing.does("settle")
    changing.become("bad", is_well=False)
    assert changing.does("back")
    assert ["restart --no-block edgefleet-workload@till.service"] == changing.restarts()
    problem = changing.node.root / "var/lib/edgefleet/problems/workload-till"
    assert "till did not become well" in problem.read_text()
    assert "good" == changing.runs()
    assert changing.does("healthy")
    assert changing.does("settle")
    assert not changing.does("back")
    assert "good" == changing.runs()


def test_another_change_is_tried(changing: Changing) -> None:
    """And the message is gone once it is well."""
    changing.become("good", is_well=True)
    changing.does("settle")
    changing.become("bad", is_well=False)
    changing.does("back")
    changing.become("better", is_well=True)
    assert "better" == changing.runs()
    assert changing.does("settle")
    assert not (changing.node.root / "var/lib/edgefleet/problems/workload-till").exists()
    kept = changing.node.root / "var/lib/edgefleet/workloads"
    assert ["till.json"] == [file.name for file in kept.iterdir()]
    assert 0o600 == (kept / "till.json").stat().st_mode & 0o777


def test_a_first_configuration_has_nothing_before_it(changing: Changing) -> None:
    """It stays, and is tried again."""
    changing.become("bad", is_well=False)
    assert not changing.does("healthy")
    assert "till\n" == changing.node.containers("unready").stdout
    assert not changing.does("back")
    assert "bad" == changing.runs()


def test_the_health_check_reports_it(target: Targets, tmp_path: Path) -> None:
    """Until another configuration is well; a stand-in for the node's program says how it is."""
    programs, program = tmp_path / "programs", tmp_path / "usr/local/lib/edgefleet/containers"
    texts = {
        programs / "ctr": "#!/bin/sh\n",
        programs / "systemctl": FAKE_SYSTEMCTL,
        program: '#!/bin/sh\n[ -e "$EDGEFLEET_PREFIX/$1" ]\n',
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    files = {file.path: file.content for file in healing.plan(target("no-orchestrator")).files}
    (tmp_path / "heal").write_bytes(files[healing.SCRIPT])

    def state(*succeeding: str) -> tuple[str, bool]:
        for command in succeeding:
            (tmp_path / command).touch()
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "EDGEFLEET_PREFIX": str(tmp_path)}
        subprocess.run(
            ["sh", tmp_path / "heal", "check"], env={**environment, "EDGEFLEET_WITHIN": "0"}, check=True
        )
        status = json.loads((tmp_path / "var/lib/edgefleet/status.json").read_text())
        return status["state"], bool(status["rolledBack"])

    assert ("unhealthy", False) == state()
    assert ("rolled-back", True) == state("back")
    refused = tmp_path / "var/lib/edgefleet/workloads/till.refused"
    refused.parent.mkdir()
    refused.touch()
    assert ("healthy", True) == state("healthy")
    refused.unlink()
    assert ("healthy", False) == state("settle")
