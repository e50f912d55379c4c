"""State that is damaged, foreign or locked: one message, the right exit code, every byte as it was."""

import json
import os
import socket
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from edgefleet.errors import EdgefleetError, InvalidInput, Refused
from pulumi_embedded.backend import ENGINE

PROGRAM = """
first = Thing("first", {"value": Output.secret(1)})
Thing("second", {"value": first.serial})
"""
GONE = 2**22 + 1
"""The number of a process that there never is."""


@pytest.fixture
def up(project: Any) -> Any:
    """A stack with two things, one of them with a secret."""
    project.write(PROGRAM)
    project.run("up")
    return project


def files(root: Path) -> dict[str, bytes]:
    """Return every file but what Python caches."""
    return {
        str(path): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def told(project: Any, kind: type[EdgefleetError], operation: str = "up") -> str:
    """Return what a run is ended with; it has changed nothing, but for a lock that goes with a journal."""
    before = files(project.root)
    with pytest.raises(kind) as caught:
        project.run(operation)
    after = files(project.root)
    if project.journal.exists():
        after = {path: content for path, content in after.items() if "/locks/" not in path}
    assert before == after
    assert 1 == len(caught.value.problems)
    return str(caught.value)


def edit(project: Any, change: Callable[[Any], Any]) -> None:
    """Change the checkpoint's document."""
    document = json.loads(project.checkpoint.read_text())
    change(document)
    project.checkpoint.write_text(json.dumps(document))


@pytest.mark.parametrize("operation", ["preview", "destroy"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"null",
        b'{"version": 3}',
        b'{"version": 3, "checkpoint": null}',
        b'{"version": 3, "checkpoint": {"latest": {"resources": [null]}}}',
        b'{"version": 3, "checkpoint": {"latest": {"resources": {"a": 1}}}}',
        b'{"version": 3, "checkpoint": {"latest": {"resources": [{"urn": 5, "type": "x"}]}}}',
        b'{"version": 3, "checkpoint": {"latest": {"resources": [{"urn": "here", "type": "x"}]}}}',
        b'{"version": 3, "checkpoint": {"latest": [1]}}',
        b'{"version": 3, "checkpoint": {"latest": {"secrets_providers": [1]}}}',
        b'{"version": 3, "checkpoint": {"latest": {"resources": [{"urn": "a::b::c::d", "inputs": true}]}}}',
        b'{"version": 3, "checkpoint": {"latest": {"resources": [{"urn": "a::b::c::d", "parent": 5}]}}}',
        b'{"version": 4, "features": [1]}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_checkpoint_is_reported(up: Any, content: bytes, operation: str) -> None:
    """An empty one, too: taking it for a new stack would make everything once more."""
    up.checkpoint.write_bytes(content)
    assert "the checkpoint is damaged" in told(up, InvalidInput, operation)


def test_a_checkpoint_that_is_cut_off_is_reported(up: Any) -> None:
    """Wherever that is; and it says what to restore it from."""
    content = up.checkpoint.read_bytes()
    assert len(content) > 20
    for length in range(0, len(content) - 1, len(content) // 20):
        up.checkpoint.write_bytes(content[:length])
        assert "dev.json.bak" in told(up, InvalidInput)


@pytest.mark.parametrize("operation", ["preview", "up"])
def test_a_damaged_secret_is_reported_before_anything_is_done(up: Any, operation: str) -> None:
    """With the resource whose it is, though nothing would have looked at it."""
    content = up.checkpoint.read_text()
    start = content.index('"ciphertext":"v1:') + 40
    up.checkpoint.write_text(content[:start] + ("A" if content[start] != "A" else "B") + content[start + 1 :])
    said = told(up, InvalidInput, operation)
    assert "Thing::first: a secret cannot be decrypted" in said


def test_a_value_that_is_named_ciphertext_is_no_secret(up: Any) -> None:
    """It is whatever a resource calls so; only what has a secret's signature is decrypted."""
    up.write('Thing("third", {"value": {"ciphertext": "0123abcd"}})\n' + PROGRAM)
    assert "succeeded" == up.run("up").result
    assert '"ciphertext":"0123abcd"' in up.checkpoint.read_text()
    assert "succeeded" == up.run("up").result


def test_a_wrong_passphrase_is_reported(up: Any) -> None:
    """Before anything is locked or written."""
    up.environ["PULUMI_CONFIG_PASSPHRASE"] += " battery"
    assert "the passphrase is not this stack's" in told(up, InvalidInput)


def test_a_checkpoint_of_a_newer_cli_is_refused_by_its_features(up: Any) -> None:
    """Version 4 says what it needs."""
    edit(up, lambda document: document.update(version=4, features=["refreshBeforeUpdate", "views"]))
    said = told(up, Refused)
    assert "version 4 (refreshBeforeUpdate, views)" in said
    assert "--engine pulumi" in said


def test_a_resource_of_a_newer_cli_is_refused_by_its_fields(up: Any) -> None:
    """Writing the state back would lose them."""
    edit(up, lambda document: document["checkpoint"]["latest"]["resources"][-1].update(viewOf="x"))
    said = told(up, Refused)
    assert "viewOf" in said
    assert "::second" in said


def test_secrets_that_another_provider_keeps_are_refused_by_name(up: Any) -> None:
    """A cloud's key, or the service's."""

    def change(document: Any) -> None:
        document["checkpoint"]["latest"]["secrets_providers"] = {
            "type": "cloud",
            "state": {"url": "awskms://x"},
        }

    edit(up, change)
    assert "its secrets are kept by cloud" in told(up, Refused)


# journals


def leave(project: Any, *lines: str, base: str = "") -> None:
    """Leave a journal behind, as a run that died would."""
    header = {"version": 1, "lock": "x", "base": base or sha256(project.checkpoint.read_bytes()).hexdigest()}
    project.journal.parent.mkdir(parents=True, exist_ok=True)
    project.journal.write_text("\n".join([json.dumps(header), *lines]))


def test_a_journal_that_is_cut_off_ends_where_it_is_whole(up: Any) -> None:
    """What was being written was never relied on."""
    for line in ("", '{"begin":7,"ty', '{"begin":7,"ty\n'):
        leave(up, line)
        assert {} == up.ops("up")
        assert not up.journal.exists()


@pytest.mark.parametrize(
    "lines",
    [
        ('{"begi', '{"end":0,"done":[]}', ""),
        ('{"begin":7,"type":"creating"}', ""),
        ('{"begin":7,"type":"creating","resource":null}', ""),
        ('{"end":0,"new":99,"from":98}', ""),
        ('{"end":0,"done":5}', ""),
        ('{"amend":1}', ""),
    ],
)
def test_a_journal_that_is_damaged_is_reported_by_its_line(up: Any, lines: tuple[str, ...]) -> None:
    """It is neither dropped nor half believed."""
    leave(up, *lines)
    assert "dev.jsonl:2: the journal of a run that was not finished is damaged" in told(up, InvalidInput)


def test_a_journal_of_another_checkpoint_is_refused(up: Any) -> None:
    """Somebody wrote the state in between."""
    leave(up, "", base="0" * 64)
    assert "changed by another program" in told(up, Refused)


# locks


def lock(project: Any, **content: Any) -> Path:
    """Put a lock on the stack."""
    folder: Path = project.root / ".pulumi" / "locks" / "organization" / "fleet" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "x.json"
    usual = {"pid": GONE, "username": "ana", "hostname": socket.gethostname()}
    path.write_text(json.dumps({**usual, "timestamp": "2026-01-01T00:00:00Z", **content}))
    return path


def test_a_lock_of_a_dead_cli_is_named_with_its_age(up: Any) -> None:
    """And with what clears it."""
    path = lock(up)
    said = told(up, Refused)
    assert f"locked by a process that no longer runs: ana@{socket.gethostname()} (pid {GONE})" in said
    assert "days ago" in said
    assert f"remove the file (or run `pulumi cancel`): {path}" in said
    path.unlink()
    assert {} == up.ops("up")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"hostname": "elsewhere"}, "locked by ana@elsewhere"),
        ({"hostname": "elsewhere", "timestamp": "2026-01-01T00:00:00"}, "locked by ana@elsewhere"),
        ({"pid": os.getppid()}, f"(pid {os.getppid()})"),
        ({"timestamp": "yesterday"}, "the lock cannot be read"),
        ({"pid": None}, "the lock cannot be read"),
    ],
)
def test_a_lock_that_may_be_held_is_respected(up: Any, content: dict[str, Any], named: str) -> None:
    """Whichever program wrote it, and however."""
    lock(up, **content)
    assert named in told(up, Refused)


def test_a_lock_that_a_dead_embedded_run_left_is_taken_over(up: Any) -> None:
    """Its journal says all that it did."""
    path = lock(up, by=ENGINE, started="")
    assert {} == up.ops("up")
    assert not path.exists()
