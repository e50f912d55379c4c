"""The program of the channel on a bad day: slow answers, a full or read-only disk, a wrong clock, cuts."""

import hashlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.boot.release_channel_lab import Lab, app, on_image, released, small

from edgefleet.boot import release_channel
from edgefleet.model.firstboot import File

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to root"),
]
STATE = "var/lib/edgefleet/channel"
MOST_MEMORY = 20 * 1024
"""KiB of all its processes at one time."""


@pytest.fixture
def lab(target: Targets, tmp_path: Path) -> Iterator[Lab]:
    """A node that runs image 1."""
    with on_image(target, tmp_path) as made:
        yield made


@contextmanager
def on_a_disk_of_its_own(folder: Path, size: str) -> Iterator[Path]:
    """A folder with what it has, as a file system of this size."""
    kept = folder.with_name(f"{folder.name}.kept")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, kept, symlinks=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_slow_answer_is_given_up(lab: Lab) -> None:
    """It holds the node up for a time that has a bound, and the download goes on later from where it was."""
    lab.publish(1, app("two"))
    (path,) = [path for path in lab.gateway.objects if "release/" in path]
    for slow in ("pointer", path):
        lab.gateway.behaviour = {slow: "slow"}
        before = time.monotonic()
        assert 0 != lab.node.run(EDGEFLEET_SLOW_SECONDS="2").returncode
        assert time.monotonic() - before < 60
    (part,) = (lab.node.root / STATE).glob("*.part")
    assert 0 < part.stat().st_size < len(lab.gateway.objects[path])
    lab.gateway.behaviour.clear()
    assert 0 == lab.node.run().returncode
    assert "healthy" == lab.said[0]


def test_a_full_disk_is_reported_and_changes_nothing(lab: Lab) -> None:
    """Neither at a poll nor in the middle of a download; with room again it goes on."""
    lab.publish(1, app("two"), File.text("/opt/large", "x" * 2_000_000))
    before = lab.node.tree()
    with on_a_disk_of_its_own(lab.node.root / "var/lib/edgefleet", "3m") as disk:
        (disk / "ballast").write_bytes(bytes(2_500_000))
        assert 0 != lab.node.run(EDGEFLEET_RESERVE="0").returncode
        assert ("current", "the disk is full or read-only") == lab.said
        (disk / "ballast").write_bytes(bytes(1_000_000))
        for _ in range(3):
            lab.node.run(EDGEFLEET_RESERVE="0")
            assert before == lab.node.tree()
            assert "failed" != lab.said[0]
        (disk / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        assert 0 == lab.node.run(EDGEFLEET_RESERVE="0").returncode
        assert "healthy" == lab.said[0]


def test_what_cannot_be_written_is_taken_back(lab: Lab) -> None:
    """A file system is full in the middle of the switch: after five runs the node goes back, and says so."""
    with on_a_disk_of_its_own(lab.node.root / "srv", "128k"):
        before = lab.node.tree()
        large = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(5000))
        lab.publish(1, app("two"), File.text("/srv/large", large))
        for _ in range(6):
            assert 0 != lab.node.run().returncode
            assert "applying" == lab.said[0]
        assert 0 == lab.node.run().returncode
        assert ("rolled-back", True) == (lab.said[0], "not applied" in lab.said[1])
        assert before == lab.node.tree()


def test_a_read_only_disk_is_reported(lab: Lab) -> None:
    """By a status, as memory is enough for one; nothing is changed."""
    lab.publish(1, app("two"))
    assert 0 == lab.node.run().returncode
    lab.publish(2, app("three"))
    before = lab.node.tree()
    with on_a_disk_of_its_own(lab.node.root / "var/lib/edgefleet", "16m") as disk:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert 0 != lab.node.run().returncode
        assert ("healthy", "the disk is full or read-only") == lab.said
        assert 1 == lab.gateway.statuses[-1]["sequence"]
        assert before == lab.node.tree()
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert 0 == lab.node.run().returncode
        assert ("healthy", 2) == (lab.said[0], lab.gateway.statuses[-1]["sequence"])


def test_nothing_below_the_floor_of_the_image_is_taken(lab: Lab) -> None:
    """Although it is signed and has not expired."""
    script = lab.node.root / release_channel.SCRIPT[1:]
    script.write_text(script.read_text().replace("\nfloor=0 ", "\nfloor=40 "))
    lab.publish(39, app("old"))
    assert 0 != lab.node.run().returncode
    assert "refused: the pointer has sequence 39, below the floor 40 of the seed" == lab.said[1]
    lab.publish(40, app("new"))
    assert 0 == lab.node.run().returncode
    assert "new\n" == (lab.node.root / "etc/app.conf").read_text()


