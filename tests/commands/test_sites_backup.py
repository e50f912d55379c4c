"""`edgefleet sites backup`: what there is, and a copy for a node that has new keys."""

import os
from typing import TYPE_CHECKING

import pytest
from tests.commands.conftest import NOW, SECRET

from edgefleet.io.store import DirectoryStore
from edgefleet.keys.backup_encryption import closed_backup, opened_backup
from edgefleet.keys.derivation import site_key

if TYPE_CHECKING:
    from tests.commands.conftest import World


def key(site: str, generation: int) -> str:
    """The key of a site."""
    return site_key(SECRET, fleet="shops", region="dev", site=site, generation=generation)


@pytest.fixture
def kept(known: "World") -> "World":
    """A stack of which two nodes made copies; one was replaced after a loss."""
    store = DirectoryStore(known.project / "images")
    for place, data in (
        ("munich/n1/0", closed_backup(b"archive", key("munich", 1), node="n1")),
        ("hamburg/n1/0", b"x"),
        ("hamburg/n2/3", b"x" * 2000),
    ):
        store.put(f"backups/{place}", data)
        at = NOW.timestamp() - 3 * 3600
        os.utime(known.project / "images/backups" / place, (at, at))
    known.edit("munich: {", "munich: {keyGeneration: 2, ")
    return known


def test_the_copies_of_a_site_are_listed(kept: "World") -> None:
    """With node, slot, age and size."""
    ran = kept.run("sites", "backup", "hamburg", "-s", "dev")
    assert 0 == ran.code, ran.err
    assert [
        "hamburg: 2 backups",
        "NODE SLOT AGE BYTES",
        "n1 0 3 h 1",
        "n2 3 3 h 2,000",
    ] == [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "berlin: 0 backups\n" == kept.run("sites", "backup", "berlin", "-s", "dev").out


def test_a_copy_of_the_old_keys_is_written_for_the_new_ones(kept: "World") -> None:
    """As a secret file."""
    options = ("-s", "dev", "--slot", "0", "--generation", "1", "--out", "copy")
    ran = kept.run("sites", "backup", "munich", *options)
    assert 0 == ran.code, ran.err
    file = kept.project / "copy"
    assert 0o600 == file.stat().st_mode & 0o777
    assert b"archive" == opened_backup(file.read_bytes(), key("munich", 2), node="n1")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("munich", "--slot", "0", "--out", "copy"), 3, "--generation N"),
        (("munich", "--slot", "1", "--out", "copy"), 3, "the store has no such copy"),
        (("munich", "--slot", "0"), 1, "add --slot N and --out FILE, or neither"),
        (("hamburg", "--slot", "0", "--out", "copy"), 1, "name one with --node: n1, n2"),
        (("hamburg", "--node", "n1", "--slot", "0", "--out", "copy"), 3, "is damaged, or of another node"),
        (("munlch",), 1, "did you mean munich?"),
    ],
)
def test_what_cannot_be_fetched_is_refused(
    kept: "World", options: tuple[str, ...], code: int, said: str
) -> None:
    """Nothing is written."""
    ran = kept.run("sites", "backup", "-s", "dev", *options)
    assert (code, True) == (ran.code, said in " ".join(ran.err.split())), ran.err
    assert not (kept.project / "copy").exists()
