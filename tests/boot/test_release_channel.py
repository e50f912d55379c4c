"""Step `release_channel`: the program runs for real, against a gateway that asks for certificates."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.boot.release_channel_lab import RELEASE_KEY, ROOT, Lab, Node, app, on_image, released, small

from edgefleet.boot import release_channel
from edgefleet.images.script import build
from edgefleet.model.firstboot import File

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to root"),
]


@pytest.fixture
def lab(target: Targets, tmp_path: Path) -> Iterator[Lab]:
    """A node that runs image 1, whose channel has published nothing but the delegation."""
    with on_image(target, tmp_path) as made:
        yield made


def test_a_release_arrives(lab: Lab) -> None:
    """The node then has the files of an image with that release; a file of others stays."""
    (lab.node.root / "etc/foreign.conf").write_text("theirs\n")
    boot = lab.publish(1, app("two"), File.text("/opt/till/new.conf", "new\n", mode=0o640))
    done = lab.node.run()
    assert 0 == done.returncode, done.stderr
    assert "healthy" == lab.said[0]
    assert not (lab.node.root / "etc/old.conf").exists()
    assert "theirs\n" == (lab.node.root / "etc/foreign.conf").read_text()
    (lab.node.root / "etc/foreign.conf").unlink()
    fresh = Node(lab.node.place / "fresh")
    fresh.write(boot)
    assert fresh.tree() == lab.node.tree()


def test_a_poll_without_news_is_one_conditional_request(lab: Lab) -> None:
    """Of less than 1 KB with its answer, and nothing is written."""
    lab.publish(1, app("two"))
    assert 0 == lab.node.run().returncode
    lab.gateway.asked.clear()
    before, lab.gateway.traffic = lab.node.tree(), 0
    assert 0 == lab.node.run().returncode
    assert [("GET pointer", "", 304)] == lab.gateway.asked
    assert lab.gateway.traffic < 1024
    assert before == lab.node.tree()


def test_a_download_that_is_cut_is_resumed(lab: Lab) -> None:
    """From where it ended, in a file that has the name of its digest."""
    lab.publish(1, app("two"))
    (path,) = [path for path in lab.gateway.objects if path.startswith("release/")]
    lab.gateway.behaviour[path] = "cut"
    assert 0 != lab.node.run().returncode
    assert "fetching" == lab.said[0]
    (part,) = (lab.node.root / "var/lib/edgefleet/channel").glob("*.part")
    assert part.stat().st_size == len(lab.gateway.objects[path]) // 2
    lab.gateway.behaviour.clear()
    assert 0 == lab.node.run().returncode
    assert (f"GET {path}", f"bytes={len(lab.gateway.objects[path]) // 2}-", 206) in lab.gateway.asked
    assert "healthy" == lab.said[0]


REFUSED: dict[str, Callable[[Lab], object]] = {
    "of a key that nobody delegated": lambda lab: lab.publish(1, app("x"), by=7),
    "of the root key": lambda lab: lab.publish(1, app("x"), by=ROOT),
    "of a key whose delegation has ended": lambda lab: (
        lab.delegate(RELEASE_KEY, version=2, days=-1),
        lab.publish(1, app("x")),
    ),
    "under a delegation of no root": lambda lab: (
        lab.delegate(7, version=2, by=7),
        lab.publish(1, app("x"), by=7),
    ),
    "under a delegation of another fleet": lambda lab: (
        lab.delegate(RELEASE_KEY, version=2, fleet="others"),
        lab.publish(1, app("x")),
    ),
    "of another site": lambda lab: lab.publish(
        1, app("x"), addressee=replace(lab.addressee(), site="hamburg")
    ),
    "of another region": lambda lab: lab.publish(
        1, app("x"), addressee=replace(lab.addressee(), region="us")
    ),
    "of another fleet": lambda lab: lab.publish(1, app("x"), addressee=replace(lab.addressee(), fleet="x")),
    "of another generation": lambda lab: lab.publish(
        1, app("x"), addressee=replace(lab.addressee(), generation=2)
    ),
    "that has expired": lambda lab: lab.publish(1, app("x"), not_before=lab.now - 200, expires=lab.now - 100),
    "that is a delegation": lambda lab: (
        lab.publish(1, app("x")),
        lab.gateway.objects.update(pointer=lab.gateway.objects["delegation"]),
    ),
    "with a line more": lambda lab: (
        lab.publish(1, app("x")),
        lab.gateway.objects.update(pointer=lab.gateway.objects["pointer"] + b"\n"),
    ),
    "with another bundle in its place": lambda lab: (
        lab.publish(1, app("x")),
        lab.gateway.objects.update(
            {path: data[:-1] + b"!" for path, data in lab.gateway.objects.items() if "release/" in path}
        ),
    ),
    "with a signature that is altered": lambda lab: (
        lab.publish(1, app("x")),
        lab.gateway.objects.update(pointer=lab.gateway.objects["pointer"].replace(b'"sig":"M', b'"sig":"N')),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_signed_for_this_node_is_refused(lab: Lab, what: str) -> None:
    """Before anything is replaced, and reported; it is never shown as the wanted release."""
    before = lab.node.tree()
    REFUSED[what](lab)
    assert 0 != lab.node.run().returncode
    assert before == lab.node.tree()
    state, reason = lab.said
    assert ("current", True) == (state, "refused: " in reason), lab.said
    assert not (lab.node.root / "var/lib/edgefleet/channel/current").exists() or "digest" in reason
    assert 0 == lab.gateway.statuses[-1]["sequence"]
    assert ("" == lab.gateway.statuses[-1]["pointer"]) is ("digest" not in reason)


def test_an_endless_answer_is_cut_off(lab: Lab) -> None:
    """At the signed size for a bundle, at 64 KiB for a signed document."""
    lab.publish(1, app("two"))
    (path,) = [path for path in lab.gateway.objects if path.startswith("release/")]
    before = lab.node.tree()
    for place in ("pointer", "delegation", path):
        lab.gateway.behaviour = {place: "endless"}
        assert 0 != lab.node.run().returncode
        kept = [file.stat().st_size for file in (lab.node.root / "var").rglob("*") if file.is_file()]
        assert max(kept) <= max(65536, len(lab.gateway.objects[path]) + 1024)
    assert before == lab.node.tree()
    lab.gateway.behaviour.clear()
    assert 0 == lab.node.run().returncode


def test_an_answer_that_leads_elsewhere_is_not_followed(lab: Lab) -> None:
    """Neither for a pointer nor for a bundle."""
    lab.publish(1, app("two"))
    before = lab.node.tree()
    (path,) = [path for path in lab.gateway.objects if path.startswith("release/")]
    for place in ("pointer", "delegation", path):
        lab.gateway.behaviour = {place: "elsewhere"}
        lab.node.run()
        assert before == lab.node.tree()


def test_nothing_older_is_taken(lab: Lab) -> None:
    """A lower sequence, another pointer of the same one, an older delegation, what is below the floor."""
    assert 0 == (lab.publish(5, app("five")), lab.node.run())[1].returncode
    five = lab.node.release
    lab.publish(4, app("four"))
    lab.node.run()
    assert ("healthy", "refused: the pointer has sequence 4, and 5 is known") == lab.said
    assert 5 == lab.gateway.statuses[-1]["sequence"]
    lab.publish(5, app("other five"))
    lab.node.run()
    assert "two pointers have sequence 5" in lab.said[1]
    lab.delegate(RELEASE_KEY, 8, version=3)
    lab.publish(6, app("six"), by=8)
    assert 0 == lab.node.run().returncode
    assert five != lab.node.release
    lab.delegate(RELEASE_KEY, version=2)
    lab.publish(7, app("seven"))
    lab.node.run()
    assert "the delegation has version 2, and version 3 is known" in lab.said[1]
    assert "six\n" == (lab.node.root / "etc/app.conf").read_text()


def test_the_clock_may_be_wrong_by_years(lab: Lab) -> None:
    """In 1970 the latest signed time counts: an expired pointer stays expired, a valid one is taken."""
    lab.publish(1, app("one and a half"), expires=lab.now + 100)
    assert 0 == lab.node.run().returncode
    lab.now += 3600
    lab.publish(2, app("two"))
    lab.node.stand_in("date", 'case "$*" in *%s*) echo 3600 ;; *) echo "1 00 00" ;; esac')
    assert 0 == lab.node.run().returncode
    assert "healthy" == lab.said[0]
    lab.publish(3, app("three"), not_before=lab.now - 3600, expires=lab.now - 100, issued=lab.now - 3600)
    assert 0 != lab.node.run().returncode
    assert "refused: the pointer 3 has expired" == lab.said[1]
    assert "two\n" == (lab.node.root / "etc/app.conf").read_text()


def test_it_waits_for_its_time_and_its_window(lab: Lab) -> None:
    """All is fetched before; the window is of the site's zone and may begin the day before."""
    lab.publish(1, app("two"), not_before=lab.now + 3600)
    assert 0 == lab.node.run().returncode
    assert ("waiting", "the release may not begin yet") == lab.said
    script = lab.node.root / release_channel.SCRIPT[1:]
    script.write_text(script.read_text().replace("window=''", "window='6 1380 120'"))
    lab.publish(2, app("two"))
    for day, hour, state in (("6", "22", "waiting"), ("7", "01", "waiting"), ("7", "00", "healthy")):
        lab.node.stand_in(
            "date", f'case "$*" in *%u*) echo "{day} {hour} 08" ;; *) exec /bin/date "$@" ;; esac'
        )
        assert 0 == lab.node.run().returncode
        assert state == lab.said[0], lab.said


