"""A key that nothing knows is refused with the nearest one, and a key has one spelling.

Source: pulumi/pulumi-kubernetes#777 and pulumi/pulumi-terraform-module#845: a misspelt argument is dropped in
silence; pulumi/pulumi#3151 and pulumi/pulumi#11388: keys in snake case are converted in part, and differ for
ever.
"""

from typing import Any

import pytest

TABLE = {
    "a component": ('edgefleet.ControlPlane("hub", {"bukcet": "x-y-z"})', ("bukcet", "did you mean bucket?")),
    "a component in snake case": (
        'edgefleet.ControlPlane("hub", {"bucket": "x-y-z", "hub_key": "k"})',
        ("hub_key", "did you mean hubKey?"),
    ),
    "inside a component": (
        'edgefleet.ControlPlane("hub", {"hub": {"kind": "none", "bukcet": "x-y-z"}})',
        ("hub.bukcet", "did you mean bucket?"),
    ),
    "snake case inside a component": (
        'edgefleet.ControlPlane("hub", {"hub": {"kind": "none", "network": {"vpc_id": "vpc-01234567"}}})',
        ("vpc_id", "did you mean vpcId?"),
    ),
    "both forms of a hub": (
        'edgefleet.ControlPlane("hub", {"bucket": "x-y-z", "hub": {"kind": "none"}})',
        ("bucket", "hub: {bucket: ...}"),
    ),
    "a fleet": (
        'edgefleet.Fleet("f", {"file": "x.yaml", "sercet": "x", "secret": "y"})',
        ("sercet", "did you mean secret?"),
    ),
    "a resource": (
        'from edgefleet.fleet.aws import Bucket\nBucket("b", {"name": "x-y-z", "polcy": {}})',
        ("polcy", "did you mean policy?"),
    ),
    "a resource in snake case": (
        'from edgefleet.fleet.aws import Bucket\nBucket("b", {"name": "x-y-z", "force_destroy": True})',
        ("force_destroy", "did you mean forceDestroy?"),
    ),
    "a reference in snake case": (
        """from edgefleet.fleet.aws import Subnet
Subnet("s", {"vpc_id": "vpc-01234567", "cidr": "10.0.0.0/24", "zone": "eu-central-1a"})""",
        ("vpc_id", "did you mean vpcId?"),
    ),
    "a provider": (
        """from edgefleet.fleet.aws import Bucket
mine = edgefleet.Provider("m", {"role_arn": "arn:aws:iam::210987654321:role/x"})
Bucket("b", {"name": "x-y-z"}, pulumi.ResourceOptions(provider=mine))""",
        ("role_arn", "did you mean roleArn?"),
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_a_preview_names_the_nearest_key(stack: Any, case: str) -> None:
    program, words = TABLE[case]
    run = stack.preview(program)
    assert "succeeded" != run.result
    assert [] == [word for word in words if word not in run.text], run.text
    assert [] == stack.calls
