"""Step `state_backup`: copies of a real SQLite that is written to meanwhile, by the node's own program."""

import base64
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.boot.conftest import KEY, Targets
from tests.boot.test_heartbeat import BY, HUB
from tests.keys.channel import pair

from edgefleet.boot import state_backup
from edgefleet.keys.backup_encryption import backup_blocks, closed_backup, opened_backup
from edgefleet.keys.site_certificate import identified
from edgefleet.model.backup import Backup
from edgefleet.model.channel import ChannelAccess, SiteChannel
from edgefleet.model.firstboot import Target

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to root")

CHANNEL = """#!/bin/sh
# Stands in for the program of the channel: a store in a folder.
store=$PLACE/store
echo "$*" >>"$PLACE/channel.log"
case $1 in
  open) [ ! -e "$PLACE/closed" ] && exit 0 || exit 1 ;;
esac
[ ! -e "$PLACE/away" ] || exit 7
[ "$2" != delegation ] || exit 0
file=$store/$2 out=/dev/null up='' probe=''
shift 2
while [ "$#" -gt 0 ]; do
  case $1 in
    --output) out=$2 && shift ;;
    --upload-file) up=$2 && shift ;;
    --range) probe=1 && shift ;;
    --max-time | --max-filesize | --write-out) shift ;;
  esac
  shift
done
if [ -n "$up" ]; then mkdir -p "${file%/*}" && cp "$up" "$file" && exit 0; fi
if [ -n "$probe" ]; then if [ -e "$file" ]; then printf 206; else printf 404 && exit 22; fi; exit 0; fi
cp "$file" "$out"
"""
SYSTEMCTL = """#!/bin/sh
case $1 in show) cat "$PLACE/pid" 2>/dev/null || echo 0 ;; esac
"""
WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("PRAGMA wal_autocheckpoint=20")
connection.execute("CREATE TABLE pairs (number INTEGER PRIMARY KEY, one INTEGER, two INTEGER, pad TEXT)")
number = 0
while True:
    number += 1
    connection.execute("BEGIN")
    connection.execute("INSERT INTO pairs VALUES (?, ?, 0, ?)", (number, number, "x" * 3000))
    connection.execute("UPDATE pairs SET two = one WHERE number = ?", (number,))
    connection.execute("COMMIT")
    print(number, flush=True)
"""
"""Writes pairs that are equal whenever a transaction is complete."""
DB = "var/lib/rancher/k3s/server/db"
STORAGE = "var/lib/rancher/k3s/storage"
VOLUME = "pvc-1b1b1b1b-0000-4000-8000-000000000001_session_data-session-0"


@dataclass
class Node:
    """A root directory with the program of backups, and what stands in for the channel and systemd."""

    place: Path
    target: Target

    def __post_init__(self) -> None:
        """Write its files."""
        step = state_backup.plan(self.target)
        for file in step.files:
            path = self.root / file.path[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)
        for path, text in (
            (self.root / "usr/local/lib/edgefleet/channel", CHANNEL),
            (self.place / "bin/systemctl", SYSTEMCTL),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        (self.root / STORAGE).mkdir(parents=True, exist_ok=True)

    @property
    def root(self) -> Path:
        """Its root directory."""
        return self.place / "root"

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the program."""
        return subprocess.run(
            ["sh", self.root / "usr/local/lib/edgefleet/backup", *arguments],
            env={
                "PATH": f"{self.place / 'bin'}:{os.environ['PATH']}",
                "PLACE": str(self.place),
                "EDGEFLEET_PREFIX": str(self.root),
                "EDGEFLEET_RESERVE": "0",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def good(self, *arguments: str) -> str:
        """Run it, which must end well."""
        done = self.run(*arguments)
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    @property
    def slots(self) -> dict[str, bytes]:
        """What its part of the store has."""
        folder = self.place / f"store/backup/{self.target.name}"
        return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}

    @property
    def problem(self) -> str:
        """What people at the node are told."""
        file = self.root / "var/lib/edgefleet/problems/backup"
        return file.read_text() if file.exists() else ""

    def later(self) -> None:
        """A day passes for the program."""
        last = self.root / "var/lib/edgefleet/backup/last"
        last.write_text(str(int(last.read_text()) - 24 * 3600))

    def write(self, path: str, text: str) -> Path:
        """A file below its root."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file


@pytest.fixture
def node(target: Targets, tmp_path: Path) -> Node:
    """A server whose workload session has a volume, with a datastore and a password."""
    made = Node(tmp_path, _with_backups(target("recipe-1/server-static"), volumes=("session",)))
    made.write("etc/rancher/node/password", "old password")
    made.write(f"{STORAGE}/{VOLUME}/dump.rdb", "tickets")
    made.write(f"{STORAGE}/pvc-2_other_data/x", "not ours")
    made.write(f"{DB}/state.db", "")
    return made


def _with_backups(target: Target, **fields: object) -> Target:
    channel = SiteChannel(
        roots=(pair(1).key.pem.strip(),), access=ChannelAccess(gateway="https://updates.example")
    )
    site = replace(target.site, channel=channel, backup=replace(Backup(), **fields))  # type: ignore[arg-type] # of Backup
    return replace(target, site=identified(site, KEY, BY, HUB), key=KEY)


@pytest.fixture
def writer(node: Node) -> Iterator[subprocess.Popen[str]]:
    """A process that writes the datastore without a pause; the node's k3s."""
    (node.root / DB / "state.db").unlink()
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(node.root / DB / "state.db")], stdout=subprocess.PIPE, text=True
    )
    (node.place / "pid").write_text(str(process.pid))
    yield process
    process.kill()
    process.communicate(timeout=20)


