"""What random programs once broke, kept."""

import time
from typing import Any

from tests.pulumi_embedded.conftest import SERVICER

PROTECTED = """
cloud = Cloud("cloud", {"region": REGION})
Thing("first", {"value": 1}, Opts(provider=cloud, protect=True))
"""


def test_a_replaced_provider_serves_what_could_not_be_deleted(project: Any) -> None:
    """It waits for its own deletion as long as something that it made is there."""
    project.write(f"REGION = 'eu'{PROTECTED}")
    project.run("up")
    project.write("Cloud('cloud', {'region': 'us'})")
    assert "failed" == project.run("up").result
    project.write(f"REGION = 'us'{PROTECTED}".replace("protect=True", "protect=False"))
    outcome = project.run("up")
    assert "succeeded" == outcome.result, outcome.diagnostics
    project.write("")
    assert {"first": "delete", "cloud": "delete"} == project.ops("up")
    assert [] == project.things()


def test_what_its_protection_kept_is_deleted_by_the_provider_that_made_it(project: Any) -> None:
    """Once it is unprotected, though the program has another provider of that name by then."""
    project.write(f"REGION = 'eu'{PROTECTED}")
    project.run("up")
    project.write("Cloud('cloud', {'region': 'us'})")
    assert "failed" == project.run("up").result
    project.checkpoint.write_text(project.checkpoint.read_text().replace('"protect":true,', ""))
    assert {"first": "delete"} == {
        name: op for name, op in project.ops("up").items() if not name.startswith("cloud")
    }
    assert [] == project.things()


def slow_to_delete(overlaps: list[str]) -> Any:
    """A provider that deletes slowly, and notes what is created beside its own old half."""

    def delete(self: Any, request: Any, context: Any) -> Any:
        time.sleep(0.6)
        return SERVICER.Delete(self, request, context)

    def create(self: Any, request: Any, context: Any) -> Any:
        name = request.urn.rpartition("::")[2]
        if name == "before":
            time.sleep(0.2)  # until the deletion has begun
        if not request.preview and [*self._things().glob(f"{name}-*.json")]:
            overlaps.append(name)
        return SERVICER.Create(self, request, context)

    return type("SlowToDelete", (SERVICER,), {"Delete": delete, "Create": create})


def test_what_was_deleted_first_is_created_once_it_is_gone(project: Any) -> None:
    """Also where it does not need what is replaced any more, and is registered during its deletion."""
    overlaps: list[str] = []
    project.factories["example"] = slow_to_delete(overlaps)
    project.write('first = Thing("first", {"slot": 1})\nThing("second", {"pin": first.serial})')
    project.run("up")
    project.write(
        'Thing("first", {"slot": 2})\nbefore = Thing("before", {"value": 1})\n'
        'Thing("second", {"pin": before.serial})'
    )
    assert {"first": "replace", "before": "create", "second": "replace"} == project.ops("up")
    assert [] == overlaps
    assert ["before-0", "first-1", "second-1"] == project.things()
