"""What a new field, format, step, runtime, cloud kind or command costs in files; `bench.structure` counts."""

import statistics
from pathlib import Path

import pytest
from bench.structure import KINDS, Checkout, hops

CHECKOUT = Checkout(Path(__file__).resolve().parents[2])
MOST = {
    "fleet-file field": (4, 11),
    "image format": (5, 12),
    "boot step": (3, 5),
    "runtime": (6, 11),
    "cloud kind": (2, 4),
    "command": (2, 10),
}
"""dict[kind -> (median, maximum) of the files that name a thing of it]: lower them where that can be kept."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_of_a_kind_is_named_in_few_files(kind: str) -> None:
    """Each file more is one to find for the author of the next thing."""
    counts = KINDS[kind](CHECKOUT)
    assert counts
    median, most = MOST[kind]
    assert {} == {name: count for name, count in counts.items() if count > most}
    assert statistics.median(counts.values()) <= median


def test_an_address_is_parsed_once_on_its_short_way() -> None:
    """From the fleet file's text to a seed and a sheet."""
    files, parsers = hops(CHECKOUT)
    assert 1 == parsers
    assert len(files) <= 10, files
