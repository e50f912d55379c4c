"""What random programs once broke, kept."""

from typing import Any

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
