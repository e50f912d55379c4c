"""A QR code as one path of straight lines, to be drawn in any size. Pure."""

from dataclasses import dataclass
from itertools import groupby

import segno

QUIET = 4
"""Modules of white around it (ISO/IEC 18004, 9.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QrCode:
    """A code as a drawing."""

    text: str
    """Its content."""
    size: int
    """Modules a side, the white around it included."""
    path: str
    """Of the dark modules, as SVG writes paths (``M4 4h7v1h-7z``), in modules."""


def qr_code(text: str) -> QrCode:
    """The code for `text`: the smallest that can be read with 15 % of it dirty or torn."""
    matrix = segno.make_qr(text, error="m").matrix
    runs = (run for y, row in enumerate(matrix, start=QUIET) for run in _runs(row, y))
    return QrCode(text=text, size=len(matrix) + 2 * QUIET, path="".join(runs))


def _runs(row: bytearray, y: int) -> list[str]:
    """Rectangles for the dark modules of one row."""
    runs, x = [], QUIET
    for is_dark, modules in groupby(row):
        length = len(list(modules))
        if is_dark:
            runs.append(f"M{x} {y}h{length}v1h-{length}z")
        x += length
    return runs
