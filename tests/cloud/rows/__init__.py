"""The lifecycle table: each module `<kind>.py` here has a `ROW`."""

from importlib import import_module
from pathlib import Path

from tests.cloud.rows.row import Row

ROWS: tuple[Row, ...] = tuple(
    import_module(f"{__name__}.{path.stem}").ROW
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if path.stem not in {"__init__", "row"}
)
