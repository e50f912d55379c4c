"""An option of a component reaches the resources in it, or a destroy deletes what was to be kept.

Source: pulumi/pulumi#12158 (`deletedWith` is not inherited), pulumi/pulumi-kubernetes#3065 (`retainOnDelete`
does not reach the resources of a chart), pulumi/docs, Concepts/Resources/Options/parent.
"""

from typing import Any

import pytest

PROGRAM = """
from edgefleet.fleet.aws import Bucket
settings = {"region": "eu-west-1", "endpoint": address, "profile": "mine"}
mine = edgefleet.Provider("mine", settings)
base = Bucket("base", {"name": "field-base"}, pulumi.ResourceOptions(provider=mine))
more = eval(f"pulumi.ResourceOptions({option})")
opts = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(providers=[mine]), more)
edgefleet.ControlPlane("hub", {"bucket": "field-images"}, opts)
"""


@pytest.mark.parametrize(
    ("option", "kept"),
    [("", []), ("retain_on_delete=True", ["field-images"]), ("deleted_with=base", ["field-images"])],
)
def test_a_destroy_keeps_the_bucket_of_a_hub_as_the_hub_says(
    stack: Any, option: str, kept: list[str]
) -> None:
    """The emulated AWS does not delete a bucket with another, so what is deleted with one stays."""
    stack.write(PROGRAM, address=stack.cloud.url["mine"], option=option)
    run = stack.up()
    assert "succeeded" == run.result, run.text
    assert "succeeded" == stack.destroy().result
    assert {} == stack.state()
    assert kept == [bucket["Name"] for bucket in stack.cloud.aws().s3.list_buckets()["Buckets"]]
    assert {("mine", "eu-west-1", "mine")} == {
        (call.account, call.region, call.endpoint) for call in stack.calls
    }


def test_a_protected_hub_keeps_its_bucket(stack: Any) -> None:
    """The destroy fails and names the bucket."""
    stack.write(PROGRAM, address=stack.cloud.url["mine"], option="protect=True")
    assert "succeeded" == stack.up().result
    run = stack.destroy()
    assert "failed" == run.result
    assert "edgefleet:aws:Bucket::" in run.text
    assert "cannot be deleted" in run.text
    assert "field-images" in [bucket["Name"] for bucket in stack.cloud.aws().s3.list_buckets()["Buckets"]]
