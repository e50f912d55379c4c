"""Calls go to the account, region and endpoint that the program names, and nowhere else.

Source: pulumi/pulumi-eks#369, pulumi/pulumi-awsx#314: what is given a provider is made with the ambient one;
pulumi/pulumi-aws#3259: it is deployed to the wrong account without a word.
"""

from typing import Any

BUCKET = 'from edgefleet.fleet.aws import Bucket\nBucket("images", {"name": "field-images"}, opts)\n'
OWN = """
settings = {"region": "eu-west-1", "endpoint": address, "profile": "mine"}
opts = pulumi.ResourceOptions(provider=edgefleet.Provider("mine", settings))
"""


def places(stack: Any) -> set[tuple[str, str, str]]:
    return {(call.account, call.region, call.endpoint) for call in stack.calls}


def test_a_resource_without_a_provider_is_made_in_the_ambient_account(stack: Any) -> None:
    """Preview plans it, up makes it, a second preview has nothing to do, destroy removes it."""
    program = f"opts = None\n{BUCKET}"
    assert {"field-dev": "create", "images": "create"} == stack.preview(program).ops
    assert "succeeded" == stack.up().result
    assert {} == stack.preview().ops
    assert {("ambient", "eu-central-1", "ambient")} == places(stack)
    assert "field-images" == stack.state()["images"]["id"]
    assert "succeeded" == stack.destroy().result
    assert {} == stack.state()
    assert [] == stack.cloud.aws().s3.list_buckets()["Buckets"]


def test_a_resource_of_an_own_provider_is_made_in_its_account_alone(stack: Any) -> None:
    """Its profile's key, its region, its endpoint."""
    stack.write(OWN + BUCKET, address=stack.cloud.url["mine"])
    run = stack.up()
    assert "succeeded" == run.result, run.text
    assert {("mine", "eu-west-1", "mine")} == places(stack)
