"""Whole runs of the embedded engine: what goes right, what goes wrong, and what is left on record."""

import errno
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.pulumi_embedded.conftest import PASSPHRASE

from edgefleet.errors import InvalidInput, OutsideFailure, Refused
from pulumi_embedded.disk import Disk
from pulumi_embedded.secrets import open_salt

TWO = """
first = Thing("first", {"value": 1})
Thing("second", {"value": first.serial})
export("serial", first.serial)
"""


DYING = """
import os, sys
from pathlib import Path
from tests.pulumi_embedded.conftest import Project, SERVICER

class Dying(SERVICER):
    def Create(self, request, context):
        if request.name == "second" and not request.preview:
            os._exit(9)
        return super().Create(request, context)

project = Project(Path(sys.argv[1]))
project.factories = {"example": Dying}
project.run("up")
"""
"""A process that dies while it makes the second thing."""


def listing(root: Path) -> dict[str, int]:
    """Return the state's files and when they were written."""
    return {str(path): path.stat().st_mtime_ns for path in (root / ".pulumi").rglob("*") if path.is_file()}


def test_up_again_does_nothing(project: Any) -> None:
    """The first run creates, the second finds all as it should be."""
    project.write(TWO)
    assert {"first": "create", "second": "create", "fleet-dev": "create"} == project.ops("preview")
    assert {"first": "create", "second": "create", "fleet-dev": "create"} == project.ops("up")
    assert {} == project.ops("up")
    assert {} == project.ops("preview")
    assert {"serial": "first-0"} == project.run("preview").outputs


def test_a_new_stack_gets_a_salt(project: Any) -> None:
    """Its file keeps its configuration, the salt opens with the passphrase, and the next run keeps it."""
    file = project.root / "Pulumi.dev.yaml"
    file.write_text("config:\n  fleet:region: eu\n")
    project.write(TWO)
    project.run("preview")
    assert "config:\n  fleet:region: eu\n" == file.read_text()
    project.run("up")
    salt, rest = file.read_text().split("\n", 1)
    assert "config:\n  fleet:region: eu\n" == rest
    assert salt.removeprefix("encryptionsalt: ") == open_salt(PASSPHRASE, salt.split(": ")[1]).salt
    assert {} == project.ops("up")
    assert file.read_text() == f"{salt}\n{rest}"


def test_destroy_leaves_nothing(project: Any) -> None:
    """Nothing exists and nothing is recorded."""
    project.write(TWO)
    project.run("up")
    assert {"first": "delete", "second": "delete", "fleet-dev": "delete"} == project.ops("destroy")
    assert [] == project.things()
    assert [] == project.recorded()


def test_preview_writes_nothing(project: Any) -> None:
    """No lock, no journal, no checkpoint."""
    project.write(TWO)
    project.run("up")
    before = listing(project.root)
    project.write(TWO + 'Thing("third", {"value": 3})')
    assert {"third": "create"} == project.ops("preview")
    assert before == listing(project.root)
    assert ["first-0", "second-0"] == project.things()


def test_unknown_outputs_are_shown_as_such(project: Any) -> None:
    """What depends on something that does not exist yet is unknown in a preview."""
    project.write(TWO)
    outcome = project.run("preview")
    second = next(step for step in outcome.steps if step.name == "second")
    assert {"value": "[unknown]"} == second.new_inputs
    assert {"serial": "[unknown]"} == outcome.outputs


def test_an_edit_of_the_same_size_and_second_is_seen(project: Any) -> None:
    """Python keeps bytecode by size and second; a preview of what stood there before would be a wrong one."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        for value in (1, 2):
            project.write(f'Thing("first", {{"value": {value}}})')
            os.utime(project.root / "__main__.py", (1_700_000_000, 1_700_000_000))
            assert {1: "create", 2: "update"}[value] == project.ops("up")["first"]
    finally:
        sys.dont_write_bytecode = before


def test_a_program_that_throws_is_reported_by_its_line(project: Any) -> None:
    """One message with the program's own file and line; what was made before is on record."""
    project.write('Thing("first", {"value": 1})\nraise LookupError("no such shop")')
    with pytest.raises(InvalidInput) as caught:
        project.run("up")
    assert "__main__.py:4" == caught.value.problem.where
    assert "the program failed: LookupError: no such shop" == caught.value.problem.problem
    assert not project.journal.exists()