def numbers(process: "subprocess.Popen[str]", least: int) -> int:
    """Read until the writer is there."""
    assert process.stdout is not None
    number = 0
    while number < least:
        number = int(process.stdout.readline())
    return number


def archive(node: Node, slot: str, key: str = KEY) -> dict[str, bytes]:
    """dict[path -> content] of the files in a copy."""
    place = node.place / "opened"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    data = opened_backup(node.slots[slot], key, node=node.target.name)
    subprocess.run(["tar", "-xzf", "-", "-C", place], input=data, check=True)
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_a_copy_of_a_datastore_that_is_written_to_is_whole(
    node: Node, writer: "subprocess.Popen[str]"
) -> None:
    """k3s goes on afterwards; SQLite finds every transaction that was complete, and none by half."""
    last = 0
    for round_ in range(3):
        reached = numbers(writer, 200 * (round_ + 1))
        node.good("now")
        files = archive(node, str(round_))
        assert {"datastore/state.db", "datastore/state.db-wal"} <= files.keys()
        with sqlite3.connect(node.place / "opened/datastore/state.db") as copy:
            assert [("ok",)] == copy.execute("PRAGMA integrity_check").fetchall()
            rows, last, equal = copy.execute(
                "SELECT count(*), max(number), sum(one = two) FROM pairs"
            ).fetchone()
        assert rows == last == equal
        assert last >= reached
    assert numbers(writer, last + 50) > last


def test_k3s_goes_on_where_the_program_is_killed(node: Node, writer: "subprocess.Popen[str]") -> None:
    """The unit runs this whatever happened."""
    numbers(writer, 10)
    subprocess.run(["kill", "-STOP", str(writer.pid)], check=True)
    node.good("go-on")
    time.sleep(0.1)
    assert "(stopped)" not in Path(f"/proc/{writer.pid}/status").read_text()
    units = {unit.name: unit.text for unit in state_backup.plan(node.target).units}
    assert "ExecStopPost=/usr/local/lib/edgefleet/backup go-on" in units["edgefleet-backup.service"]
    assert "Before=edgefleet-configuration.service k3s.service" in units["edgefleet-restore.service"]


def test_a_copy_has_what_the_fleet_file_names(node: Node) -> None:
    """The volumes of these workloads, the datastore, and the password by which the cluster knows the node."""
    node.good("due")
    files = archive(node, "0")
    assert {"about", "datastore/state.db", "password", f"storage/{VOLUME}/dump.rdb"} == files.keys()
    assert b"tickets" == files[f"storage/{VOLUME}/dump.rdb"]
    site = node.target.site
    assert f"node {site.fleet} {site.region} {site.name} n1\n".encode() in files["about"]
    assert b"tickets" not in node.slots["0"]


def test_copies_go_to_slots_in_turn_when_they_are_due(node: Node) -> None:
    """Once a day; the store never has more than the fleet file says."""
    for slots in (["0"], ["0", "1"], ["0", "1", "2"], ["0", "1", "2"]):
        assert "sent" in node.good("due")
        assert slots == [*node.slots]
        assert "" == node.good("due")
        node.later()
    first = node.slots["0"]
    node.write(f"{STORAGE}/{VOLUME}/dump.rdb", "more tickets")
    for _ in range(3):
        node.good("due")
        node.later()
    assert first != node.slots["0"]


