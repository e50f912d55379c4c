"""Signed documents of the channel: one strict form, which a shell matches before it looks at anything."""

import base64
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.images.conftest import needs
from tests.keys.channel import POINTER, openssl_verifies, pair, signer

from edgefleet.keys import dsse
from edgefleet.keys.signed_document import LARGEST, form, opened, payload_type, signed, verified

DATA = signed("pointer", b"a text\n", signer(1))
KEYS = (pair(1).key,)


def test_the_form_is_one_line_that_is_known_byte_for_byte() -> None:
    """As the shell on a node expects it; signatures of a file's key are the same every time."""
    signature = dsse.signed_bytes(b"a text\n", "application/vnd.edgefleet.pointer.v1")
    data = pair(1).signer.sign(signature)
    assert DATA == (
        b'{"payload":"YSB0ZXh0Cg==","payloadType":"application/vnd.edgefleet.pointer.v1","signatures":'
        b'[{"keyid":"%b","sig":"%b"}]}\n' % (KEYS[0].id.encode(), base64.b64encode(data))
    )
    assert b"a text\n" == verified(DATA, "pointer", KEYS)


@needs("grep")
def test_grep_and_python_match_the_same_lines(tmp_path: Path) -> None:
    """The expression is shared, so that no line is right for one and wrong for the other."""
    lines = [
        DATA.decode(),
        signed("pointer", POINTER.payload, signer(1, 2, 3, 4)).decode(),
        signed("delegation", b"a", signer(1)).decode(),
        DATA.decode().replace("YSB0ZXh0Cg==", "YSB0ZXh0Ch=="),
        DATA.decode().replace("YSB0ZXh0Cg==", "YSB0ZXh0Cg="),
        DATA.decode().replace('":"', '": "'),
        DATA.decode().replace("vnd.edge", "vnd-edge"),
        DATA.decode().replace("]}", ",]}"),
        signed("pointer", b"a", signer(1)).decode().replace("}]", "}" + ',{"keyid":"a","sig":"AA=="}]'),
    ]
    (tmp_path / "lines").write_text("".join(lines))
    command = ["grep", "-nE", form("pointer"), "lines"]
    output = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    matched = [number for number, line in enumerate(lines, 1) if re.fullmatch(form("pointer"), line[:-1])]
    assert [1, 2] == matched == [int(line.partition(":")[0]) for line in output.splitlines()]


@needs("openssl")
def test_openssl_verifies_what_is_signed(tmp_path: Path) -> None:
    """Over the payload with its type, as DSSE has it."""
    envelope = opened(DATA, "pointer")
    over = dsse.signed_bytes(envelope.payload, payload_type("pointer"))
    assert openssl_verifies(tmp_path, KEYS[0], over, envelope.signatures[0].data)
    assert not openssl_verifies(tmp_path, KEYS[0], envelope.payload, envelope.signatures[0].data)


@given(at=st.integers(0, len(DATA) - 1), by=st.integers(1, 255))
def test_a_document_with_one_other_byte_is_refused(at: int, by: int) -> None:
    """Whichever byte, and however it differs."""
    other = DATA[:at] + bytes([DATA[at] ^ by]) + DATA[at + 1 :]
    with pytest.raises(ValueError, match=r"is not in the form of a signed pointer|is not signed by a key"):
        verified(other, "pointer", KEYS)


@given(at=st.integers(0, len(DATA)), text=st.binary(min_size=1, max_size=4))
def test_a_document_with_more_or_fewer_bytes_is_refused(at: int, text: bytes) -> None:
    """Anywhere, at its end too."""
    for other in (DATA[:at] + text + DATA[at:], DATA[:at] + DATA[at + 1 :] if at < len(DATA) else b""):
        with pytest.raises(
            ValueError, match=r"is not in the form of a signed pointer|is not signed by a key"
        ):
            verified(other, "pointer", KEYS)


@given(data=st.binary() | st.from_regex(form("pointer"), fullmatch=True).map(str.encode))
def test_what_is_read_is_what_would_be_written(data: bytes) -> None:
    """There is no second spelling of a document."""
    try:
        envelope = opened(data + b"\n", "pointer")
    except ValueError:
        return
    assert dsse.to_line(envelope) == data + b"\n"


def test_a_signature_of_one_kind_is_none_of_another() -> None:
    """The type is signed with the payload."""
    other = DATA.replace(b"edgefleet.pointer", b"edgefleet.delegation")
    with pytest.raises(ValueError, match="is not signed by a key that may sign it"):
        verified(other, "delegation", KEYS)
    with pytest.raises(ValueError, match="is not in the form of a signed delegation"):
        verified(DATA, "delegation", KEYS)


def test_one_known_signature_of_several_is_enough() -> None:
    """A node of an older image knows one of two roots; of keys that it does not know none counts."""
    both = signed("delegation", b"a", signer(1, 2))
    assert [b"a", b"a"] == [verified(both, "delegation", (pair(number).key,)) for number in (1, 2)]
    with pytest.raises(ValueError, match=f"it names {pair(1).key.id[:16]}, {pair(2).key.id[:16]}"):
        verified(both, "delegation", (pair(3).key,))
    with pytest.raises(ValueError, match="is not signed"):
        verified(both, "delegation", ())


def test_the_name_of_a_key_is_no_proof() -> None:
    """The name of a trusted key, and the signature of another."""
    other = signed("pointer", b"a text\n", signer(2)).replace(pair(2).key.id.encode(), KEYS[0].id.encode())
    with pytest.raises(ValueError, match="is not signed by a key"):
        verified(other, "pointer", KEYS)


def test_size_is_the_first_thing_that_counts() -> None:
    """A large document is not read, nor signed."""
    with pytest.raises(ValueError, match=r"has 65,537 bytes, and 65,536 are allowed"):
        verified(DATA[:-1] + b" " * (LARGEST - len(DATA) + 1) + b"\n", "pointer", KEYS)
    with pytest.raises(ValueError, match="are allowed"):
        signed("delegation", b"a" * LARGEST, signer(1))


@pytest.mark.parametrize("numbers", [(), (1, 2, 3, 4, 5)])
def test_a_document_has_one_to_four_signatures(numbers: tuple[int, ...]) -> None:
    """A node verifies as many at most."""
    assert 5 >= len(numbers)
    if not numbers:
        data = dsse.to_line(dsse.Envelope(payload=b"a", signatures=(), kind=payload_type("pointer")))
        with pytest.raises(ValueError, match="is not in the form"):
            opened(data, "pointer")
        return
    with pytest.raises(ValueError, match="is not in the form"):
        signed("pointer", b"a", signer(*numbers))


def test_a_signer_that_is_not_the_key_is_noticed() -> None:
    """An alias in KMS that moved to another key, for example."""
    with pytest.raises(ValueError, match="is not signed by a key"):
        signed("pointer", b"a", [(pair(1).key, pair(2).signer)])
