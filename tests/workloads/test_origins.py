"""From a value of an object to the field of its workload."""

from typing import Any

import pytest

from edgefleet.workloads.origins import origin

FIELDS = {
    "kind": "job",
    "schedule": "61 3 * * *",
    "environment": {"STORE": "alpha", "OTHER": "on"},
    "labels": {"a": "on"},
    "retries": 3,
    "patches": [{"kind": "CronJob", "merge": {"spec": {"replcas": 2, "parallelism": 3, "deep": {"x": 1}}}}],
}
MERGE = ("patches", 0, "merge", "spec")
CASES: dict[str, tuple[str, Any, tuple[str | int, ...]]] = {
    "a text that only one field has": ("spec.schedule", "61 3 * * *", ("schedule",)),
    "a text of a field with another name": ("spec.env[0].value", "alpha", ("environment", "STORE")),
    "a short text may be equal by chance": ("spec.env[1].value", "on", ()),
    "a number that a field of that name has": ("spec.parallelism", 3, (*MERGE, "parallelism")),
    "a number of other fields": ("spec.completions", 3, ()),
    "a number is no truth value": ("spec.deep.x", True, ()),
    "a key that is nowhere else": ("spec.replcas", None, (*MERGE, "replcas")),
    "a key that holds more": ("spec.template.deep", None, (*MERGE, "deep")),
    "a key in brackets": ("metadata.labels[a]", "on", ("labels", "a")),
    "nothing of the workload": ("metadata.uid", "0b5a1e", ()),
    "no path": ("", None, ()),
}


@pytest.mark.parametrize("what", CASES)
def test_a_value_leads_to_its_field_or_to_the_workload(what: str) -> None:
    path, value, expected = CASES[what]
    item: Any = {
        "spec": {
            "schedule": value,
            "env": [{"value": value}, {"value": value}],
            "parallelism": value,
            "completions": value,
            "deep": {"x": value},
        },
        "metadata": {"labels": {"a": value}, "uid": value},
    }
    assert expected == origin(FIELDS, item, path)
