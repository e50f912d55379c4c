"""The journal says what the state says, at any moment."""

import threading
from pathlib import Path
from typing import Any

import pytest

from pulumi_embedded.checkpoint import Checkpoint, State
from pulumi_embedded.disk import Disk
from pulumi_embedded.errors import OutsideFailure
from pulumi_embedded.journal import Journal, read_journal, seal_journal
from pulumi_embedded.secrets import Crypter
from pulumi_embedded.snapshot import Snapshot, fold
from pulumi_embedded.values import Bag, secret

CRYPTER = Crypter(b"k" * 32, "v1:c2FsdA==:v1:")


def state(name: str, **fields: Any) -> State:
    return State(urn=f"urn:pulumi:dev::fleet::a:b:C::{name}", type="a:b:C", custom=True, id=name, **fields)


def told(checkpoint: Checkpoint) -> list[Any]:
    resources = [
        (item.name, item.inputs.data, item.outputs.data, item.delete) for item in checkpoint.resources
    ]
    return [resources, sorted((item.type, item.resource.name) for item in checkpoint.pending)]


def work(snapshot: Snapshot, base: Checkpoint) -> None:
    """Create, update, keep, replace and delete; leave one creation under way."""
    kept, updated, deleted, replaced = base.resources
    made = state("made", inputs=Bag({"password": secret("x")}))
    number = snapshot.begin("creating", made)
    made.outputs = Bag({"a": 1})
    snapshot.end(number, new=made)
    same = kept.copy(recorded=kept.recorded)
    snapshot.end(0, new=same, done=(kept,), same=same.recorded is not None)
    change = updated.copy(outputs=Bag({"b": 2}))
    snapshot.end(snapshot.begin("updating", change), new=change, done=(updated,))
    replaced.delete = True
    snapshot.amend(replaced)
    snapshot.end(snapshot.begin("deleting", deleted), done=(deleted,))
    snapshot.begin("creating", state("lost"))


def base_states() -> Checkpoint:
    return Checkpoint(resources=[state(name) for name in ("kept", "updated", "deleted", "replaced")])


def test_a_journal_folds_to_the_state(tmp_path: Path) -> None:
    """What a run that died left behind is what it knew, with what was under way."""
    base = base_states()
    journal = Journal(tmp_path / "j.jsonl", {})
    snapshot = Snapshot(base, journal, CRYPTER)
    work(snapshot, base)
    journal.flush()
    folded = fold(base_states(), tmp_path / "j.jsonl", CRYPTER)
    assert told(snapshot.checkpoint()) == told(folded)
    assert ["made", "kept", "updated", "replaced"] == [item.name for item in folded.resources]
    assert ["creating"] == [item.type for item in folded.pending]


def test_a_journal_that_is_cut_off_is_read_to_its_last_whole_record(tmp_path: Path) -> None:
    """Wherever it is cut, it can be read, and nothing is there twice."""
    path = tmp_path / "j.jsonl"
    base = base_states()
    journal = Journal(path, {})
    work(Snapshot(base, journal, CRYPTER), base)
    journal.flush()
    content = path.read_bytes()
    assert content
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        names = [item.name for item in fold(base_states(), path, CRYPTER).resources]
        assert len(set(names)) == len(names)
        assert "kept" in names


def test_no_secret_is_in_a_journal(tmp_path: Path) -> None:
    """Secrets are encrypted there as in the checkpoint."""
    journal = Journal(tmp_path / "j.jsonl", {})
    Snapshot(Checkpoint(), journal, CRYPTER).begin("creating", state("a", inputs=Bag({"p": secret("hush")})))
    assert "hush" not in (tmp_path / "j.jsonl").read_text()


def test_threads_share_a_journal(tmp_path: Path) -> None:
    """Each record is whole and on the disk when its writer goes on."""
    path = tmp_path / "j.jsonl"
    journal = Journal(path, {})
    snapshot = Snapshot(Checkpoint(), journal, CRYPTER)

    def make(name: str) -> None:
        made = state(name)
        snapshot.end(snapshot.begin("creating", made), new=made)
        assert name in {item.name for item in fold(Checkpoint(), path, CRYPTER).resources}

    threads = [threading.Thread(target=make, args=(f"n{number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 20 == len(fold(Checkpoint(), path, CRYPTER).resources)


def test_names_that_changed_are_changed_everywhere() -> None:
    """References to a resource that took another name follow it."""
    old, child = state("old"), state("child", parent=state("old").urn, dependencies=(state("old").urn,))
    snapshot = Snapshot(Checkpoint(resources=[old, child]), None, CRYPTER)
    snapshot.end(0, new=state("new", alias=old.urn), done=(old,))
    made, kept = snapshot.checkpoint().resources
    assert made.urn == kept.parent
    assert (made.urn,) == kept.dependencies


def test_a_journal_is_never_begun_over_another(tmp_path: Path) -> None:
    """What a run left behind is folded first, never lost."""
    (tmp_path / "j.jsonl").write_text("x")
    with pytest.raises(OutsideFailure, match="cannot be written"):
        Journal(tmp_path / "j.jsonl", {})


def test_a_journal_that_was_never_begun_is_not_sealed(tmp_path: Path) -> None:
    """Cut off in its first line it printed nothing; a note at its end would make it another version's."""
    path = tmp_path / "dev.jsonl"
    path.write_bytes(b'{"version":1,"lo')
    seal_journal(read_journal(path), "digest", Disk())
    assert {} == read_journal(path).header
    assert [] == fold(Checkpoint(), path, None, "another").resources
