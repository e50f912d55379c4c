"""What changed between two images is listed by file; what is secret is compared and not shown."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.images.conftest import needs
from tests.site.conftest import BUILD_KEY, Plan
from tests.site.test_verification import FORMATS, nothing, overwrite, put_in_cache

from edgefleet.errors import InvalidInput
from edgefleet.keys.derivation import token
from edgefleet.report import image_difference
from edgefleet.site import image_diff
from edgefleet.site.building import BuildContext, build_site

pytestmark = needs("sfdisk", "mkfs.vfat", "mcopy", "mksquashfs")
Build = Callable[..., Path]


@pytest.fixture
def build(shop: BuildContext, plan: Plan) -> Build:
    """The image of a node, in a folder of its own; named with what differs."""
    count = 0

    def make(file: str = "n1.iso", **node: Any) -> Path:
        nonlocal count
        count += 1
        there = replace(shop, out=shop.out / str(count))
        built = build_site(plan(n1={"image": {"format": "nocloud"}} | node), context=there)
        assert () == built.problems
        return there.out / "berlin" / file

    return make


def difference(old: Path, new: Path) -> image_diff.Difference:
    """What changed."""
    return image_diff.compare(image_diff.side(old, nothing), image_diff.side(new, nothing))


def shown(found: image_diff.Difference) -> str:
    """As people see it."""
    return "\n".join(line.plain for line in image_difference.lines(found))


def test_an_image_does_not_differ_from_its_copy(build: Build) -> None:
    """Built twice it is the same, and the report states it."""
    found = difference(build(), build())
    assert (True, "the same image") == (found.is_none, shown(found))


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_box_gets_otherwise_is_shown(name: str, build: Build) -> None:
    """In every format the same: a text that is no secret line by line, one that is as differing."""
    image, file = FORMATS[name]
    found = difference(
        build(file, image=image, labels={"shop": "a"}), build(file, image=image, labels={"shop": "b"})
    )
    on_node = {change.path: change for change in found.node_files}
    config = on_node["/etc/rancher/k3s/config.yaml"]
    assert (True, ()) == (config.is_secret, config.diff)
    said = shown(found) + json.dumps(image_diff.plain(found))
    assert token(BUILD_KEY, "k3s-server-token") not in said
    assert "PRIVATE KEY" not in said
    assert "holds secrets and is not shown" in said


def test_files_that_come_and_go_are_reported_with_what_they_are(shop: BuildContext, build: Build) -> None:
    """Payload, base and releases; sizes, modes and owners."""
    one = put_in_cache(shop, b"one" * 1000) | {"version": "v1.36.4+k3s1"}
    other = put_in_cache(shop, b"other" * 1000) | {"version": "v1.36.5+k3s1"}
    shim = put_in_cache(shop, b"shim") | {"path": "bin/containerd-shim-spin-v2", "version": "v0.24.0"}
    found = difference(build("n1.payload.raw", payload=[one]), build("n1.payload.raw", payload=[other, shim]))
    assert [("payload/SHA256SUMS", "changed"), ("payload/bin/containerd-shim-spin-v2", "added")] == [
        (change.path, change.kind) for change in found.medium
    ][:2]
    said = shown(found)
    assert "+ payload/bin/containerd-shim-spin-v2  0755 root:root 4 bytes" in said
    assert "~ payload/bin/k3s  3,000 -> 5,000 bytes; differs" in said
    assert "k3s: v1.36.4+k3s1 sha256:" in said
    assert "containerd-shim-spin-v2: (none) -> v0.24.0" in said


def test_text_on_the_medium_is_shown_where_it_is_no_secret(build: Build) -> None:
    """Names and addresses are; what holds the node's secrets is not."""
    found = difference(build(hostname="till-1"), build(hostname="till-2"))
    medium = {change.path: change for change in found.medium}
    assert {"-local-hostname: till-1", "+local-hostname: till-2"} <= set(medium["meta-data"].diff)
    assert (True, ()) == (medium["user-data"].is_secret, medium["user-data"].diff)


def test_a_passphrase_is_not_shown(shop: BuildContext, plan: Plan) -> None:
    """A network's file is, until it holds one."""
    images = []
    for word in ("correct horse", "battery staple"):
        job = plan(
            n1={
                "image": {"format": "nocloud"},
                "network": {"wifi": {"ssid": "shop", "passphrase": "{secret: shop}"}},
            }
        )
        job = replace(job, passphrases={"shop": word})
        there = replace(shop, out=shop.out / word.partition(" ")[0])
        assert () == build_site(job, context=there).problems
        images.append(there.out / "berlin" / "n1.iso")
    found = difference(images[0], images[1])
    network = {change.path: change for change in found.medium}["network-config"]
    assert ("changed", True, ()) == (network.kind, network.is_secret, network.diff)
    assert "correct" not in shown(found)


def test_an_image_that_was_changed_since_is_not_compared(
    shop: BuildContext, plan: Plan, build: Build
) -> None:
    """What would be shown is not what was built; no file system is read, and verifying names the file."""
    build_site(plan(), context=shop)
    image = shop.out / "berlin" / "n1.raw"
    overwrite(image, "seed", lambda data: data.replace(b"hostname: n1", b"hostname: n7"))
    with pytest.raises(InvalidInput, match="does not match its manifest: its bytes differ"):
        difference(image, build())


def test_of_an_image_that_is_gone_its_manifest_is_compared(build: Build) -> None:
    """As after an upload; texts are not there to be shown."""
    old, new = build(hostname="till-1"), build(hostname="till-2")
    old.unlink()
    found = difference(old, new)
    assert {"meta-data", "user-data"} <= {change.path for change in found.medium}
    assert all(not change.diff for change in found.medium if change.kind == "changed")
