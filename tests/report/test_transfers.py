"""Downloads are told as bytes: on a terminal by a bar that goes away, elsewhere by a line."""

import io

import pytest
from rich.console import Console

from edgefleet.report.transfers import Transfers


@pytest.mark.parametrize("is_animated", [False, True])
def test_progress(*, is_animated: bool) -> None:
    """How much there is to fetch is said at once; a bar leaves nothing behind."""
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=is_animated)
    with Transfers(console, 2, 3_000, is_animated=is_animated) as transfers:
        transfers.told("a", 1_000, 1_000)
        transfers.told("b", 500, None)
        assert 1_500 == transfers.here
    if not is_animated:
        assert "fetching 2 files, 3,000 bytes ...\n" == file.getvalue()
    else:
        assert file.getvalue().endswith("\x1b[2K")
