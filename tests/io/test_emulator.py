"""One emulated cloud a project: found, started, lost and stopped."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edgefleet.errors import OutsideFailure
from edgefleet.io import emulator, processes
from edgefleet.io.aws import Aws


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A project whose emulator ends with the test."""
    yield tmp_path
    emulator.stop(tmp_path)


def test_many_who_ask_at_once_get_one_and_its_contents_stay(project: Path) -> None:
    """Two starters must not race; what one stored the next finds."""
    with ThreadPoolExecutor(4) as pool:
        running = list(pool.map(lambda _: emulator.ensure(project), range(4)))
    assert 1 == len({each.pid for each in running})
    assert not any(each.was_lost for each in running)
    Aws.emulated(running[0].url).s3.create_bucket(Bucket="images")
    again = emulator.ensure(project)
    buckets = Aws.emulated(again.url).s3.list_buckets()["Buckets"]
    assert (running[0], ["images"]) == (again, [each["Name"] for each in buckets])


def test_one_that_died_is_reported_to_be_lost(project: Path) -> None:
    """What was in it is gone; that is never hidden."""
    first = emulator.ensure(project)
    os.kill(first.pid, signal.SIGKILL)
    while processes.start_time(first.pid) is not None:
        time.sleep(0.01)
    assert emulator.find(project) is None
    second = emulator.ensure(project)
    assert (True, True) == (second.was_lost, first.pid != second.pid)
    assert not emulator.ensure(project).was_lost


def test_one_that_was_stopped_is_not_lost(project: Path) -> None:
    """Stopping is on purpose; stopping twice is success."""
    emulator.ensure(project)
    assert (True, False, None) == (emulator.stop(project), emulator.stop(project), emulator.find(project))
    assert not emulator.ensure(project).was_lost


def test_a_note_of_another_process_is_not_believed(project: Path) -> None:
    """The number may belong to something else by now; it is left alone."""
    (project / ".edgefleet").mkdir()
    note = {"pid": os.getpid(), "started": "1", "port": 1, "token": "0"}
    (project / ".edgefleet" / "emulator.json").write_text(json.dumps(note))
    assert emulator.find(project) is None
    assert emulator.ensure(project).was_lost


def test_a_damaged_note_is_no_note(project: Path) -> None:
    """It is written again."""
    (project / ".edgefleet").mkdir()
    (project / ".edgefleet" / "emulator.json").write_text("{")
    assert emulator.find(project) is None


def test_stopping_in_a_project_that_has_none_leaves_no_trace(tmp_path: Path) -> None:
    """``make clean`` in a fresh checkout."""
    assert not emulator.stop(tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_without_moto_one_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    """For the interpreter that runs, which may be a plugin's, and without an index that has edgefleet."""
    with pytest.raises(OutsideFailure) as caught:
        emulator.ensure(tmp_path, is_installed=lambda _: False)
    assert (
        "cloud.endpoint: the emulated cloud needs moto, which is not installed; "
        f"install it: {sys.executable} -m pip install 'moto[server]'"
    ) == str(caught.value)


def test_one_that_does_not_come_up_is_ended_and_its_log_named(tmp_path: Path) -> None:
    """Nothing is left running."""
    with pytest.raises(OutsideFailure, match=r"did not come up within 0 s; read the log there"):
        emulator.ensure(tmp_path, patience=0)
    assert emulator.find(tmp_path) is None


@pytest.mark.parametrize("name", [".edgefleet", ".edgefleet/emulator.log"])
def test_a_link_of_the_checkout_is_not_followed(tmp_path: Path, name: str) -> None:
    """A repository may hold one: this user's files elsewhere would be written to."""
    elsewhere, project = tmp_path / "elsewhere", tmp_path / "project"
    elsewhere.mkdir()
    (project / name).parent.mkdir(parents=True)
    (project / name).symlink_to(elsewhere)
    for ask in (emulator.ensure, emulator.stop):
        with pytest.raises(OutsideFailure, match="a symbolic link"):
            ask(project)
    assert [] == list(elsewhere.iterdir())
