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