def test_the_hours_and_the_absence_of_the_link_hold(node: Node) -> None:
    """Nothing is copied outside of the window; a copy that could not be sent is sent later, as it was."""
    (node.place / "closed").touch()
    node.good("due")
    assert {} == node.slots
    (node.place / "closed").unlink()
    (node.place / "away").touch()
    assert "the store does not answer" in node.good("due")
    (node.place / "away").unlink()
    node.good("due")
    node.later()
    (node.place / "away").touch()
    assert "not sent; tried again in an hour" in node.good("due")
    waiting = (node.root / "var/lib/edgefleet/backup/out").read_bytes()
    (node.place / "away").unlink()
    node.good("due")
    assert waiting == node.slots["1"]
    assert not (node.root / "var/lib/edgefleet/backup/out").exists()


def test_a_new_node_overwrites_no_copy_of_the_one_before(node: Node) -> None:
    """It says so until one is restored, or somebody decides."""
    node.good("due")
    kept = node.slots
    shutil.rmtree(node.root / "var/lib/edgefleet/backup")
    done = node.run("due")
    assert (1, kept) == (done.returncode, node.slots)
    assert "the store has copies of an earlier node: restore one (backup restore 0)" in node.problem
    node.good("begin")
    assert "" == node.problem
    node.good("due")
    assert ["0"] == [*node.slots]
    assert kept != node.slots


def test_what_is_too_large_is_reported_and_not_sent(target: Targets, tmp_path: Path) -> None:
    """Nor tried every hour."""
    node = Node(
        tmp_path, _with_backups(target("recipe-1/server-static"), volumes=("session",), max_size=2048)
    )
    (node.root / STORAGE / VOLUME).mkdir(parents=True)
    (node.root / STORAGE / VOLUME / "noise").write_bytes(os.urandom(5000))
    assert 1 == node.run("due").returncode
    assert "a copy has more than 2048 bytes: raise backup.maxSize, or leave volumes out" in node.problem
    assert ({}, "") == (node.slots, node.good("due"))


def test_a_full_disk_is_reported(node: Node) -> None:
    """Before anything is written."""
    done = node.run("due", EDGEFLEET_RESERVE=str(2**40))
    assert 1 == done.returncode
    assert "the disk has no room" in node.problem


def test_a_copy_is_restored_onto_a_new_node(node: Node) -> None:
    """Before k3s starts; what the new node has is kept, and k3s takes its authorities from the datastore."""
    with sqlite3.connect(node.root / DB / "state.db") as database:
        database.execute("CREATE TABLE kine (id INTEGER)")
    node.good("due")
    shutil.rmtree(node.root / "var")
    for path in ("tls/server-ca.crt", "cred/admin.kubeconfig", "db/state.db"):
        node.write(f"var/lib/rancher/k3s/server/{path}", "new")
    node.write("etc/rancher/node/password", "new password")
    said = node.good("restore", "0")
    assert "restart the node" in said
    assert "backup: taken 20" in said
    assert "new" == (node.root / DB / "state.db").read_text()
    node.good("settle")
    with sqlite3.connect(node.root / DB / "state.db") as database:
        assert [("kine",)] == database.execute("SELECT name FROM sqlite_master").fetchall()
    assert "old password" == (node.root / "etc/rancher/node/password").read_text()
    assert "tickets" == (node.root / STORAGE / VOLUME / "dump.rdb").read_text()
    server, before = (
        node.root / "var/lib/rancher/k3s/server",
        node.root / "var/lib/rancher/k3s/edgefleet-before",
    )
    assert ["db"] == [path.name for path in server.iterdir()]
    assert {"cred", "db", "password", "tls"} == {path.name for path in before.iterdir()}
    assert not (node.root / "var/lib/rancher/k3s/edgefleet-restore").exists()
    node.good("settle")
    node.good("due")
    assert ["0", "1"] == [*node.slots]
    assert 1 == node.run("restore", "0").returncode
    assert "edgefleet-before has what an earlier restore replaced" in node.problem


@pytest.mark.parametrize("case", ["no-orchestrator", "three-servers"])
def test_other_runtimes_have_their_own_state(target: Targets, tmp_path: Path, case: str) -> None:
    """Folders of volumes without an orchestrator; the newest snapshot of etcd, for k3s's own restore."""
    node = Node(tmp_path, _with_backups(target(f"recipe-1/{case}"), volumes=("session",)))
    snapshots = f"{DB}/snapshots"
    if case == "no-orchestrator":
        file = node.write("var/lib/edgefleet/volumes/session/data/dump.rdb", "tickets")
    else:
        node.write(f"{snapshots}/a", "older")
        os.utime(node.root / snapshots / "a", (1, 1))
        file = node.write(f"{snapshots}/b", "tickets")
    node.good("due")
    kept = {"volumes/session/data/dump.rdb": b"tickets", "datastore/snapshot": b"tickets"}
    assert kept.items() & archive(node, "0").items()
    shutil.rmtree(file.parents[2])
    node.good("restore", "0")
    node.good("settle")
    restored = file if case == "no-orchestrator" else node.root / snapshots / "edgefleet-restored"
    assert "tickets" == restored.read_text()


