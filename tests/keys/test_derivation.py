"""Derived secrets: each site and purpose has its own, the same every time."""

import base64
import hmac
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgefleet.errors import InvalidInput
from edgefleet.keys.derivation import derive, site_key, ssh_host_key, token

SECRET = base64.b64encode(bytes(range(32))).decode()
KEY = site_key(SECRET, fleet="shops", region="north", site="alpha", generation=1)
names = st.text(st.sampled_from("ab-"), min_size=0, max_size=4)


def test_known_answers_hold() -> None:
    """These are on nodes: a change would lock every fleet out."""
    assert "U7JDcz9bCkOZKAkuKO/gJVMKKfmg8iM9rH4REEf6NPYeOYvA" == KEY
    assert "af89399929afb28763645da3b4837505" == token(KEY, "k3s-server-token")


def test_the_derivation_is_rfc_5869s() -> None:
    """The same from the two HMAC steps of the RFC, written out."""
    parts = [b"site", b"shops", b"north", b"alpha", b"1"]
    info = b"edgefleet/1" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    extracted = hmac.digest(bytes(32), bytes(range(32)), "sha256")
    key = base64.b64decode(KEY)[:32]
    assert hmac.digest(extracted, info + b"\x01", "sha256") == key
    assert token(KEY, "x") == token(base64.b64encode(key).decode(), "x")  # the mark derives nothing


@settings(max_examples=200)
@given(st.tuples(names, names, names, st.integers(1, 3)), st.tuples(names, names, names, st.integers(1, 3)))
def test_two_sites_share_a_key_only_if_they_are_one(
    one: tuple[str, str, str, int], other: tuple[str, str, str, int]
) -> None:
    """No concatenation of names makes two paths equal: ("a", "bc") is not ("ab", "c")."""

    def key(of: tuple[str, str, str, int]) -> str:
        return site_key(SECRET, fleet=of[0], region=of[1], site=of[2], generation=of[3])

    assert (one == other) == (key(one) == key(other))


@settings(max_examples=100)
@given(st.tuples(names, names), st.tuples(names, names))
def test_each_purpose_of_each_node_has_its_own(one: tuple[str, str], other: tuple[str, str]) -> None:
    """What opens one thing opens nothing else."""
    assert (one == other) == (derive(KEY, one[0], node=one[1]) == derive(KEY, other[0], node=other[1]))


@pytest.mark.parametrize("secret", ["", "short", base64.b64encode(b"x" * 31).decode(), "!" * 44])
def test_a_weak_or_broken_secret_is_refused(secret: str) -> None:
    """And is not repeated in the message."""
    with pytest.raises(InvalidInput) as caught:
        site_key(secret, fleet="f", region="r", site="s", generation=1)
    assert not secret or secret not in str(caught.value)


def test_a_host_key_repeats_and_differs_by_node() -> None:
    """A rebuilt image keeps the identity that people have in their known_hosts."""
    assert ssh_host_key(KEY, node="n1", comment="a") == ssh_host_key(KEY, node="n1", comment="a")
    assert ssh_host_key(KEY, node="n1", comment="a")[1] != ssh_host_key(KEY, node="n2", comment="a")[1]


@pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="needs ssh-keygen: apt-get install openssh-client"
)
@pytest.mark.parametrize("comment", ["a", "shop-01", "x" * 63])
def test_openssh_reads_the_private_key(tmp_path: Path, comment: str) -> None:
    """OpenSSH finds the public key that was published, whatever the padding."""
    private, public = ssh_host_key(KEY, node="n1", comment=comment)
    path = tmp_path / "key"
    path.write_text(private)
    path.chmod(0o600)
    done = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(path)], capture_output=True, text=True, check=False, timeout=30
    )
    assert public == done.stdout.strip(), done.stderr