def test_a_sick_release_goes_back_once(lab: Lab) -> None:
    """It is not tried again; the next one is."""
    lab.publish(1, app("two"))
    assert 0 == lab.node.run().returncode
    two = lab.node.tree()
    lab.publish(2, app("sick"), File.text("/etc/more.conf", "more\n"))
    assert 0 == lab.node.run().returncode
    assert ("rolled-back", True) == (lab.said[0], "not healthy in time" in lab.said[1]), lab.said
    assert two == lab.node.tree()
    assert "rolled-back" in (lab.node.root / "var/lib/edgefleet/problems/channel").read_text()
    fetched = len(lab.gateway.asked)
    assert 0 == lab.node.run().returncode
    assert fetched + 1 == len(lab.gateway.asked)
    assert two == lab.node.tree()
    lab.publish(3, app("three"))
    assert 0 == lab.node.run().returncode
    assert "healthy" == lab.said[0]
    assert not (lab.node.root / "var/lib/edgefleet/problems/channel").exists()


def test_the_first_release_goes_back_to_the_image(lab: Lab) -> None:
    """With all that it wrote; below the floor there is no way back."""
    before = lab.node.tree()
    lab.publish(1, app("sick"), File.text("/etc/more.conf", "more\n"))
    assert 0 == lab.node.run().returncode
    assert ("rolled-back", before) == (lab.said[0], lab.node.tree())
    lab.publish(9, app("sick too"), floor=9)
    lab.node.run()
    assert ("failed", "unhealthy: as app.conf has it") == lab.said
    assert "sick too\n" == (lab.node.root / "etc/app.conf").read_text()


