"""QR codes as paths: what is drawn is what a reader reads."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.report.site_sheet import QUIET, QrCode, qr_code


def drawn(code: QrCode) -> list[list[bool]]:
    """The modules that the path of `code` covers, drawn as a browser would."""
    field = [[False] * code.size for _ in range(code.size)]
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", code.path)
    assert code.path == "".join(f"M{x} {y}h{there}v1h-{back}z" for x, y, there, back in runs)
    for x, y, there, back in runs:
        assert there == back
        for at in range(int(x), int(x) + int(there)):
            field[int(y)][at] = True
    return field


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=120))
def test_what_is_drawn_is_the_code_with_white_around_it(text: str) -> None:
    """Module by module, against the encoder's own matrix."""
    field = drawn(qr_code(text))
    matrix = segno.make_qr(text, error="m").matrix
    inner = [row[QUIET:-QUIET] for row in field[QUIET:-QUIET]]
    assert [[bool(each) for each in row] for row in matrix] == inner
    assert sum(map(sum, inner)) == sum(map(sum, field))


@pytest.mark.parametrize(
    "text", ["https://shops.example/eu/store-0007", "edgefleet:retail/eu-central-1/de-ber-001"]
)
def test_a_reader_reads_it(text: str, tmp_path: Path) -> None:
    """A program that reads codes from pictures is an independent witness."""
    tool = shutil.which("zbarimg")
    if tool is None:
        pytest.skip("needs zbarimg: apt-get install zbar-tools")
    scale = 6
    rows = [[pixel for module in row for pixel in [module] * scale] for row in drawn(qr_code(text))]
    lines = [bytes(0 if pixel else 255 for pixel in row) for row in rows for _ in range(scale)]
    picture = tmp_path / "code.pgm"
    picture.write_bytes(b"P5 %d %d 255\n" % (len(rows[0]), len(lines)) + b"".join(lines))
    done = subprocess.run([tool, "--quiet", "--raw", picture], capture_output=True, text=True, check=True)
    assert f"{text}\n" == done.stdout
