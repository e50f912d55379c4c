"""Every parser of outside data survives it: a documented error or a value, in time and in bounded memory.

`make test` tries a few inputs of each parser, the same every time; `make fuzz` tries new ones for minutes.
"""

from contextlib import suppress
from pathlib import Path

import pytest
from tests.fuzz.conftest import FEW, Fuzz
from tests.fuzz.parsers import PARSERS

pytestmark = pytest.mark.fuzz


@pytest.mark.parametrize("name", PARSERS)
def test_whole_documents_are_accepted(name: str, tmp_path: Path) -> None:
    """So that changes of them reach more than the first check."""
    parser, count = PARSERS[name], 0
    with parser.open(tmp_path) as parse:
        for document in parser.whole():
            parse(document)
            count += 1
    assert count > 0


@pytest.mark.parametrize("name", PARSERS)
def test_outside_data_raises_documented_errors_only(name: str, fuzz: Fuzz, tmp_path: Path) -> None:
    """No other exception, no hang, no memory beyond the bound."""
    parser = PARSERS[name]
    with parser.open(tmp_path) as parse:

        def survive(data: bytes) -> None:
            with suppress(*parser.raises):
                parse(data)

        assert fuzz(parser.change(*parser.whole()), survive) >= FEW
