"""Encrypted bundles: openssl reads them with the right key, and each is the same every time."""

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.images.conftest import needs

from edgefleet.keys.derivation import site_key
from edgefleet.keys.release_encryption import MAGIC, encrypted, encryption_password

SECRET = base64.b64encode(bytes(range(32))).decode()
KEY = site_key(SECRET, fleet="retail", region="eu", site="berlin", generation=1)
PASSWORD = encryption_password(KEY, node="n1")
DATA = b"a bundle\n" * 1000
# fmt: off
COMMAND = (
    "openssl", "enc", "-d", "-aes-256-ctr", "-pbkdf2", "-iter", "1", "-md", "sha256", "-pass", "file:key",
)
# fmt: on


def decrypted(folder: Path, data: bytes, password: str) -> bytes:
    """As a node does it."""
    (folder / "key").write_text(f"{password}\n")
    (folder / "data").write_bytes(data)
    command = [*COMMAND, "-in", "data"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


@needs("openssl")
@pytest.mark.parametrize("data", [b"", b"a", DATA, bytes(range(256)) * 4096], ids=["0", "1", "9000", "1M"])
def test_a_node_decrypts_by_openssl(data: bytes, tmp_path: Path) -> None:
    """With the password in a file, never in its arguments."""
    assert data == decrypted(tmp_path, encrypted(data, PASSWORD), PASSWORD)


@needs("openssl")
def test_another_key_gives_other_bytes_and_no_error(tmp_path: Path) -> None:
    """So integrity is that of the signed digest alone; a changed byte changes one byte, silently."""
    data = encrypted(DATA, PASSWORD)
    for other in (
        encryption_password(KEY, node="n2"),
        encryption_password(
            site_key(SECRET, fleet="retail", region="eu", site="berlin", generation=2), node="n1"
        ),
    ):
        found = decrypted(tmp_path, data, other)
        assert len(found) == len(DATA)
        assert found != DATA
        assert b"bundle" not in found
    changed = decrypted(tmp_path, data[:-1] + bytes([data[-1] ^ 1]), PASSWORD)
    assert (DATA[:-1], DATA[-1] ^ 1) == (changed[:-1], changed[-1])


def test_the_same_text_is_the_same_object() -> None:
    """Known bytes: a change of them makes each site fetch everything again."""
    assert encrypted(DATA, PASSWORD) == encrypted(DATA, PASSWORD)
    known = "3dff275f616fde7e1beb9a2041899a12d9b1ced2e5d417a342996ab63a87b6b6"
    assert known == hashlib.sha256(encrypted(DATA, "0" * 64)).hexdigest()


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_two_texts_share_no_counter(one: bytes, other: bytes) -> None:
    """Their salts differ, so the difference of two objects tells nothing of the texts."""
    first, second = encrypted(one, PASSWORD), encrypted(other, PASSWORD)
    assert (one == other) is (first[:16] == second[:16])
    assert MAGIC == first[:8]
    assert len(one) + 16 == len(first)


def test_each_node_has_a_password_of_its_own() -> None:
    """Of 256 bits, in one line of text."""
    keys = [
        site_key(SECRET, fleet="f", region="r", site=site, generation=generation)
        for site in ("a", "b")
        for generation in (1, 2)
    ]
    passwords = {encryption_password(key, node=node) for key in keys for node in ("n1", "n2")}
    assert 8 == len(passwords)
    assert {64} == {len(password) for password in passwords}
