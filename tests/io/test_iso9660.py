"""ISO images: the same bytes on every day, readable by other programs."""

import io
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pycdlib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.images.on_disk import contents

from edgefleet.io.installer_iso import read_installer
from edgefleet.io.iso9660 import iso, read_iso

FILES = {"user-data": b"#cloud-config\n" + b"x" * 9_000, "meta-data": b"a", "network-config": b"version: 2\n"}


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(sorted(FILES)), st.binary(max_size=5_000), min_size=1))
def test_what_goes_in_comes_out(files: dict[str, bytes]) -> None:
    """Any content of any length, byte for byte."""
    assert files == contents(read_iso(iso("cidata", files)))


def test_every_date_is_the_fixed_one() -> None:
    """No field of any record holds the time of day; read by the structure as pycdlib parses it."""
    image = pycdlib.PyCdlib()
    image.open_fp(io.BytesIO(iso("cidata", FILES)))
    dates = set()
    for kind in ({"iso_path": "/"}, {"rr_path": "/"}, {"joliet_path": "/"}):
        for child in image.list_children(**kind):
            dates.add((child.date.years_since_1900, child.date.month, child.date.day_of_month))
            if child.rock_ridge is not None:
                stamp = child.rock_ridge.dr_entries.tf_record or child.rock_ridge.ce_entries.tf_record
                dates.add(
                    (
                        stamp.modification_time.years_since_1900,
                        stamp.modification_time.month,
                        stamp.modification_time.day_of_month,
                    )
                )
    image.close()
    assert {(80, 1, 1)} == dates


def test_no_year_of_this_century_stands_in_a_descriptor() -> None:
    """Volume descriptors write dates as digits; none but the fixed year is there."""
    data = iso("cidata", FILES)
    descriptors = data[16 * 2048 : 19 * 2048]
    assert {b"1980"} == set(re.findall(rb"(?:19|20)\d\d(?=[01]\d[0-3]\d)", descriptors))


@pytest.mark.skipif(shutil.which("isoinfo") is None, reason="needs isoinfo: apt-get install genisoimage")
@pytest.mark.parametrize("names", ["-R", "-J"])
def test_another_program_reads_the_names_and_the_bytes(tmp_path: Path, names: str) -> None:
    """Rock Ridge and Joliet both keep the hyphens that cloud-init looks for."""
    path = tmp_path / "seed.iso"
    path.write_bytes(iso("cidata", FILES))
    for name, content in FILES.items():
        done = subprocess.run(
            ["isoinfo", names, "-i", str(path), "-x", f"/{name}"], capture_output=True, check=True, timeout=30
        )
        assert content == done.stdout


@pytest.mark.skipif(shutil.which("isoinfo") is None, reason="needs isoinfo: apt-get install genisoimage")
def test_whoever_mounts_it_only_root_reads_it(tmp_path: Path) -> None:
    """A seed holds the node's secrets; every file is root's and of mode 0400."""
    path = tmp_path / "seed.iso"
    path.write_bytes(iso("cidata", FILES))
    listing = subprocess.run(
        ["isoinfo", "-R", "-l", "-i", str(path)], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    found = re.findall(r"^(\S+)\s+\d+\s+(\d+)\s+(\d+)\s+(\d+) Jan  1 1980 .* (\S+) $", listing, re.MULTILINE)
    expected = {("-r--------", "0", "0", str(len(content)), name) for name, content in FILES.items()}
    assert expected == {entry for entry in found if entry[4] not in {".", ".."}}


@pytest.mark.parametrize(
    "data", [b"", b"x" * 70_000, iso("cidata", FILES)[:40_000]], ids=["empty", "rubbish", "cut"]
)
def test_what_is_no_image_is_reported(data: bytes) -> None:
    """A damaged image is a ValueError, never the library's own."""
    with pytest.raises(ValueError, match=r"."):
        contents(read_iso(data))


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(16 * 2048, 30 * 2048), st.integers(0, 255)), min_size=1, max_size=4))
@example([(59_599, 255)])
def test_a_damaged_image_is_a_value_error(edits: list[tuple[int, int]]) -> None:
    """Whatever is changed in the records: here, a directory that no table lists."""
    data = bytearray(iso("cidata", FILES | {"meta-data": b"a" * 3_000}))
    for at, value in edits:
        data[at] = value
    with suppress(ValueError):
        contents(read_iso(bytes(data)))


@pytest.mark.skipif(shutil.which("xorriso") is None, reason="needs xorriso: apt-get install xorriso")
def test_an_installer_with_a_name_of_several_lines(tmp_path: Path) -> None:
    """It is one file, as xorriso quotes it."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "it's\nnew").write_text("a")
    image = tmp_path / "installer.iso"
    command = ["xorriso", "-outdev", f"stdio:{image}", "-map", str(tmp_path / "tree"), "/", "-commit"]
    subprocess.run(command, check=True, capture_output=True)
    assert {"/it's\nnew"} == read_installer(image, []).files