def test_volumes_alone_go_to_those_that_the_new_cluster_made(node: Node) -> None:
    """With another id; where there is none yet, nothing is prepared."""
    node.good("due")
    shutil.rmtree(node.root / STORAGE)
    assert 1 == node.run("restore", "0", "volumes").returncode
    assert "there is no volume data-session-0 yet" in node.problem
    node.good("settle")
    new = VOLUME.replace("1b1b", "2c2c")
    node.write(f"{STORAGE}/{new}/dump.rdb", "empty")
    node.good("restore", "0", "volumes")
    node.good("settle")
    assert "tickets" == (node.root / STORAGE / new / "dump.rdb").read_text()
    assert "" == (node.root / DB / "state.db").read_text()
    assert [new] == [path.name for path in (node.root / STORAGE).iterdir()]


def test_a_restore_is_completed_after_a_power_cut(node: Node) -> None:
    """At each rename."""
    node.good("due")
    node.write("var/lib/rancher/k3s/server/tls/x", "new")
    node.good("restore", "0")
    cut = node.place / "bin/mv"
    cut.write_text(
        '#!/bin/sh\ncount=$(($(cat "$PLACE/count") + 1))\necho "$count" >"$PLACE/count"\n'
        'if [ "$count" -eq "$CUT_AT" ]; then kill -KILL "$PPID"; exit; fi\nexec /bin/mv "$@"\n'
    )
    cut.chmod(0o755)
    cuts = 0
    for at in range(1, 20):
        (node.place / "count").write_text("0")
        if node.run("settle", CUT_AT="1").returncode == 0:
            break
        (node.place / "count").write_text("0")
        cuts += 1
        node.run("settle", CUT_AT="2")
        assert at < 15
    cut.unlink()
    node.good("settle")
    assert cuts > 3
    assert "old password" == (node.root / "etc/rancher/node/password").read_text()
    assert "tickets" == (node.root / STORAGE / VOLUME / "dump.rdb").read_text()
    before = node.root / "var/lib/rancher/k3s/edgefleet-before"
    assert {VOLUME, "db", "password", "tls"} == {path.name for path in before.iterdir()}


@pytest.mark.parametrize("damage", ["bit", "cut", "other", "empty"])
def test_what_is_not_of_this_node_is_not_unpacked(node: Node, damage: str) -> None:
    """A changed bit, a cut, a backup of another key generation: who has the store writes nothing as root."""
    node.good("due")
    slot = node.place / "store/backup/n1/0"
    data = slot.read_bytes()
    other = base64.b64encode(b"o" * 36).decode()
    slot.write_bytes(
        {
            "bit": data[:40] + bytes([data[40] ^ 1]) + data[41:],
            "cut": data[:-80],
            "other": closed_backup(opened_backup(data, KEY, node="n1"), other, node="n1"),
            "empty": b"",
        }[damage]
    )
    assert 1 == node.run("restore", "0").returncode
    assert "damaged, or not of this node" in node.problem or "this is no backup" in node.problem
    assert "" == node.good("settle")
    assert not list((node.root / "var/lib/rancher/k3s/edgefleet-restore/content").iterdir())


def test_python_and_the_node_agree(node: Node) -> None:
    """A backup that Python made is restored from a file; that of another node opens nothing."""
    node.good("due")
    data = opened_backup(node.slots["0"], KEY, node="n1")
    (node.place / "stick").write_bytes(closed_backup(data, KEY, node="n1"))
    node.good("restore", str(node.place / "stick"))
    with pytest.raises(ValueError, match="of another node or key generation"):
        opened_backup(node.slots["0"], KEY, node="n2")
    lines = backup_blocks(KEY, node="n1").split()
    assert [64, 24] * 2 == [len(line) for line in lines]
    assert [64, 64] == [len(base64.b64decode("".join(lines[at : at + 2]))) for at in (0, 2)]


def test_a_site_without_a_channel_has_no_backups(target: Targets) -> None:
    """Nor one that asks for none."""
    plain = target("recipe-1/server-static")
    assert () == state_backup.plan(plain).files
    wanted = _with_backups(plain)
    assert () == state_backup.plan(replace(wanted, site=replace(wanted.site, channel=None))).files
    assert 3 == len(state_backup.plan(wanted).files)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(node: Node) -> None:
    """In the program as it is on a node."""
    done = subprocess.run(
        ["shellcheck", "--shell=sh", node.root / "usr/local/lib/edgefleet/backup"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == done.stdout
