"""Step `healing`: the script is run for real, with stand-ins for k3s and systemctl."""

import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import facts, healing
from edgefleet.model.firstboot import Step

pytestmark = pytest.mark.slow

CASE = "recipe-1/server-static"
FAKE_K3S = """#!/bin/sh
# FakeK3s: a stand-in for k3s. It is well while what it was started with says `good`. Release {release}.
started=$EDGEFLEET_PREFIX/run/started-with
grep -q good "$started" || exit 1
case "$*" in
  *readyz*) printf ok ;;
  *"get node"*) printf True ;;
  ctr*) exec "$EDGEFLEET_PREFIX/ctr" "$@" ;;
esac
"""
FAKE_CTR = """#!/bin/sh
# FakeCtr: a stand-in for containerd's client. Files have the images that are there, pinned and in use.
cd "$EDGEFLEET_PREFIX"
touch here pinned running
case "$*" in
  "ctr --namespace k8s.io images ls -q") cat here ;;
  "ctr --namespace k8s.io images ls -q labels."*) cat pinned ;;
  "ctr --namespace k8s.io containers ls") echo "CONTAINER IMAGE RUNTIME"; sed 's/.*/0a1b  &  runc/' running ;;
  *"images label "*" io.cri-containerd.pinned=pinned io.cattle.k3s.pinned=pinned") echo "$6" >>pinned ;;
  *) exit 1 ;;
esac
"""
FAKE_SYSTEMCTL = """#!/bin/sh
# A stand-in for systemctl that starts FakeK3s.
run=$EDGEFLEET_PREFIX/run
echo "$*" >>"$run/asked"
case "$*" in
  *restart*k3s.service) /bin/cp "$EDGEFLEET_PREFIX/etc/rancher/k3s/config.yaml" "$run/started-with"
    echo "$(/bin/cat "$run/starts" 2>/dev/null)x" >"$run/starts.new"
    /bin/mv "$run/starts.new" "$run/starts" ;;
  *InvocationID*) /bin/cat "$run/starts" 2>/dev/null ;;
  *ActiveEnter*) echo "${FAKE_SINCE:-0}" ;;
  is-active*) echo "${FAKE_INSTALLER:-inactive}" ;;
esac
exit 0
"""
FAKE_INSTALL = """#!/bin/sh
# A stand-in for the installer: whether the k3s that it installs is in place.
[ "$1" = check ] && grep -q "Release {release}" "$EDGEFLEET_PREFIX/usr/local/bin/k3s"
# release {release}"""
FAKE_ROUTE = """#!/bin/sh
# A stand-in for what knows the node's address: it is another one as often as run/moves has letters.
moves=$EDGEFLEET_PREFIX/run/moves
left=$(/bin/cat "$moves" 2>/dev/null || true)
[ -n "$left" ] || exit 0
echo "${left#?}" >"$moves"
exit 1
"""
FAKE_AGETTY = """#!/bin/sh
# A stand-in for agetty: each time that consoles are to show something new is a line.
echo "$*" >>"$EDGEFLEET_PREFIX/run/reloaded"
"""
CUTTING = """#!/bin/sh
# The power goes before the {name} that is the $CUT_AT-th step.
count=$(($(/bin/cat "$CUT_COUNT") + 1))
echo "$count" >"$CUT_COUNT"
if [ "$count" -eq "$CUT_AT" ]; then kill -KILL 0; fi
exec /bin/{name} "$@"
"""
TextOf = Callable[[Step, str], str]


