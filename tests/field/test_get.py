"""Every class has `get`: what another stack or a person made is read by its id, and never managed here.

Source: pulumi/pulumi#1123: each resource class has a static ``get``, and Python's had none;
pulumi/pulumi#10802: it is for shared resources that an engine must neither update nor delete.
"""

from typing import Any

import pytest

BUCKET = """
from edgefleet.fleet.aws import Bucket
"""
MAKE = BUCKET + 'Bucket("images", {"name": "field-images"})\n'
GET = (
    BUCKET
    + """
there = Bucket.get("there", "field-images")
pulumi.export("arn", there.arn)
pulumi.export("name", there.id)
"""
)


def test_an_existing_resource_is_read_and_never_managed(stack: Any) -> None:
    """Its outputs are known in preview; destroying the stack leaves it."""
    maker = stack.another("maker")
    assert "succeeded" == maker.up(MAKE).result
    planned = stack.preview(GET)
    assert {"field-dev": "create", "there": "read"} == planned.ops, planned.text
    run = stack.up()
    assert {"arn": "arn:aws:s3:::field-images", "name": "field-images"} == run.outputs, run.text
    assert stack.state()["there"]["external"]
    assert "succeeded" == stack.destroy().result
    assert "images" in maker.state()
    assert ["field-images"] == [each["Name"] for each in stack.cloud.aws().s3.list_buckets()["Buckets"]]


def test_what_does_not_exist_is_named(stack: Any) -> None:
    """By its id, and the run fails."""
    run = stack.preview(GET)
    assert "failed" == run.result
    assert "resource 'field-images' does not exist" in run.text


def test_images_of_a_site_are_read_by_their_place(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests of another project's images."""
    monkeypatch.chdir(stack.root)
    (stack.root / "images/sites/berlin").mkdir(parents=True)
    (stack.root / "images/sites/berlin/n1.iso").write_bytes(b"image")
    run = stack.preview(
        'cloud = edgefleet.Provider("cloud", {"region": "eu-central-1"})\n'
        "opts = pulumi.ResourceOptions(provider=cloud)\n"
        'site = edgefleet.Site.get("berlin", "file:images/sites/berlin", opts)\n'
        'pulumi.export("digest", site.images.apply(lambda images: images["n1"]["seed"]))\n'
    )
    expected = "sha256:6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"
    assert {"digest": expected} == run.outputs, run.text
