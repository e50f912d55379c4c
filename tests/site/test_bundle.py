"""Bundles: what a node fetches is what its image would write, encrypted to it."""

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot.test_heartbeat import BY, HUB
from tests.keys.channel import pair
from tests.site.conftest import KEY, PASSPHRASES
from tests.site.test_render import variants

from edgefleet.boot import facts, release_channel
from edgefleet.images.base.cloud_init_fallback import placed
from edgefleet.keys.release_encryption import encryption_password
from edgefleet.keys.site_certificate import identified
from edgefleet.model.changes import declared_effect
from edgefleet.model.channel import ChannelAccess, RolesAnywhere, SiteChannel
from edgefleet.model.effects import Effect
from edgefleet.model.firstboot import FirstBoot, Step, Target
from edgefleet.model.site import Arch, SiteSpec
from edgefleet.site.bundle import bundle, with_plan
from edgefleet.site.first_boot import first_boots
from edgefleet.site.release import release_of
from edgefleet.site.render import rendered

PASSWORD = encryption_password(KEY, node="n1")
Sites = dict[str, SiteSpec]


@pytest.fixture
def site(sites: Sites) -> SiteSpec:
    """A golden site with a channel."""
    access = ChannelAccess(gateway="https://updates.shops.example")
    found = SiteChannel(roots=(pair(1).key.pem.strip(), pair(2).key.pem.strip()), access=access)
    return replace(identified(sites["recipe-1/server-static"], KEY, BY, HUB), channel=found)


def whole(site: SiteSpec) -> tuple[FirstBoot, str]:
    """The first boot of its node with all records, and the digest of the node's part."""
    boot = with_plan(site, first_boots(site, KEY, PASSPHRASES)["n1"])
    part = release_of(site, {"n1": boot}, KEY).parts["n1"]
    return replace(boot, files=(facts.release(part), *boot.files)), part


def opened(data: bytes, folder: Path) -> dict[str, bytes]:
    """dict[member -> content], read by the programs of a node."""
    (folder / "key").write_text(f"{PASSWORD}\n")
    options = ["-aes-256-ctr", "-pbkdf2", "-iter", "1", "-md", "sha256", "-pass", f"file:{folder / 'key'}"]
    plain = subprocess.run(["openssl", "enc", "-d", *options], input=data, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(plain.stdout))) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr] # all are files


def test_a_bundle_has_what_the_image_writes(site: SiteSpec, tmp_path: Path) -> None:
    """Each file once, by its number in the plan, which is the record that the image has."""
    boot, part = whole(site)
    files = {file.path: file for file in placed(boot)}
    members = opened(bundle(boot, PASSWORD), tmp_path)
    plan = members.pop("plan")
    assert files[release_channel.MANAGED].content == plan
    lines = [line.split(" ", 4) for line in plan.decode().splitlines() if line.startswith("file ")]
    assert sorted(files) == [path for *_, path in lines]
    assert set(members) == {f"files/{number}" for _, number, *_ in lines}
    for _, number, mode, owner, path in lines:
        assert (f"{files[path].mode:04o}", files[path].owner) == (mode, owner)
        assert files[path].content == members[f"files/{number}"]
    assert f"{part}\n".encode() == files[facts.RELEASE].content


def test_a_bundle_is_the_same_each_time(site: SiteSpec) -> None:
    assert bundle(whole(site)[0], PASSWORD) == bundle(whole(site)[0], PASSWORD)


