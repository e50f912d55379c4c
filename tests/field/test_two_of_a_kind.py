"""A program has two components of a kind: what each makes carries its name.

Source: pulumi/pulumi#4625, pulumi/pulumi-kubernetes#2247: a URN has the type of the parent, not its name,
so the children of two components of a type collide.
"""

from typing import Any

HUBS = """
for name in ("north", "south"):
    edgefleet.ControlPlane(name, {"hub": {"kind": "none", "bucket": f"field-{name}", "cloud": cloud}})
"""


def test_two_hubs_stand_side_by_side(stack: Any) -> None:
    stack.write(HUBS, cloud={"region": "eu-west-1", "endpoint": stack.cloud.url["mine"], "profile": "mine"})
    run = stack.up()
    assert "succeeded" == run.result, run.text
    made = {"north", "north/artifacts", "south", "south/artifacts"}
    assert made == {name for name in stack.state() if name != "field-dev"}
    assert {} == stack.preview().ops
    assert "succeeded" == stack.destroy().result


def test_two_hubs_of_one_region_are_refused(stack: Any) -> None:
    """Both would have the same names, keys and tokens: preview names both."""
    hub = {"kind": "eks", "identity": {"sites": False}}
    stack.write(
        f"""
for name in ("north", "south"):
    hub = {hub!r} | {{"bucket": f"field-{{name}}", "cloud": cloud}}
    edgefleet.ControlPlane(name, {{"hub": hub, "region": "eu"}})
""",
        cloud={"region": "eu-west-1", "endpoint": stack.cloud.url["mine"], "profile": "mine"},
    )
    run = stack.preview()
    assert run.result in {"refused", "failed"}  # the CLI has one word for both
    assert "south and north are both the hub of the region eu" in run.text
