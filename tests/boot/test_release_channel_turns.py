"""Nodes of a site change one after the other: servers first, one at a time, and nobody waits for ever."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.boot.release_channel_lab import Lab, app, on_image

from edgefleet.boot import release_channel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to root"),
]
K3S = """cd "$CLUSTER" || exit 1
echo "$*" >>asked
[ ! -e silent ] || exit 1
case "$*" in
  *"get nodes"*release*) cat having ;;
  *"get nodes --selector"*Ready*) cat servers ;;
  *"get node "*servers*) cat told ;;
  *"get configmap edgefleet-turn "*) [ ! -e holder ] || cat holder ;;
  *"create configmap edgefleet-turn "*) [ ! -e holder ] && echo - >holder ;;
  *"patch configmap edgefleet-turn "*)
    from=${*##*'"test","path":"/data/holder","value":"'}
    to=${*##*'"replace","path":"/data/holder","value":"'}
    [ "$(cat holder)" = "${from%%\\"*}" ] && echo "${to%%\\"*}" >holder ;;
  *"annotate --overwrite node "*edgefleet.dev/release=*) echo "${*##*=}" >>having ;;
  *"annotate --overwrite nodes "*edgefleet.dev/servers=*) echo "${*##*=}" >told ;;
  *) exit 1 ;;
esac"""
"""A k3s of a site in one folder: its servers, who has the turn, and what annotations state."""
NAME = "de-fra-001-"
ALL = "".join(f"{NAME}{letter} True\n" for letter in "abc")
OTHERS = "for other servers of the site, which change or are not ready: "
RELEASE = f"sha256:{'a' * 64}"
"""The release of the pointers of a lab."""
HOURS = 3600

Start = Callable[[str], Lab]


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """The site's k3s: three servers that are ready, and nobody changes."""
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster/servers").write_text(ALL)
    (tmp_path / "cluster/told").touch()
    return tmp_path / "cluster"


@pytest.fixture
def start(target: Targets, tmp_path: Path, cluster: Path) -> Iterator[Start]:
    """Starts a node of the site with three servers and an agent."""
    with ExitStack() as running:

        def one(node: str) -> Lab:
            place = tmp_path / node
            place.mkdir()
            lab = running.enter_context(on_image(target, place, of=("three-servers", node)))
            lab.node.stand_in("k3s", f"CLUSTER={cluster}\n{K3S}")
            (lab.node.root / "usr/local/bin/k3s").symlink_to(lab.node.place / "bin/k3s")
            return lab

        yield one


def runs(lab: Lab) -> tuple[str, str]:
    """What a node reports after one run."""
    done = lab.node.run()
    assert 0 == done.returncode, done.stderr
    return lab.said


def waited(lab: Lab, hours: int) -> None:
    """Let a node have waited so long for the same."""
    file = lab.node.root / "var/lib/edgefleet/channel/turn"
    _, rest = file.read_text().split(" ", 1)
    up = int(float(Path("/proc/uptime").read_text().split()[0]))
    file.write_text(f"{up - hours * HOURS} {rest}")


def test_one_server_changes_at_a_time(start: Start, cluster: Path) -> None:
    """The next one when that one has reported that it is healthy, and nobody keeps the turn."""
    a, b = start("a"), start("b")
    a.publish(1, app("two"))
    b.publish(1, app("two"))
    (cluster / "holder").write_text(f"{NAME}b\n")
    assert ("waiting", f"{OTHERS}{NAME}b") == runs(a)
    assert "one\n" == (a.node.root / "etc/app.conf").read_text()
    assert "healthy" == runs(b)[0]
    assert "-\n" == (cluster / "holder").read_text()
    assert "healthy" == runs(a)[0]
    assert "-\n" == (cluster / "holder").read_text()


def test_a_server_that_goes_back_hands_on_the_turn(start: Start, cluster: Path) -> None:
    """Whether there is a way back or not."""
    a = start("a")
    for sequence, floor, state in ((1, 0, "rolled-back"), (2, 2, "failed")):
        a.publish(sequence, app(f"sick {sequence}"), floor=floor)
        assert state == runs(a)[0]
        assert "-\n" == (cluster / "holder").read_text()


def test_no_server_changes_while_another_one_is_away(start: Start, cluster: Path) -> None:
    """For at most four hours: then etcd stops serving for a moment, and containers go on."""
    a = start("a")
    a.publish(1, app("two"))
    (cluster / "servers").write_text(ALL.replace("c True", "c Unknown"))
    assert ("waiting", f"{OTHERS}{NAME}c") == runs(a)
    waited(a, 3)
    assert "waiting" == runs(a)[0]
    (cluster / "servers").write_text(ALL)
    assert "healthy" == runs(a)[0]
    a.publish(2, app("three"))
    (cluster / "servers").write_text(ALL.replace("c True", "c Unknown"))
    assert "waiting" == runs(a)[0]
    waited(a, 4)
    assert "healthy" == runs(a)[0]


