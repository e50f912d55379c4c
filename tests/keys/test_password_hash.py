"""SHA-512-crypt against its specification's vectors and OpenSSL."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgefleet.keys.password_hash import ALPHABET, sha512_crypt

SALTS = st.text(ALPHABET, min_size=1, max_size=16)


def test_the_specifications_vector() -> None:
    """U. Drepper, version 0.6, the one with the default number of rounds."""
    hashed = "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
    assert f"$6$saltstring${hashed}" == sha512_crypt("Hello world!", "saltstring")


def test_the_specifications_vector_with_rounds_of_its_own() -> None:
    typed = "a very much longer text to encrypt.  This one even stretches over morethan one line."
    hashed = "POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1"
    made = sha512_crypt(typed, "anotherlongsalts", rounds=1400)
    assert f"$6$rounds=1400$anotherlongsalts${hashed}" == made


@settings(max_examples=20)
@given(password=st.text("abcXYZ 0189!$-", min_size=1, max_size=140), salt=SALTS)
def test_openssl_says_the_same(password: str, salt: str) -> None:
    """An independent witness, for passwords below and above the size of a digest."""
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("needs openssl: apt-get install openssl")
    command = [tool, "passwd", "-6", "-salt", salt, "-stdin"]
    done = subprocess.run(command, input=password, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == sha512_crypt(password, salt)