HOSTILE: dict[str, dict[str, bytes]] = {
    "/boot/config.txt": {},
    "/etc/../root/x": {},
    "/etc/x//y": {},
    "/var/lib/edgefleet/channel/pointer": {},
    "/etc/link/x": {},
    "/etc/open/x": {},
    "/etc/x 4755": {"old": b" 0644 root:root /etc/app.conf", "new": b" 4755 root:root /etc/app.conf"},
    "enable ../x.service": {"old": b"timezone ", "new": b"enable ../x.service\ntimezone "},
    "enable a/b.service": {"old": b"timezone ", "new": b"enable a/b.service\ntimezone "},
    "shell x": {"old": b"timezone ", "new": b"shell x\ntimezone "},
    "a head of another version": {"old": b"edgefleet-plan 1", "new": b"edgefleet-plan 2"},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_plan_is_refused_before_anything_is_written(lab: Lab, what: str) -> None:
    """Although it is signed: a path outside of the folders, behind a link, a mode, a unit that is a path."""
    root = lab.node.root
    (root / "etc/link").symlink_to(root / "root")
    (root / "etc/open").mkdir()
    (root / "etc/open").chmod(0o777)
    edit = HOSTILE[what]
    boot = small(lab.target, app("x"), *(() if edit else (File.text(what, "x\n"),)))
    if edit:
        assert any(edit["old"] in file.content for file in boot.files if file.path == release_channel.MANAGED)
        boot = replace(
            boot,
            files=tuple(
                replace(file, content=file.content.replace(edit["old"], edit["new"], 1))
                if file.path == release_channel.MANAGED
                else file
                for file in boot.files
            ),
        )
    whole, part = released(boot)
    lab.point(lab.upload(whole, part), 1)
    before = lab.node.tree()
    assert 0 != lab.node.run().returncode
    assert ("current", True) == (lab.said[0], "refused: the " in lab.said[1]), lab.said
    assert before == lab.node.tree()


def test_a_full_disk_changes_nothing(lab: Lab) -> None:
    """The release is not begun, and the node reports it."""
    lab.publish(1, app("two"))
    before = lab.node.tree()
    assert 0 != lab.node.run(EDGEFLEET_RESERVE=str(2**40)).returncode
    assert ("waiting", True) == (lab.said[0], lab.said[1].startswith("the disk has no room")), lab.said
    assert before == lab.node.tree()
    assert 0 == lab.node.run().returncode


@pytest.mark.parametrize("every", [25, pytest.param(1, marks=pytest.mark.faults)])
@pytest.mark.parametrize("text", ["two", "sick"])
def test_a_power_cut_at_any_command_is_completed(lab: Lab, every: int, text: str) -> None:
    """The next runs end where a run without a cut does; a sick release is back on the image."""
    lab.publish(1, app(text), File.text("/etc/more.conf", "more\n"))
    start = lab.node.place / "start"
    subprocess.run(["cp", "-a", lab.node.root, start], check=True)
    assert 0 == lab.node.run().returncode
    wanted = lab.node.tree()
    lab.node.cut()
    for step in range(1, 2000, every):
        shutil.rmtree(lab.node.root)
        subprocess.run(["cp", "-a", start, lab.node.root], check=True)
        cut = lab.node.run(CUT_AT=str(step))
        if cut.returncode == 0:
            break
        lab.node.run("resume")
        lab.node.run()
        done = lab.node.run()
        assert 0 == done.returncode, f"cut at {step}: {done.stderr}"
        assert wanted == lab.node.tree(), f"cut at {step}: {lab.said}"
    assert step > 60


def test_a_release_leaves_what_only_an_image_of_the_format_script_writes(
    target: Targets, tmp_path: Path
) -> None:
    """The name, administrators, host keys: its record has them, and no release does."""
    with on_image(target, tmp_path) as lab:
        image, _ = released(small(lab.target, app("two")))
        image = replace(image, ssh_host_keys={"ed25519": ("PRIVATE\n", "ssh-ed25519 AAAA\n")})
        script = tmp_path / "n1.sh"
        script.write_bytes(build(image).data)
        (lab.node.root / "etc/hostname").write_text("as-delivered\n")
        (lab.node.root / "sys/class/net/eth0").mkdir(parents=True)
        (lab.node.root / "sys/class/net/eth0/address").write_text(f"{image.network.mac}\n")
        places = {"PLACE": str(lab.node.place), "EDGEFLEET_PREFIX": str(lab.node.root)}
        paths = f"{lab.node.place / 'bin'}:/usr/bin:/bin:/usr/sbin"
        ran = subprocess.run(["dash", str(script)], env={"PATH": paths, **places}, check=False)
        assert 0 == ran.returncode
        assert "n1\n" == (lab.node.root / "etc/hostname").read_text()
        own = {"etc/hostname", "etc/ssh/ssh_host_ed25519_key", "etc/edgefleet/instance-id"}
        before = {path: lab.node.tree()[path] for path in own}
        lab.publish(1, app("three"))
        assert 0 == lab.node.run().returncode
        assert b"three\n" == lab.node.tree()["etc/app.conf"][1]
        assert before == {path: lab.node.tree().get(path) for path in own}
