"""Step `payload`, and what brings k3s from it: both scripts are run for real, with stand-ins for programs."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.boot.test_healing import cutter

from edgefleet.boot import payload, runtime_install
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.medium import PayloadFile
from edgefleet.runtimes.base import k3s

CASE = "recipe-1/server-static"
K3S = b"#!/bin/sh\n# a stand-in for k3s\n" + b"# " + b"x" * 5_000 + b"\n"
SHIM, ARCHIVE = b"#!/bin/sh\n# a stand-in for a shim\n", b"a stand-in for an archive of images"
OLD = b"#!/bin/sh\n# the k3s that was here before\n"
MODEL = f"models/{1:064d}"
CONTENT = {
    "bin/k3s": K3S,
    "bin/containerd-shim-wasmtime-v1": SHIM,
    "extensions/nvidia.raw": b"a stand-in for a system extension",
    MODEL: b"a stand-in for a model",
    "images/k3s-airgap-images-amd64.tar.zst": ARCHIVE,
}
STAND_INS = {
    "systemctl": 'echo "$*" >>"$EDGEFLEET_PREFIX/asked"',
    "findmnt": "echo /dev/vda1",
    "lsblk": 'case $* in *PKNAME*) echo vda ;; *) cat "$EDGEFLEET_PREFIX/partitions" 2>/dev/null ;; esac',
    "mount": '[ "$1 $2 $3 $4" = "-t squashfs -o ro,nosuid,nodev,noexec" ] && cp -a "$5.content/." "$6"',
    "mountpoint": '[ -n "$(ls "$2" 2>/dev/null)" ]',
}
"""dict[program that only a node has -> its stand-in]; a file system is a directory beside its device."""


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def air_gapped(target: Targets) -> Target:
    """A server whose medium carries `CONTENT`."""
    one = target(CASE, airgap=True)
    files = tuple(
        PayloadFile(path=path, digest=f"sha256:{digest(data)}", size=len(data))
        for path, data in CONTENT.items()
    )
    node = replace(one.node, payload=files)
    k3s = replace(one.site.k3s, sha256={})
    return replace(one, site=replace(one.site, k3s=k3s, nodes={one.name: node}))


@dataclass
class Machine:
    """A folder in the place of a node's root."""

    root: Path
    programs: Path

    def put(self, *files: File) -> None:
        """Write a step's files as a first boot does."""
        for file in files:
            path = self.root / file.path[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)

    def medium(
        self, changed: dict[str, bytes] | None = None, place: str = "boot/firmware/edgefleet-payload"
    ) -> Path:
        """A medium with the payload, some files of it changed."""
        folder = self.root / place
        for path, data in CONTENT.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        for path, data in (changed or {}).items():
            (folder / path).write_bytes(data)
        return folder

    def stick(self, changed: dict[str, bytes] | None = None) -> Path:
        """A second medium whose partition has the payload's label."""
        label = self.root / "dev/disk/by-partlabel/EDGEFLEET-PL"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text("")
        return self.medium(changed, "dev/disk/by-partlabel/EDGEFLEET-PL.content")

    def own_partition(self) -> Path:
        """A partition with the payload on the disk that the system is on."""
        device = self.root / "dev/vda3"
        device.parent.mkdir(parents=True, exist_ok=True)
        (self.root / "partitions").write_text(f"{self.root}/dev/vda1 \n{device} EDGEFLEET-PL\n")
        return self.medium(place="dev/vda3.content")

    def restart(self) -> subprocess.CompletedProcess[str]:
        """The next start of the node: nothing is mounted, and both scripts run."""
        shutil.rmtree(self.root / "run", ignore_errors=True)
        done = self.run(payload.SCRIPT)
        self.run(k3s.SCRIPT)
        return done

    def run(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a script with this folder for the root."""
        environment = {
            "PATH": f"{more.pop('cutting', '')}:{self.programs}:/usr/bin:/bin".lstrip(":"),
            "EDGEFLEET_PREFIX": str(self.root),
            "EDGEFLEET_WAIT_SECONDS": "0",
            "EDGEFLEET_RETRY_SECONDS": "0",
            "EDGEFLEET_ATTEMPTS": "1",
            **more,
        }
        return subprocess.run(
            [shutil.which("dash") or "/bin/sh", str(self.root / script[1:])],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            start_new_session=True,
        )

    def problem(self, name: str) -> str:
        """The sentence for people, if there is one."""
        path = self.root / "var/lib/edgefleet/problems" / name
        return path.read_text() if path.exists() else ""

    @property
    def archive(self) -> Path:
        """Where k3s finds the archive."""
        return self.root / "var/lib/rancher/k3s/agent/images/k3s-airgap-images-amd64.tar.zst"

    @property
    def binaries(self) -> Path:
        """Where programs are."""
        return self.root / "usr/local/bin"


@pytest.fixture
def machine(target: Targets, tmp_path: Path) -> Machine:
    """An air-gapped node with the scripts of both steps."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in STAND_INS.items():
        (programs / name).write_text(f"#!/bin/sh\n# a stand-in\n{text}\n")
        (programs / name).chmod(0o755)
    made = Machine(root=tmp_path / "root", programs=programs)
    one = air_gapped(target)
    made.put(*payload.plan(one).files, *runtime_install.plan(one).files)
    return made


def test_what_the_medium_carries_is_put_where_k3s_looks(machine: Machine) -> None:
    """And again at the next boot, when the medium is gone."""
    folder = machine.medium()
    for _ in range(2):
        done = machine.run(payload.SCRIPT)
        assert 0 == done.returncode, done.stderr
        assert 0 == machine.run(k3s.SCRIPT).returncode
        assert ARCHIVE == machine.archive.read_bytes()
        assert (SHIM, K3S) == (
            (machine.binaries / "containerd-shim-wasmtime-v1").read_bytes(),
            (machine.binaries / "k3s").read_bytes(),
        )
        assert b"a stand-in for a model" == (machine.root / "var/lib/edgefleet" / MODEL).read_bytes()
        assert not machine.archive.is_symlink()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(machine.root / "run", ignore_errors=True)
    assert "" == machine.problem("payload") + machine.problem("k3s")
    assert "restart --no-block k3s.service\n" == (machine.root / "asked").read_text()


def test_a_payload_on_the_systems_own_disk_is_not_copied(machine: Machine) -> None:
    """It is always there, and there may be no room for it twice; its partition is found by its disk."""
    machine.own_partition()
    for _ in range(2):
        done = machine.restart()
        assert 0 == done.returncode, done.stderr
        assert (
            machine.root / "run/edgefleet/own-payload/images" / machine.archive.name
            == machine.archive.readlink()
        )
        assert (ARCHIVE, K3S) == (machine.archive.read_bytes(), (machine.binaries / "k3s").read_bytes())


def test_what_an_installer_copied_is_not_copied_again(machine: Machine) -> None:
    """It is on the system's own disk."""
    place = machine.medium(place="var/lib/edgefleet/medium")
    (machine.programs / "mountpoint").write_text("#!/bin/sh\nexit 1\n")
    for _ in range(2):
        done = machine.restart()
        assert 0 == done.returncode, done.stderr
        assert place / "images" / machine.archive.name == machine.archive.readlink()
    assert ARCHIVE == machine.archive.read_bytes()


def test_a_partition_by_its_name_is_mounted_to_read(machine: Machine) -> None:
    """A second medium: a squashfs only, from which nothing runs; its archives are copied."""
    machine.stick()
    done = machine.restart()
    assert 0 == done.returncode, done.stderr
    assert not machine.archive.is_symlink()
    assert (ARCHIVE, K3S) == (machine.archive.read_bytes(), (machine.binaries / "k3s").read_bytes())


@pytest.mark.parametrize("has_own", [True, False], ids=["own-disk", "second-medium"])
def test_a_stick_with_the_right_label_later_changes_nothing(machine: Machine, *, has_own: bool) -> None:
    """What is complete is never replaced, and a link never leads to another disk."""
    first = machine.own_partition() if has_own else machine.stick()
    assert 0 == machine.restart().returncode
    if not has_own:
        shutil.rmtree(first)
    machine.stick(dict.fromkeys(CONTENT, OLD))
    done = machine.restart()
    assert 0 == done.returncode, done.stderr
    assert ARCHIVE == machine.archive.read_bytes()
    assert (SHIM, K3S) == (
        (machine.binaries / "containerd-shim-wasmtime-v1").read_bytes(),
        (machine.binaries / "k3s").read_bytes(),
    )


def test_without_its_medium_it_says_one_clear_sentence_and_fetches_nothing(machine: Machine) -> None:
    """In the journal and for people; there is no program that could fetch in reach of it."""
    done = machine.run(payload.SCRIPT)
    assert 1 == done.returncode
    assert "No payload was found" in done.stderr
    assert 1 == machine.problem("payload").count("\n")
    assert "Attach the medium" in machine.problem("payload")
    done = machine.run(k3s.SCRIPT, EDGEFLEET_ATTEMPTS="0")
    assert 1 == done.returncode
    assert "the node downloads nothing" in machine.problem("k3s")
    assert not (machine.binaries / "k3s").exists()


def is_in_place(machine: Machine, path: str) -> bool:
    """Whether the node has a file of the payload."""
    return (machine.archive if path.startswith("images/") else machine.binaries / Path(path).name).exists()


@pytest.mark.parametrize("path", sorted(CONTENT))
@pytest.mark.parametrize("data", [b"something else", None], ids=["exchanged", "truncated"])
def test_a_file_that_the_seed_does_not_list_is_not_used(
    machine: Machine, path: str, data: bytes | None
) -> None:
    """Whatever the medium states: a list beside the files that matches them is ignored."""
    folder = machine.medium({path: CONTENT[path][:-1] if data is None else data})
    sums = "".join(f"{digest((folder / name).read_bytes())}  {name}\n" for name in CONTENT)
    (folder / "SHA256SUMS").write_text(sums)
    assert 1 == machine.restart().returncode
    assert f"{path} in the payload does not match its digest" in machine.problem("payload")
    assert not is_in_place(machine, path)


@pytest.mark.parametrize("path", sorted(CONTENT))
@pytest.mark.parametrize("is_folder", [True, False], ids=["directory", "file"])
def test_a_link_on_the_medium_is_not_followed(machine: Machine, path: str, *, is_folder: bool) -> None:
    """Neither a file's nor its directory's, even to the right bytes: a link may lead to any device."""
    folder = machine.medium()
    link = (folder / path).parent if is_folder else folder / path
    link.rename(machine.root / "elsewhere")
    link.symlink_to(machine.root / "elsewhere")
    assert 1 == machine.restart().returncode
    assert "in the payload is a link" in machine.problem("payload")
    assert not is_in_place(machine, path)


def test_a_medium_that_gives_other_bytes_at_the_second_reading_is_refused(machine: Machine) -> None:
    """The copy is verified, not the medium before it is copied."""
    machine.medium()
    reads = machine.programs / "head"
    reads.write_text('#!/bin/sh\ncase $*/ in *.tar*) echo other ;; *) exec /usr/bin/head "$@" ;; esac\n')
    reads.chmod(0o755)
    assert 1 == machine.run(payload.SCRIPT).returncode
    assert "does not match its digest" in machine.problem("payload")
    assert not machine.archive.exists()
    assert [] == list(machine.archive.parent.glob(".*"))


@pytest.mark.parametrize("path", CONTENT)
def test_a_medium_that_is_removed_in_the_middle_is_reported(machine: Machine, path: str) -> None:
    """The reader fails after some bytes; nothing of them is used, and the next start continues."""
    machine.medium()
    reads = machine.programs / "head"
    reads.write_text(
        f'#!/bin/sh\ncase $* in *{path}) echo some; exit 1 ;; *) exec /usr/bin/head "$@" ;; esac\n'
    )
    reads.chmod(0o755)
    assert 1 == machine.run(payload.SCRIPT).returncode
    assert f"{path} of the payload could not be copied" in machine.problem("payload")
    assert not is_in_place(machine, path)
    assert [] == [*machine.archive.parent.glob(".*"), *machine.binaries.glob("*.new")]
    reads.unlink()
    assert (0, "") == (machine.restart().returncode, machine.problem("payload"))


def test_an_archive_is_recorded_for_its_present_digest_only(machine: Machine) -> None:
    """A seed that goes back to an earlier archive gets that one, not the newer with the earlier record."""
    machine.medium()
    listed = machine.root / payload.LIST[1:]
    before = listed.read_text()
    assert 0 == machine.restart().returncode
    newer = ARCHIVE[::-1]
    machine.medium({"images/k3s-airgap-images-amd64.tar.zst": newer})
    for text, data in ((before.replace(digest(ARCHIVE), digest(newer)), newer), (before, ARCHIVE)):
        listed.write_text(text)
        machine.medium({"images/k3s-airgap-images-amd64.tar.zst": data})
        assert 0 == machine.restart().returncode
        assert data == machine.archive.read_bytes()


def unlisted(machine: Machine) -> tuple[Path, Path]:
    """The model and the archive, which the next list does not have."""
    machine.medium()
    assert 0 == machine.restart().returncode
    listed = machine.root / payload.LIST[1:]
    lines = listed.read_text().splitlines()
    listed.write_text("".join(f"{line}\n" for line in lines if not line.endswith((MODEL, ".tar.zst"))))
    (machine.archive.parent / "own.tar").write_bytes(ARCHIVE)
    return machine.root / "var/lib/edgefleet" / MODEL, machine.archive


def test_models_and_archives_that_left_are_removed(machine: Machine) -> None:
    """Not an archive that somebody else put there, and nothing else."""
    left = unlisted(machine)
    assert all(path.exists() for path in left)
    assert 0 == machine.restart().returncode
    assert not any(path.exists() for path in left)
    assert (machine.archive.parent / "own.tar").exists()
    assert (machine.root / "var/lib/extensions/nvidia.raw").exists()
    assert "" == (machine.root / "var/lib/edgefleet/payload/verified").read_text()


def test_what_left_makes_room(machine: Machine) -> None:
    """Before a copy would not fit; otherwise only what is complete ends what was there."""
    model, _ = unlisted(machine)
    (machine.binaries / "containerd-shim-wasmtime-v1").unlink()
    state = machine.programs / "stat"
    fits = f'[ -e "{model}" ] && echo "16 * 4096" || echo "65536 * 4096"'
    state.write_text(f'#!/bin/sh\n[ "$1" = -f ] || exec /usr/bin/stat "$@"\n{fits}\n')
    state.chmod(0o755)
    assert (0, "") == (machine.restart().returncode, machine.problem("payload"))
    assert not model.exists()


def test_a_disk_that_is_nearly_full_is_not_filled(machine: Machine) -> None:
    machine.medium()
    state = machine.programs / "stat"
    state.write_text('#!/bin/sh\n[ "$1" = -f ] || exec /usr/bin/stat "$@"\necho "16 * 4096"\n')
    state.chmod(0o755)
    assert 1 == machine.run(payload.SCRIPT).returncode
    assert "does not fit: the disk of this node has 64 KiB free" in machine.problem("payload")


def test_a_program_that_is_missing_on_the_medium_is_named(machine: Machine) -> None:
    (machine.medium() / "bin/k3s").unlink()
    assert 1 == machine.run(payload.SCRIPT).returncode
    assert machine.problem("payload").startswith("bin/k3s is not in the payload")


def test_the_k3s_before_is_kept_and_k3s_is_started_anew(machine: Machine) -> None:
    """There is something to go back to."""
    machine.binaries.mkdir(parents=True)
    (machine.binaries / "k3s").write_bytes(OLD)
    (machine.binaries / "k3s").chmod(0o755)
    machine.medium()
    assert 0 == machine.run(payload.SCRIPT).returncode
    assert 0 == machine.run(k3s.SCRIPT).returncode
    assert (K3S, OLD) == (
        (machine.binaries / "k3s").read_bytes(),
        (machine.binaries / "k3s.previous").read_bytes(),
    )


def test_a_power_cut_at_any_step_leaves_a_whole_k3s(machine: Machine, tmp_path: Path) -> None:
    """At each moment there is one; the next boot ends with the new one, and the old beside it."""
    cutting = str(cutter(tmp_path / "cutting"))
    machine.binaries.mkdir(parents=True)
    (machine.binaries / "k3s").write_bytes(OLD)
    (machine.binaries / "k3s").chmod(0o755)
    machine.medium()
    assert 0 == machine.run(payload.SCRIPT).returncode
    shutil.copytree(machine.root, tmp_path / "before", symlinks=True)
    count, step = tmp_path / "count", 0
    while True:
        step += 1
        count.write_text("0")
        cut = machine.run(k3s.SCRIPT, cutting=cutting, CUT_AT=str(step), CUT_COUNT=str(count))
        assert (machine.binaries / "k3s").read_bytes() in {OLD, K3S}, f"cut at step {step}"
        assert 0 == machine.run(k3s.SCRIPT).returncode
        assert K3S == (machine.binaries / "k3s").read_bytes()
        assert OLD == (machine.binaries / "k3s.previous").read_bytes(), f"cut at step {step}"
        if cut.returncode == 0:
            break
        shutil.rmtree(machine.root)
        shutil.copytree(tmp_path / "before", machine.root, symlinks=True)
    assert step > 5


def test_a_configuration_that_is_new_starts_k3s_anew_with_the_binary_that_is_here(machine: Machine) -> None:
    machine.medium()
    machine.run(payload.SCRIPT)
    machine.run(k3s.SCRIPT)
    (machine.root / "asked").unlink()
    machine.run(k3s.SCRIPT)
    assert not (machine.root / "asked").exists()
    pending = machine.root / "var/lib/edgefleet/configurations/pending"
    pending.parent.mkdir(parents=True)
    pending.write_text("")
    machine.run(k3s.SCRIPT)
    assert "restart --no-block k3s.service\n" == (machine.root / "asked").read_text()


def test_with_a_lock_only_the_locked_k3s_is_right(machine: Machine) -> None:
    """Not even one with which this configuration was healthy; without the medium it is missing."""
    machine.binaries.mkdir(parents=True)
    (machine.binaries / "k3s").write_bytes(OLD)
    (machine.binaries / "k3s").chmod(0o755)
    mark = machine.root / "var/lib/edgefleet/configurations/current/healthy"
    mark.parent.mkdir(parents=True)
    mark.write_text(f"{digest(OLD)}\n")
    assert 1 == machine.run(k3s.SCRIPT).returncode
    assert "is not on a medium of this node" in machine.problem("k3s")
    machine.stick()
    done = machine.restart()
    assert 0 == done.returncode, done.stderr
    assert (K3S, "") == ((machine.binaries / "k3s").read_bytes(), machine.problem("k3s"))


def test_a_site_with_a_link_carries_nothing(target: Targets) -> None:
    assert Step() == payload.plan(target(CASE))


def test_k3s_waits_for_no_link(target: Targets) -> None:
    """Nothing that needs it is ordered before k3s, and no k3s at all is no failure."""
    for node, name in (("srv", "k3s.service"), ("cam", "k3s-agent.service")):
        one = target("server-and-agent", node)
        step = runtime_install.plan(one)
        installer, unit = step.units
        assert (k3s.INSTALLER, name) == (installer.name, unit.name)
        assert "network-online" not in unit.text
        assert k3s.INSTALLER not in unit.text
        assert "RuntimeMaxSec" not in unit.text
        assert "ConditionFileIsExecutable=/usr/local/bin/k3s\n" in unit.text
        script, *waiters = step.files
        assert k3s.SCRIPT == script.path
        assert 2 == len(waiters)
        for file in waiters:
            assert "-wait-online.service.d/" in file.path
            assert "TimeoutStartSec=30s\n" in file.content.decode()
        assert "Before=" not in installer.text
        assert f"unit={name}\n" in script.content.decode()


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
@pytest.mark.parametrize("script", [payload.SCRIPT, k3s.SCRIPT])
def test_shellcheck_finds_nothing(machine: Machine, script: str) -> None:
    path = machine.root / script[1:]
    done = subprocess.run(
        ["shellcheck", "--shell=sh", str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert "" == done.stdout


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt-get install systemd"
)
def test_systemd_takes_the_units(target: Targets, tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing wrong; a stand-in takes the place of the programs they run."""
    one = air_gapped(target)
    steps: list[Callable[[Target], Step]] = [payload.plan, runtime_install.plan]
    program, paths = tmp_path / "program", []
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in (unit for plan in steps for unit in plan(one).units):
        text = unit.text
        for path in ("/usr/local/bin/k3s", "/sbin/modprobe", k3s.SCRIPT, payload.SCRIPT):
            text = text.replace(path, str(program))
        (tmp_path / unit.name).write_text(text)
        paths.append(str(tmp_path / unit.name))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert [] == [line for line in done.stderr.splitlines() if "k3s" in line or "edgefleet" in line]