@dataclass
class Machine:
    """A folder in the place of a node's root, with stand-ins."""

    root: Path
    script: Path
    programs: Path

    def heal(self, what: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the script; with 0 seconds something is well at once or not at all."""
        environment = {
            "PATH": f"{more.pop('cutting', '')}:{self.programs}:/usr/bin:/bin:/usr/sbin".lstrip(":"),
            "EDGEFLEET_PREFIX": str(self.root),
            "EDGEFLEET_WITHIN": "0",
            "EDGEFLEET_PAUSE_SECONDS": "0",
            "LC_ALL": "C",
            **more,
        }
        shell = shutil.which("dash") or "/bin/sh"
        return subprocess.run(
            [shell, str(self.script), what],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            start_new_session=True,
        )

    def done(self, what: str, **more: str) -> str:
        """What the script says when it does not fail."""
        ran = self.heal(what, **more)
        assert 0 == ran.returncode, ran.stderr
        return ran.stdout

    def configure(self, text: str, *, release: int = 1) -> None:
        """What a seed does: it writes k3s's configuration, and brings the k3s that goes with it."""
        folder = self.root / "etc/rancher/k3s"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yaml").write_text(text)
        (folder / "config.yaml").chmod(0o600)
        installer = self.root / "usr/local/lib/edgefleet/install-k3s"
        installer.parent.mkdir(parents=True, exist_ok=True)
        installer.write_text(FAKE_INSTALL.format(release=release))
        installer.chmod(0o755)
        (route := installer.with_name("fallback-route")).write_text(FAKE_ROUTE)
        route.chmod(0o755)
        binary = self.root / "usr/local/bin/k3s"
        binary.parent.mkdir(parents=True, exist_ok=True)
        made = FAKE_K3S.format(release=release)
        if binary.exists() and binary.read_text() != made:
            binary.replace(binary.with_name("k3s.previous"))
        binary.write_text(made)
        binary.chmod(0o755)

    def start(self) -> None:
        """What the installer does at its end, and each boot."""
        environment = {"EDGEFLEET_PREFIX": str(self.root), "PATH": "/usr/bin:/bin"}
        command = [str(self.programs / "systemctl"), "restart", "--no-block", "k3s.service"]
        subprocess.run(command, env=environment, check=True, timeout=30)

    def apply(self, text: str, *, release: int = 1) -> None:
        """A seed is applied: written, adopted, k3s started, looked at."""
        self.configure(text, release=release)
        self.done("adopt")
        self.start()
        self.done("check")

    def boot(self) -> None:
        """The power is back: nothing is left in /run."""
        shutil.rmtree(self.root / "run")
        (self.root / "run").mkdir()
        self.done("adopt")
        self.start()
        self.done("check")

    @property
    def config(self) -> str:
        """k3s's configuration now."""
        return (self.root / "etc/rancher/k3s/config.yaml").read_text()

    @property
    def release(self) -> str:
        """Which k3s is here, and which one the installer would bring."""
        found = re.search(r"Release (\d)", (self.root / "usr/local/bin/k3s").read_text())
        installer = (self.root / "usr/local/lib/edgefleet/install-k3s").read_text()
        return f"{found[1] if found else ''} {installer[-1]}"

    @property
    def status(self) -> dict[str, str]:
        """What a program reads of it."""
        made: dict[str, str] = json.loads((self.root / "var/lib/edgefleet/status.json").read_text())
        return made


@pytest.fixture
def machine(target: Targets, text_of: TextOf, tmp_path: Path) -> Machine:
    """A node with the script of the golden site."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("systemctl", FAKE_SYSTEMCTL), ("agetty", FAKE_AGETTY)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    script = tmp_path / "heal"
    script.write_text(text_of(healing.plan(target(CASE)), healing.SCRIPT))
    (tmp_path / "root/run").mkdir(parents=True)
    (ctr := tmp_path / "root/ctr").write_text(FAKE_CTR)
    ctr.chmod(0o755)
    (images := tmp_path / "root" / healing.IMAGES[1:]).parent.mkdir(parents=True)
    images.touch()
    return Machine(root=tmp_path / "root", script=script, programs=programs)


def test_what_is_well_is_kept_and_said(machine: Machine) -> None:
    """For a program in a file, for a person in plain words."""
    machine.apply("good 1")
    assert "healthy" == machine.status["state"]
    said = machine.done("status")
    assert "This is n1 of de-ber-001, retail in eu-central-1." in said
    assert "k3s answers and this node is ready." in said
    assert "release" not in said
    (machine.root / "etc/edgefleet").mkdir(parents=True, exist_ok=True)
    (machine.root / facts.RELEASE[1:]).write_bytes(facts.release(f"sha256:{'7' * 64}").content)
    assert f"\nrelease sha256:{'7' * 64}\n" in machine.done("status")
    place = machine.root / "var/lib/edgefleet"
    modes = [path.stat().st_mode & 0o777 for path in (place, place / "status.json", place / "configurations")]
    assert [0o755, 0o644, 0o700] == modes


PAUSE, TILL, MENU = (
    "docker.io/rancher/mirrored-pause:3.6",
    "registry.example/till:1",
    "registry.example/menu:2",
)


def test_images_that_run_or_are_carried_are_pinned(machine: Machine) -> None:
    """Each once, and again after k3s has taken its pins back; others may be collected."""
    (machine.root / healing.IMAGES[1:]).write_text(f"{TILL}\n")
    (machine.root / "here").write_text(f"{PAUSE}\n{TILL}\nregistry.example/old:1\n")
    (machine.root / "running").write_text(f"{PAUSE}\n{MENU}\n")
    machine.apply("good 1")
    machine.done("check")
    assert [PAUSE, TILL] == (machine.root / "pinned").read_text().splitlines()
    (machine.root / "pinned").write_text("")
    machine.done("check")
    assert [PAUSE, TILL] == (machine.root / "pinned").read_text().splitlines()


def test_a_carried_image_that_is_not_there_is_reported(machine: Machine) -> None:
    """Until it is there."""
    (machine.root / healing.IMAGES[1:]).write_text(f"{TILL}\n{MENU}\n")
    (machine.root / "here").write_text(f"{MENU}\n")
    machine.apply("good 1")
    assert f"Not in k3s, and this node downloads nothing: {TILL}. Restart" in machine.done("status")
    (machine.root / "here").write_text(f"{MENU}\n{TILL}\n")
    machine.done("check")
    assert "Not in k3s" not in machine.done("status")


def test_images_do_not_make_a_node_unwell(machine: Machine) -> None:
    """The next check asks a containerd again that does not answer."""
    (machine.root / "ctr").unlink()
    machine.apply("good 1")
    assert "healthy" == machine.status["state"]


def test_an_air_gapped_node_lists_what_it_carries(target: Targets, text_of: TextOf) -> None:
    """By the names that containerd has for them; others download again what was deleted."""
    listed = text_of(healing.plan(target(CASE, airgap=True)), healing.IMAGES).splitlines()
    assert listed == sorted(listed)
    assert all("/" in name and (":" in name or "@" in name) for name in listed)
    assert {"till", "menu"} <= set(target(CASE).site.workloads)
    assert len(listed) >= len(target(CASE).site.workloads)
    assert "" == text_of(healing.plan(target(CASE, airgap=False)), healing.IMAGES)


def test_the_screen_says_how_the_node_is_before_anybody_logs_in(machine: Machine) -> None:
    """From the start on, and after each look; terminals show it again where it is new alone."""
    screen, link = (
        machine.root / path for path in ("run/edgefleet/console.issue", "etc/issue.d/edgefleet.issue")
    )
    machine.apply("good 1")
    assert machine.done("status").strip() == screen.read_text().strip()
    assert "healthy since" in screen.read_text()
    assert "/run/edgefleet/console.issue" == link.readlink().as_posix()
    machine.done("check")
    assert 2 == (machine.root / "run/reloaded").read_text().count("--reload\n")
    shutil.rmtree(machine.root / "run")
    (machine.root / "run").mkdir()
    machine.done("adopt")
    assert "k3s was started; the first health check runs in a few minutes." in screen.read_text()
    machine.start()
    machine.done("check")
    assert "healthy since" in screen.read_text()
    (machine.root / "var/lib/edgefleet/problems").mkdir()
    (machine.root / "var/lib/edgefleet/problems/x").write_text(r"Put the \4 medium in.")
    machine.done("check")
    assert screen.read_text().endswith("Put the 4 medium in.\n\n")


@pytest.mark.parametrize(("moves", "restarts"), [("", 0), ("x", 0), ("xx", 1)])
def test_a_node_with_another_address_restarts_k3s(machine: Machine, moves: str, restarts: int) -> None:
    """k3s takes it at its start alone; a cable that was out for a moment is no reason."""
    machine.apply("good 1")
    asked = machine.root / "run/asked"
    asked.write_text("")
    (machine.root / "run/moves").write_text(moves)
    machine.done("check")
    assert restarts == asked.read_text().count("restart --no-block k3s.service")
    assert "healthy" == machine.status["state"]


def test_the_api_is_asked_where_containers_ask_it(machine: Machine) -> None:
    """An API that answers on loopback alone is of no use to them."""
    machine.apply("good 1")
    k3s = machine.root / "usr/local/bin/k3s"
    k3s.write_text(k3s.read_text().replace("*readyz*) ", '*"--server https://10.43.0.1"*readyz*) '))
    machine.done("check")
    assert "healthy" == machine.status["state"]
    k3s.write_text(k3s.read_text().replace("10.43.0.1", "127.0.0.1"))
    machine.done("check")
    assert "unhealthy" == machine.status["state"]


def test_a_screen_that_cannot_be_written_to_keeps_nothing_from_healing(machine: Machine) -> None:
    (machine.root / "etc").mkdir(exist_ok=True)
    (machine.root / "etc/issue.d").write_text("no folder")
    machine.apply("good 1")
    machine.apply("bad", release=2)
    assert ("good 1", "1 1") == (machine.config, machine.release)


def test_what_does_not_get_well_is_taken_back_with_the_k3s_that_was_here(machine: Machine) -> None:
    machine.apply("good 1")
    machine.apply("bad", release=2)
    assert ("good 1", "1 1") == (machine.config, machine.release)
    assert "rolled-back" == machine.status["state"]
    machine.done("check")
    assert "healthy" == machine.status["state"]
    assert "a new configuration was rolled back; it is not retried" in machine.done("status")
    assert 0o600 == (machine.root / "etc/rancher/k3s/config.yaml").stat().st_mode & 0o777


def test_files_that_the_new_one_brought_go_with_it(machine: Machine) -> None:
    """A drop-in that is left would still be read."""
    machine.apply("good 1")
    extra = machine.root / "etc/rancher/k3s/config.yaml.d/20-more.yaml"
    extra.parent.mkdir()
    extra.write_text("bad: true")
    machine.apply("bad")
    assert not extra.exists()
    assert "good 1" == machine.config


def test_it_goes_back_once_and_never_to_and_fro(machine: Machine) -> None:
    """What was before is not well either: it says so, and stays. What failed is not tried again by itself."""
    machine.apply("good 1")
    machine.apply("bad")
    (machine.root / "run/started-with").write_text("broken all the same")
    for _ in range(3):
        machine.done("check")
        assert "good 1" == machine.config
        (machine.root / "run/started-with").write_text("broken all the same")
    assert "unhealthy" == machine.status["state"]
    machine.start()
    machine.done("check")
    machine.configure("bad")
    assert "this configuration failed before" in machine.done("adopt")
    assert "good 1" == machine.config
    machine.done("retry")
    machine.configure("bad")
    machine.done("adopt")
    assert "bad" == machine.config


def test_a_third_one_that_is_well_ends_the_story(machine: Machine) -> None:
    """The one before it is the good one, not the one that failed."""
    machine.apply("good 1")
    machine.apply("bad")
    machine.done("check")
    machine.apply("good 3")
    assert ("healthy", "") == (machine.status["state"], machine.status["rolledBack"])
    machine.apply("bad 4")
    assert "good 3" == machine.config


def test_the_first_one_has_nothing_to_go_back_to(machine: Machine) -> None:
    machine.apply("bad")
    assert "bad" == machine.config
    assert "there is no earlier configuration" in machine.status["message"]


def test_one_that_was_well_is_not_blamed_for_what_comes_later(machine: Machine) -> None:
    """A disk that fails is no reason to go back; k3s is started again, and not all the time."""
    machine.apply("good 1")
    machine.apply("good 2")
    asked = machine.root / "run/asked"
    asked.write_text("")
    (machine.root / "run/started-with").write_text("broken")
    machine.done("check")
    assert "good 2" == machine.config
    (machine.root / "run/started-with").write_text("broken")
    machine.done("check")
    assert 1 == asked.read_text().count("restart --no-block k3s.service")


def test_while_another_k3s_is_brought_the_one_that_runs_is_not_taken_for_it(machine: Machine) -> None:
    """It answers, but with the configuration before."""
    machine.apply("good 1")
    machine.configure("bad")
    machine.done("adopt")
    machine.done("check", FAKE_INSTALLER="activating")
    assert "is being installed" in machine.status["message"]
    assert "bad" == machine.config
    machine.start()
    machine.done("check")
    assert "good 1" == machine.config


def test_a_k3s_that_is_not_the_requested_one_makes_no_configuration_healthy(machine: Machine) -> None:
    """Its state is `waiting`, and the requested one is still rolled back when it is installed and fails."""
    machine.apply("good 1")
    machine.configure("good 2", release=2)
    binary = machine.root / "usr/local/bin/k3s"
    requested, earlier = binary.read_text(), binary.with_name("k3s.previous").read_text()
    binary.write_text(earlier)
    machine.boot()
    assert "waiting" == machine.status["state"]
    assert "with an earlier k3s: the requested one is not installed yet" in machine.status["message"]
    binary.write_text(requested)
    machine.start()
    (machine.root / "run/started-with").write_text("broken")
    machine.done("check")
    assert ("good 1", "1 1") == (machine.config, machine.release)


def test_without_k3s_it_waits(machine: Machine) -> None:
    """However long the link takes: that is no reason to go back."""
    machine.configure("good 1")
    (machine.root / "usr/local/bin/k3s").unlink()
    machine.done("adopt")
    machine.done("check")
    assert ("waiting", "k3s is not installed yet") == (machine.status["state"], machine.status["message"])


def test_what_says_nothing_new_is_not_written(machine: Machine) -> None:
    """A card wears by what is written to it."""
    machine.apply("good 1")
    place = machine.root / "var/lib/edgefleet"

    def seen() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in place.rglob("*") if path.is_file()}

    before = seen()
    machine.done("check")
    machine.done("adopt")
    assert before == seen()


@pytest.mark.parametrize(("days", "is_started"), [(30, False), (200, True)])
def test_k3s_is_started_anew_when_it_has_run_for_long(
    machine: Machine, days: int, *, is_started: bool
) -> None:
    """Its certificates are renewed at a start alone; a node that was started lately is left alone."""
    machine.apply("good 1")
    asked = machine.root / "run/asked"
    asked.write_text("")
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    since = int((uptime - days * 86400) * 1_000_000)
    machine.done("renew", FAKE_SINCE=str(since))
    assert is_started is ("restart --no-block k3s.service" in asked.read_text())
    assert "healthy" == machine.status["state"]


def cutter(folder: Path) -> Path:
    """Programs that change the disk, each of which ends everything where it is the step to cut at."""
    folder.mkdir()
    for name in ("mv", "ln", "rm", "cp", "sync", "mkdir"):
        (folder / name).write_text(CUTTING.format(name=name))
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.faults)])
@pytest.mark.parametrize("what", ["adopt", "check"])
def test_a_power_cut_at_any_step_leaves_one_or_the_other_whole(
    machine: Machine, tmp_path: Path, what: str, every: int
) -> None:
    """After each step of an adoption and of a rollback: the next boot sets right what is half done."""
    cutting = str(cutter(tmp_path / "cutting"))
    machine.apply("good 1")
    machine.configure("bad", release=2)
    if what == "check":
        machine.done("adopt")
        machine.start()
    shutil.copytree(machine.root, tmp_path / "before", symlinks=True)
    for step in itertools.count(1, every):
        count = tmp_path / "count"
        count.write_text("0")
        cut = machine.heal(what, cutting=cutting, CUT_AT=str(step), CUT_COUNT=str(count))
        machine.boot()
        machine.done("check")
        machine.done("check")
        assert ("good 1", "1 1") == (machine.config, machine.release), f"cut at step {step}"
        assert "healthy" == machine.status["state"], f"cut at step {step}"
        assert not (machine.root / "var/lib/edgefleet/configurations/rollback").exists()
        if cut.returncode == 0:
            break
        shutil.rmtree(machine.root)
        shutil.copytree(tmp_path / "before", machine.root, symlinks=True)
    assert step > 5


def test_an_agent_asks_as_the_kubelet_that_it_is(target: Targets, text_of: TextOf, machine: Machine) -> None:
    """It has no administrator's certificate; a node may see itself."""
    machine.script.write_text(text_of(healing.plan(target("server-and-agent", "cam")), healing.SCRIPT))
    machine.configure("good 1")
    machine.done("adopt")
    binary = machine.root / "usr/local/bin/k3s"
    binary.write_text(f'#!/bin/sh\n# a stand-in\necho "$*" >>{machine.root}/run/kubectl\nexit 1\n')
    machine.done("check")
    assert not (machine.root / "run/kubectl").exists(), "asked before it was started"
    (machine.root / "run/starts").write_text("x")
    machine.done("check")
    asked = (machine.root / "run/kubectl").read_text()
    kubeconfig = f"{machine.root}/var/lib/rancher/k3s/agent/kubelet.kubeconfig"
    assert f"--kubeconfig {kubeconfig} --server https://10.43.0.1 get --raw" in asked


def test_each_site_has_a_night_of_its_own(target: Targets) -> None:
    """The same always, and spread over days and minutes."""
    one = target(CASE)
    (timer,) = [unit for unit in healing.plan(one).units if unit.name == "edgefleet-renew.timer"]
    assert timer.text == next(u for u in healing.plan(one).units if u.name == timer.name).text
    turns = set()
    for number in range(50):
        step = healing.plan(target(CASE, name=f"shop-{number}"))
        (script,) = [file.content.decode() for file in step.files if file.path == healing.SCRIPT]
        (unit,) = [unit.text for unit in step.units if unit.name == timer.name]
        days = int(re.findall(r"^renew_after=(\d+)", script, re.MULTILINE)[0])
        hour = int(re.findall(r"OnCalendar=\*-\*-\* (\d\d):", unit)[0])
        assert healing.RENEWED_AFTER <= days < healing.RENEWED_AFTER + healing.SPREAD
        assert 1 <= hour < 5
        turns.add((days, unit))
    assert len(turns) > 40


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(machine: Machine) -> None:
    done = subprocess.run(
        ["shellcheck", "--shell=sh", str(machine.script)], capture_output=True, text=True, check=False
    )
    assert "" == done.stdout


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt-get install systemd"
)
def test_systemd_takes_the_units(target: Targets, tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing wrong; a stand-in takes the place of the script."""
    script = tmp_path / "heal"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    paths = []
    for unit in healing.plan(target(CASE)).units:
        path = tmp_path / unit.name
        path.write_text(unit.text.replace(healing.SCRIPT, str(script)))
        paths.append(str(path))
    done = subprocess.run(
        ["systemd-analyze", "verify", *paths],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        timeout=60,
    )
    assert 0 == done.returncode, done.stderr