def test_a_program_that_is_not_python_is_reported(project: Any) -> None:
    """With its line and column."""
    project.write("def (:")
    with pytest.raises(InvalidInput, match="SyntaxError") as caught:
        project.run("preview")
    assert caught.value.problem.where.startswith("__main__.py:3:")


def test_an_error_in_an_apply_is_reported(project: Any) -> None:
    """Also what is raised after the program's last line."""
    project.write('Thing("first", {"value": 1}).value.apply(lambda _: 1 / 0)')
    with pytest.raises(InvalidInput, match="ZeroDivisionError"):
        project.run("up")
    assert ["first"] == project.recorded()


def test_a_failing_step_says_what_the_provider_said(project: Any) -> None:
    """The run has failed, with the provider's words about the resource; the rest is on record."""
    project.write(
        'first = Thing("first", {"value": 1})\nThing("second", {"value": first.serial, "fail": "create"})'
    )
    outcome = project.run("up")
    assert "failed" == outcome.result
    assert ["the stand-in was asked to fail creating second"] == [
        item.message for item in outcome.diagnostics
    ]
    assert outcome.diagnostics[0].urn.endswith("::second")
    assert ["first"] == project.recorded()


def test_a_provider_that_breaks_is_reported_by_its_call(project: Any) -> None:
    """A bug in a provider is one line, not a traceback."""
    base: Any = project.factories["example"]

    class Broken(base):  # type: ignore[misc]  # the stand-in is loaded at run time
        def Create(self, _request: Any, _context: Any) -> Any:  # noqa: N802
            raise KeyError("disk")

    project.factories = {"example": Broken}
    project.write('Thing("first", {"value": 1})')
    outcome = project.run("up")
    assert ["the provider failed in Create: KeyError: 'disk'"] == [
        item.message for item in outcome.diagnostics
    ]


def test_names_are_given_once(project: Any) -> None:
    """Two resources of one name are reported."""
    project.write('Thing("first", {"value": 1})\nThing("first", {"value": 2})')
    outcome = project.run("preview")
    assert "failed" == outcome.result
    assert "duplicate resource URN" in outcome.diagnostics[0].message


def test_a_checkpoint_of_another_version_is_refused(project: Any) -> None:
    """By its version and features."""
    project.checkpoint.parent.mkdir(parents=True)
    project.checkpoint.write_text('{"version": 4, "features": ["views"], "checkpoint": {}}')
    project.write("")
    with pytest.raises(Refused, match=r"version 4 \(views\)"):
        project.run("preview")


def test_a_damaged_checkpoint_is_reported(project: Any) -> None:
    """With what to restore it from."""
    project.checkpoint.parent.mkdir(parents=True)
    project.checkpoint.write_text('{"version": 3, "checkp')
    project.write("")
    with pytest.raises(InvalidInput, match="the checkpoint is damaged"):
        project.run("up")


@pytest.mark.parametrize("url", ["s3://states", "https://api.pulumi.com", "file:///elsewhere"])
def test_another_backend_is_refused(project: Any, url: str) -> None:
    """State is in one place."""
    project.write("")
    project.environ["PULUMI_BACKEND_URL"] = url
    with pytest.raises(Refused, match="PULUMI_BACKEND_URL"):
        project.run("preview")


def test_a_stack_that_does_not_exist_is_reported(project: Any) -> None:
    """With how to make it."""
    (project.root / "Pulumi.dev.yaml").unlink()
    project.write("")
    with pytest.raises(InvalidInput, match="no stack called 'dev'"):
        project.run("up")


def test_a_lock_is_respected_and_named(project: Any) -> None:
    """Who holds it, since when, and what to do; a dead process's too."""
    project.write(TWO)
    folder = project.root / ".pulumi" / "locks" / "organization" / "fleet" / "dev"
    folder.mkdir(parents=True)
    lock = {"pid": 2**22 + 1, "username": "ana", "hostname": socket.gethostname()}
    (folder / "x.json").write_text(json.dumps({**lock, "timestamp": "2026-01-01T00:00:00.123456789+01:00"}))
    with pytest.raises(Refused, match="a process that no longer runs: ana@") as caught:
        project.run("up")
    assert "days ago" in str(caught.value)
    assert "pulumi cancel" in caught.value.problem.hint
    (folder / "x.json").write_text(
        json.dumps({**lock, "pid": os.getppid(), "timestamp": "2026-01-01T00:00:00Z"})
    )
    with pytest.raises(Refused, match="the stack is locked by ana@"):
        project.run("up")
    (folder / "x.json").unlink()
    project.run("up")
    assert [] == list(folder.iterdir())