def test_a_server_that_died_with_the_turn_loses_it(start: Start, cluster: Path) -> None:
    """After four hours, to one of those that wait for it: the other one waits for that one."""
    a, b = start("a"), start("b")
    (cluster / "servers").write_text(ALL.replace("c True", "c Unknown"))
    (cluster / "holder").write_text(f"{NAME}c\n")
    for lab in (a, b):
        lab.publish(1, app("two"))
        assert "waiting" == runs(lab)[0]
        waited(lab, 4)
    (cluster / "holder").write_text(f"{NAME}b\n")  # which was faster
    assert ("waiting", f"{OTHERS}{NAME}b {NAME}c") == runs(a)
    assert "healthy" == runs(b)[0]
    assert "-\n" == (cluster / "holder").read_text()
    assert "waiting" == runs(a)[0]
    waited(a, 4)
    assert "healthy" == runs(a)[0]


def test_a_server_that_is_not_ready_itself_may_change(start: Start, cluster: Path) -> None:
    """A release may be what repairs it; and so it may when k3s has not answered for four hours."""
    a = start("a")
    (cluster / "servers").write_text(ALL.replace("a True", "a False"))
    a.publish(1, app("two"))
    assert "healthy" == runs(a)[0]
    (cluster / "silent").touch()
    a.publish(2, app("three"))
    assert ("waiting", f"{OTHERS}k3s does not answer") == runs(a)
    waited(a, 4)
    assert "healthy" == runs(a)[0]


def test_a_power_cut_leaves_the_turn_with_its_server(start: Start, cluster: Path) -> None:
    """Which completes the change, and then hands it on."""
    a = start("a")
    a.publish(1, app("two"))
    (cluster / "holder").write_text("-\n")
    a.node.stand_in("systemctl", f"kill -KILL 0\n{(a.node.place / 'bin/systemctl').read_text()}")
    a.node.run()
    assert f"{NAME}a\n" == (cluster / "holder").read_text()
    stand_in = a.node.place / "bin/systemctl"
    stand_in.write_text(stand_in.read_text().replace("kill -KILL 0\n", ""))
    assert "healthy" == runs(a)[0]
    assert "-\n" == (cluster / "holder").read_text()


def test_agents_change_after_all_servers(start: Start, cluster: Path) -> None:
    """When each server has stated that it has the release of the site; agents learn that once."""
    a, till = start("a"), start("till")
    for lab in (a, till):
        lab.publish(1, app("two"))
    assert ("waiting", "for the servers of the site to have this release") == runs(till)
    (cluster / "having").write_text("\n\n")
    assert "healthy" == runs(a)[0]
    assert "" == (cluster / "told").read_text()
    assert "waiting" == runs(till)[0]
    (cluster / "having").write_text(f"{RELEASE}\n{RELEASE}\n")
    assert "healthy" == runs(a)[0]
    assert f"{RELEASE}\n" == (cluster / "told").read_text()
    asked = len((cluster / "asked").read_text().splitlines())
    assert "healthy" == runs(a)[0]
    assert not [line for line in (cluster / "asked").read_text().splitlines()[asked:] if "annotate" in line]
    assert "healthy" == runs(till)[0]


def test_an_agent_waits_two_days_at_most(start: Start) -> None:
    """For servers that are gone or never get the release; the time of another release begins again."""
    till = start("till")
    till.publish(1, app("two"))
    assert "waiting" == runs(till)[0]
    waited(till, 47)
    assert "waiting" == runs(till)[0]
    waited(till, 48)
    assert "healthy" == runs(till)[0]
    till.publish(2, app("three"))
    assert "waiting" == runs(till)[0]


def test_a_failed_server_tells_its_agents_nothing(start: Start, cluster: Path) -> None:
    """Nor does one that went back."""
    a = start("a")
    (cluster / "having").write_text(f"{RELEASE}\n{RELEASE}\n")
    a.publish(1, app("sick"))
    assert "rolled-back" == runs(a)[0]
    a.publish(2, app("sick too"), floor=2)
    assert "failed" == runs(a)[0]
    assert "" == (cluster / "told").read_text()


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(start: Start) -> None:
    """On a server of several, and on an agent."""
    scripts = [lab.node.root / release_channel.SCRIPT[1:] for lab in (start("a"), start("till"))]
    done = subprocess.run(["shellcheck", "--shell=sh", *scripts], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stdout)
