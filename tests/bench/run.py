"""``make bench``: every figure of README, measured here and now, as ratios within one run."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime

from tests.bench import bench_engine, hub, peers, preview, seeds
from tests.bench.table import Row, machine, markdown

SECTIONS: tuple[tuple[str, Callable[[], list[Row]]], ...] = (
    ("Loading and validating", preview.load_rows),
    ("Seed images", seeds.seed_rows),
    ("The engine alone", bench_engine.engine_rows),
    ("Preview", preview.preview_rows),
    ("Whole operations", peers.engine_rows),
    ("The hub", hub.hub_rows),
)


def main() -> None:
    """Measure and print, section by section; figures come as they are found."""
    print(f"{machine()}, {datetime.now(UTC):%Y-%m-%d}\n")
    missed = 0
    for title, rows_of in SECTIONS:
        rows = rows_of()
        missed += sum(row.is_met is False for row in rows)
        print(f"### {title}\n\n{markdown(rows)}\n", flush=True)
    if missed:
        print(f"{missed} aims missed, marked no above", file=sys.stderr)


if __name__ == "__main__":
    main()