def test_a_run_that_died_is_carried_on(project: Any) -> None:
    """What it did is known from its journal; its lock is taken over; what was under way is named."""
    project.write(TWO)
    dead = subprocess.run([sys.executable, "-c", DYING, str(project.root)], check=False, timeout=60)
    assert 9 == dead.returncode
    assert project.journal.exists()
    assert {"second": "create"} == project.ops("preview")
    outcome = project.run("up")
    assert "succeeded" == outcome.result
    assert any("while it was creating" in item.message for item in outcome.diagnostics)
    assert ["first", "second"] == project.recorded()
    assert ["first-0", "second-0"] == project.things()
    assert not project.journal.exists()


def test_a_state_that_cannot_be_written_is_reported_before_anything_is_done(project: Any) -> None:
    """One sentence; nothing was made, and the next run finds all as it was."""
    project.write(TWO)
    project.run("up")
    backup = project.checkpoint.with_name("dev.json.bak")
    backup.unlink(missing_ok=True)
    backup.mkdir()
    (backup / "in the way").touch()
    project.write(TWO + 'Thing("third", {"value": 3})')
    with pytest.raises(OutsideFailure, match="cannot be written"):
        project.run("up")
    assert ["first-0", "second-0"] == project.things()
    (backup / "in the way").unlink()
    backup.rmdir()
    assert {"third": "create"} == project.ops("up")
    assert ["first", "second", "third"] == project.recorded()


def test_a_state_that_cannot_be_written_at_the_end_is_not_lost(project: Any) -> None:
    """The journal keeps what was done until it can be folded in."""
    project.write(TWO)
    project.disk = FullAtTheEnd()
    with pytest.raises(OutsideFailure, match="cannot be written: No space left on device"):
        project.run("up")
    assert ["first-0", "second-0"] == project.things()
    project.disk = Disk()
    assert {} == project.ops("up")
    assert ["first", "second"] == project.recorded()


def test_the_backup_is_what_a_run_began_with(project: Any) -> None:
    """Not the checkpoint that announced its first step."""
    project.write(TWO)
    project.run("up")
    before = project.checkpoint.read_bytes()
    project.write(TWO + 'Thing("third", {"value": 3})')
    project.run("up")
    assert before == project.checkpoint.with_name("dev.json.bak").read_bytes()


def test_a_disk_that_takes_no_lock_is_reported(project: Any) -> None:
    """By the lock that could not be written, though it cannot be taken back either."""
    project.write(TWO)
    project.disk = ReadOnly()
    with pytest.raises(OutsideFailure, match=r"locks/.* cannot be written: Read-only file system"):
        project.run("up")


class ReadOnly(Disk):
    """A disk that takes nothing."""

    def create(self, path: Path) -> Any:
        """Refuse."""
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    def remove(self, path: Path) -> None:
        """Refuse."""
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))


class FullAtTheEnd(Disk):
    """A disk with room for the checkpoint once."""

    def __init__(self) -> None:
        self._checkpoints = 0

    def rename(self, old: Path, new: Path) -> None:
        """Refuse the second checkpoint."""
        self._checkpoints += new.name == "dev.json"
        if self._checkpoints > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().rename(old, new)


def test_independent_steps_run_side_by_side(project: Any) -> None:
    """As many at once as was requested."""
    together = threading.Barrier(8, timeout=20)

    base: Any = project.factories["example"]

    class Waiting(base):  # type: ignore[misc]  # the stand-in is loaded at run time
        def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
            if not request.preview:
                together.wait()
            return super().Create(request, context)

    project.factories = {"example": Waiting}
    project.write("for number in range(8):\n    Thing(f'thing-{number}', {'value': number})")
    assert "succeeded" == project.run("up", parallel=8).result


def test_modules_beside_the_program_are_loaded_anew(project: Any) -> None:
    """Runs in one process don't see each other's modules, arguments or folder."""
    before = Path.cwd()
    for value in (1, 2):
        (project.root / "shared.py").write_text(f"VALUE = {value}\n" + " " * value)
        project.write('import shared\nexport("value", shared.VALUE)')
        assert {"value": value} == project.run("up").outputs
    assert before == Path.cwd()


def test_a_target_that_is_nowhere_is_reported(project: Any) -> None:
    """Rather than doing nothing in silence."""
    project.write(TWO)
    outcome = project.run("preview", targets=("thrid",))
    assert "failed" == outcome.result
    assert "no resource is called 'thrid'" == outcome.diagnostics[-1].message