CHANGES: dict[str, Callable[[SiteSpec], SiteSpec]] = {
    "a user's key": lambda site: replace(site, users=site.users[:1]),
    "the time zone": lambda site: replace(site, timezone="Europe/Paris"),
    "a command": lambda site: replace(
        site, nodes={"n1": replace(site.nodes["n1"], commands=("touch /etc/x",))}
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_that_no_file_has_is_another_release(site: SiteSpec, what: str) -> None:
    """The node compares the digest of its part alone."""
    assert whole(site)[1] != whole(CHANGES[what](site))[1]


@pytest.mark.filterwarnings("ignore:Pydantic serializer")  # values of other types than a fleet file has
def test_what_an_image_has_is_in_the_bundle_or_takes_another_image(sites: Sites) -> None:
    """Each change of a seed changes the part of the release, or the digest of what only images have."""
    by_image: set[str] = set()
    spec = sites["recipe-1/with-channel"]
    before = rendered(spec, KEY, PASSPHRASES)
    for path, changed in variants(spec):
        after = rendered(changed, KEY, PASSPHRASES)
        if declared_effect(SiteSpec, path) is Effect.REFLASH or {*after.images} != {*before.images}:
            continue
        for node, image in before.images.items():
            old, new = (each.release.bundles[node].fixed for each in (before, after))
            is_carried = old == new and image.release != after.images[node].release
            assert is_carried or old != new or image.seed == after.images[node].seed, path
            by_image |= set() if old == new else {path.replace(node, "*")}
    of_kernel = {f"nodes.*.{name}" for name in ("kernel.arguments", "hardware.serialConsole")}
    assert {"users", "nodes.*.settings", "nodes.*.hardware.raspberryPi", *of_kernel} == by_image


def by_roles(site: SiteSpec, arch: Arch = "amd64", *, partition: str = "aws") -> SiteSpec:
    """The site, whose node reads the bucket itself; what an architecture needs is pinned."""
    arn = f"arn:{partition}:rolesanywhere:eu-central-1:123456789012"
    one = "0f8fad5b-d9cb-469f-a165-70867728950e"
    roles = RolesAnywhere(
        trust_anchor=f"{arn}:trust-anchor/{one}",
        profile=f"{arn}:profile/{one}",
        role=f"arn:{partition}:iam::123456789012:role/sites",
        store="s3://shops/images",
        sha256={arch: "ab" * 32},
    )
    assert site.channel is not None
    return replace(site, channel=replace(site.channel, access=ChannelAccess(roles_anywhere=roles)))


def test_the_credential_helper_is_downloaded_before_the_switch(site: SiteSpec) -> None:
    """By the plan of a bundle; the release names it by digest, and the program runs no other."""
    of_roles = by_roles(site)
    boot, _ = whole(of_roles)
    files = {file.path: file.content.decode() for file in placed(boot)}
    address = "https://rolesanywhere.amazonaws.com/releases/1.4.0/X86_64/Linux/aws_signing_helper"
    line = f"program {'ab' * 32} bin/aws_signing_helper {address}"
    assert line in files[release_channel.MANAGED].splitlines()
    script = files[release_channel.SCRIPT]
    assert {f"digest={'ab' * 32}", f"url={address}"} <= set(script.split())
    assert "store=https://s3.eu-central-1.amazonaws.com/shops/images" in script.splitlines()
    assert "--cert " not in script
    manifest = json.loads(release_of(of_roles, {"n1": boot}, KEY).data)["manifest"]
    (named,) = [each for each in manifest["nodes"]["n1"]["programs"] if "helper" in each["path"]]
    assert {"path": "bin/aws_signing_helper", "version": "v1.4.0", "digest": f"sha256:{'ab' * 32}"} == named
    china = by_roles(site, partition="aws-cn")
    assert "https://s3.eu-central-1.amazonaws.com.cn/shops" in str(release_channel.plan(target(china)).files)


def test_a_node_whose_helper_is_not_pinned_has_no_program_of_the_channel(site: SiteSpec) -> None:
    """It would run bytes that nothing verifies."""
    assert Step() == release_channel.plan(target(by_roles(site, "arm64")))


def target(site: SiteSpec) -> Target:
    return Target(site=site, name="n1", key=KEY)


def test_without_a_channel_nothing_is_added(sites: Sites) -> None:
    """Images of such sites stay as they are."""
    without = {name: replace(spec, channel=None) for name, spec in sites.items()}
    for name, spec in without.items():
        boots = first_boots(spec, KEY, PASSPHRASES)
        assert boots == {node: with_plan(spec, boot) for node, boot in boots.items()}, name
    assert without


def test_the_password_of_another_node_opens_nothing(site: SiteSpec, tmp_path: Path) -> None:
    """Nor does one of another key generation: each is derived from the site's key."""
    data = bundle(whole(site)[0], encryption_password(KEY, node="n2"))
    with pytest.raises(gzip.BadGzipFile, match="Not a gzipped file"):
        opened(data, tmp_path)