def test_a_clock_that_is_years_ahead_lasts_as_long_as_it_is_wrong(lab: Lab) -> None:
    """All has expired by it, so nothing changes; nothing of it is kept."""
    lab.publish(1, app("two"))
    lab.node.stand_in("date", 'case "$*" in "+%s") echo 2240000000 ;; *) exec /bin/date "$@" ;; esac')
    assert 0 != lab.node.run().returncode
    assert lab.said[1].startswith("refused: ")
    assert 2240000000 == lab.gateway.statuses[-1]["clock"]
    (lab.node.place / "bin/date").unlink()
    assert 0 == lab.node.run().returncode
    assert "healthy" == lab.said[0]


def with_programs(lab: Lab, sequence: int, program: bytes) -> str:
    """Publish a release that has a k3s and two container images; the digest of the k3s."""
    digest = hashlib.sha256(program).hexdigest()
    lab.gateway.objects["k3s"] = program
    lines = f"program {digest} bin/k3s {lab.gateway.url}/k3s\nimage docker.io/a@x\nimage docker.io/b@x\n"
    boot = small(lab.target, app("two"))
    files = tuple(
        replace(file, content=file.content + lines.encode()) if file.path == release_channel.MANAGED else file
        for file in boot.files
    )
    whole, part = released(replace(boot, files=files))
    lab.point(lab.upload(whole, part), sequence)
    return digest


def test_all_is_fetched_before_anything_is_switched(lab: Lab) -> None:
    """k3s and container images too; the power may go at any command of it."""
    k3s = (
        "#!/bin/sh\n"
        """case "$*" in
  --version) echo "k3s version v1" ;;
  "crictl info") ;;
  "crictl inspecti -q "*) grep -qx "$4" "$PLACE/pulled" ;;
  "crictl pull "*) [ ! -e "$PLACE/no-link" ] && echo "$3" >>"$PLACE/pulled" ;;
  *) exit 1 ;;
esac
"""
    )
    installed = lab.node.root / "usr/local/bin/k3s"
    installed.write_text(k3s)
    installed.chmod(0o755)
    before = lab.node.tree()
    more = {"CURL_CA_BUNDLE": str(lab.node.place / "authority.pem")}
    digest = with_programs(lab, 1, os.urandom(300_000))
    (lab.node.place / "no-link").touch()
    assert 0 != lab.node.run(**more).returncode
    part = lab.node.root / f"usr/local/bin/.k3s-{digest}.part"
    assert digest == hashlib.sha256(part.read_bytes()).hexdigest()
    assert before == {path: of for path, of in lab.node.tree().items() if not path.endswith(".part")}
    part.unlink()
    start = lab.node.place / "start"
    subprocess.run(["cp", "-a", lab.node.root, start], check=True)
    (lab.node.place / "no-link").unlink()
    lab.node.cut()
    wanted = None
    for step in range(1, 400, 40):
        shutil.rmtree(lab.node.root)
        subprocess.run(["cp", "-a", start, lab.node.root], check=True)
        (lab.node.place / "pulled").write_text("")
        lab.node.run(CUT_AT=str(step), **more)
        done = lab.node.run(**more)
        assert 0 == done.returncode, f"cut at {step}: {done.stderr}"
        assert "healthy" == lab.said[0]
        assert ["docker.io/a@x", "docker.io/b@x"] == (lab.node.place / "pulled").read_text().split()
        wanted = wanted or lab.node.tree()
        assert wanted == lab.node.tree()
    assert wanted is not None
    assert part.exists()


def test_a_k3s_that_does_not_run_keeps_no_release_away(lab: Lab) -> None:
    """It pulls its container images when it runs: a release may be what repairs it."""
    with_programs(lab, 1, b"k3s")
    assert 0 == lab.node.run(CURL_CA_BUNDLE=str(lab.node.place / "authority.pem")).returncode
    assert "healthy" == lab.said[0]


def test_it_takes_less_than_20_mb(lab: Lab) -> None:
    """The sum of its processes, shared pages counted once, with a bundle of some megabytes."""
    lab.publish(1, app("two"), File.text("/opt/large", os.urandom(3_000_000).hex()))
    most, ended = [0], threading.Event()

    def measure() -> None:
        while not ended.is_set():
            most.append(sum(map(_proportional, _processes(str(lab.node.root)))))

    watching = threading.Thread(target=measure)
    watching.start()
    done = lab.node.run(EDGEFLEET_RESERVE="0")
    ended.set()
    watching.join()
    assert (0, "healthy") == (done.returncode, lab.said[0])
    assert 1000 < max(most) < MOST_MEMORY


def _processes(root: str) -> list[Path]:
    """Those with this root in their environment."""
    mark, found = f"EDGEFLEET_PREFIX={root}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append(process)
        except OSError:
            continue
    return found


def _proportional(process: Path) -> int:
    """KiB of memory, of shared pages its share."""
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(lab: Lab) -> None:
    """In the program with what it shares with images of the format script."""
    script = lab.node.root / release_channel.SCRIPT[1:]
    done = subprocess.run(["shellcheck", "--shell=sh", script], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stdout)
