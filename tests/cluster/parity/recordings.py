"""What the real provider was recorded to do, and where the small one differs on purpose."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cluster.parity.playing import Shown, differences, without_messages

RECORDINGS = Path(__file__).parents[2] / "golden" / "pulumi_kubernetes"
ON_PURPOSE: tuple[tuple[str, str, str], ...] = (
    (
        "exists|exists-and-may-be-taken-over",
        r"\[0\]/plan/",
        "the preview is true: the real one passes, and its update then fails",
    ),
    (
        "service",
        r"\[2\]/plan/",
        "the preview is true: the real one fails where the predecessor has the name, and its update succeeds",
    ),
    (
        "conflict",
        r"\[1\]/state",
        "an update that the server refuses changes nothing on record; the real one records a failed one",
    ),
    (
        "conflict",
        r"\[2\]/state\[0\]/outputs/__inputs/spec/replicas",
        "what the program ignores stays among the inputs that it gave; the real one leaves it out",
    ),
    (
        "conflict",
        r"\[3\]/(plan|done)/events/.*/detailed/spec.replicas",
        "so its next change is an update of a value, and not a new one",
    ),
    (
        "claim",
        r".*/(inputs|__inputs)/spec/resources/requests/storage",
        "inputs are as the program writes them; the real one writes 1024Mi as 1Gi",
    ),
    (
        "custom-resource",
        r".*/inputs/spec/versions.*x.kubernetes.preserve.unknown.fields",
        "inputs have the names of the typed classes, as the outputs have in both",
    ),
)
"""(scenarios, places of differences, why): both are regular expressions."""


def record(name: str, runs: list[Shown]) -> None:
    """Keep what the real provider did."""
    RECORDINGS.mkdir(exist_ok=True)
    text = json.dumps(without_messages(runs), indent=1, sort_keys=True)
    (RECORDINGS / f"{name}.json").write_text(f"{text}\n")


def recorded(name: str) -> Any:
    """What it did; made with UPDATE_GOLDEN=1 by test_pulumi_kubernetes.py."""
    return json.loads((RECORDINGS / f"{name}.json").read_text())


def unexpected(name: str, expected: list[Shown], found: list[Shown]) -> list[str]:
    """The differences between two playings of a scenario that are on no purpose, and purposes without one."""
    lines = differences(without_messages(expected), without_messages(found))
    purposes = [place for scenarios, place, _ in ON_PURPOSE if re.fullmatch(scenarios, name)]
    return [
        *(line for line in lines if not any(re.match(place, line) for place in purposes)),
        *_unused(name, lines),
    ]


def _unused(name: str, lines: list[str]) -> Iterator[str]:
    for scenarios, place, why in ON_PURPOSE:
        if scenarios == name and not any(re.match(place, line) for line in lines):
            yield f"nothing differs at {place} any more: {why}"
