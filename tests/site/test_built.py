"""Records of built images: what is done is known as done, and what does not repeat is reported."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from edgefleet.errors import OutsideFailure
from edgefleet.site.built import (
    Record,
    check_repeats,
    is_finished,
    read_record,
    record_path,
    write_record,
)

PARTS, BYTES, OTHERS = (f"sha256:{letter * 64}" for letter in "abc")
MADE = Record(
    image="n1.raw",
    node="n1",
    parts=PARTS,
    digest=BYTES,
    size=5,
    file_size=5,
    share="copy",
    tools={"xorriso": "1.5.6"},
    changed=0,
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image that is finished, and recorded."""
    path = tmp_path / "n1.raw"
    path.write_bytes(b"bytes")
    write_record(path, replace(MADE, changed=path.stat().st_mtime_ns))
    return path


def test_an_image_with_its_record_is_finished(image: Path) -> None:
    assert is_finished(image, read_record(image), PARTS, "copy")
    assert not is_finished(image, read_record(image), OTHERS, "copy")
    assert not is_finished(image, read_record(image), PARTS, "reference")


def test_one_that_somebody_touched_is_built_again(image: Path) -> None:
    """Other bytes of the same length, too."""
    later = image.stat().st_mtime_ns + 1_000_000_000
    image.write_bytes(b"other")
    os.utime(image, ns=(later, later))
    assert not is_finished(image, read_record(image), PARTS, "copy")


def test_one_that_is_cut_short_is_built_again(image: Path) -> None:
    """Whatever its time says."""
    before = image.stat().st_mtime_ns
    image.write_bytes(b"byte")
    os.utime(image, ns=(before, before))
    assert not is_finished(image, read_record(image), PARTS, "copy")


def test_one_that_is_gone_is_built_again(image: Path) -> None:
    """Its record alone says nothing."""
    image.unlink()
    assert not is_finished(image, read_record(image), PARTS, "copy")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"node": "n1"}', b"\xff"])
def test_a_record_that_nobody_can_read_is_none(data: bytes, image: Path) -> None:
    """A crash in between costs one more build, and no error."""
    record_path(image).write_bytes(data)
    assert read_record(image) is None
    assert not is_finished(image, read_record(image), PARTS, "copy")


def test_the_record_stands_hidden_beside_its_image(image: Path) -> None:
    """A person who copies `*.raw` to a stick copies no records."""
    assert image.parent / ".n1.raw.built.json" == record_path(image)
    assert record_path(image).is_file()


def test_other_bytes_of_the_same_parts_and_tools_are_an_error(image: Path) -> None:
    other = replace(MADE, digest=OTHERS)
    with pytest.raises(OutsideFailure, match=rf"n1\.raw.*{BYTES} before and {OTHERS} now"):
        check_repeats(image, MADE, other)


@pytest.mark.parametrize(
    "made",
    [
        MADE,
        replace(MADE, digest=OTHERS, parts=OTHERS),
        replace(MADE, digest=OTHERS, tools={"xorriso": "1.5.7"}),
        replace(MADE, digest=OTHERS, share="reference"),
    ],
)
def test_other_bytes_of_other_parts_or_tools_are_none(made: Record, image: Path) -> None:
    """A new version of a tool may lay out differently, and the first build has nothing to repeat."""
    check_repeats(image, MADE, made)
    check_repeats(image, None, made)
    with pytest.raises(OutsideFailure) as caught:
        check_repeats(image, replace(made, digest=f"sha256:{'d' * 64}"), made)
    assert ["not-repeated"] == [problem.code for problem in caught.value.problems]
