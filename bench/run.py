"""``make bench``: every figure of the documentation, measured here and now, as ratios within one run.

``python -m bench.run images composed`` measures the sections that are named, in the bench's order.
"""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bench import (
    engine,
    hub,
    image_bulk,
    image_composing,
    modules,
    peers,
    preview,
    rollouts,
    seeds,
    workloads,
)
from bench.processes import RunError
from bench.table import Row, machine, markdown

SECTIONS: dict[str, tuple[str, Callable[[], list[Row]]]] = {
    "loading": ("Loading and validating", preview.load_rows),
    "seeds": ("Seed images", seeds.seed_rows),
    "composed": ("Composed images", image_composing.composing_rows),
    "images": ("Images of a region", image_bulk.bulk_rows),
    "engine": ("The engine alone", engine.engine_rows),
    "preview": ("Preview", preview.preview_rows),
    "workloads": ("Workloads", workloads.workload_rows),
    "modules": ("Containers and modules", modules.module_rows),
    "operations": ("Whole operations", peers.engine_rows),
    "hub": ("The hub", hub.hub_rows),
    "rollouts": ("Rollouts", rollouts.rollout_rows),
}


def main(names: Sequence[str]) -> int:
    """Measure and print, section by section; figures come as they are measured.

    Returns:
        1 where one of our own programs failed or a required aim was missed, else 0.
    """
    if unknown := [name for name in names if name not in SECTIONS]:
        print(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    print(f"{machine()}, {datetime.now(UTC):%Y-%m-%d}\n")
    missed: list[Row] = []
    for title, rows_of in (SECTIONS[name] for name in SECTIONS if name in (names or SECTIONS)):
        rows = _measured_rows(title, rows_of)
        missed += [row for row in rows if row.is_met is False]
        print(f"### {title}\n\n{markdown(rows)}\n", flush=True)
    if missed:
        print(f"{len(missed)} aims missed, marked no above", file=sys.stderr)
    return int(any(row.is_required for row in missed))


def _measured_rows(title: str, rows_of: Callable[[], list[Row]]) -> list[Row]:
    """The rows of a section; where one of our own programs fails, one row that reports it."""
    try:
        return rows_of()
    except RunError as failure:
        return [Row(what=title, ours=f"failed: {failure}", is_met=False, is_required=True)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
