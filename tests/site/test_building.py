"""Building sites: what is finished stays, what fails leaves nothing, and stores hold what was built."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.images.conftest import needs
from tests.site.conftest import Plan

from edgefleet.io import disk, parallel
from edgefleet.io.store import DirectoryStore, StorePlace
from edgefleet.site.building import BuildContext, build_site
from edgefleet.site.inventory import inventory

pytestmark = needs("sfdisk", "mkfs.vfat", "mcopy")


def test_what_is_finished_is_not_built_again(shop: BuildContext, plan: Plan) -> None:
    """Not a byte is written; what somebody touched is made again, the same."""
    (first,) = build_site(plan(), context=shop).images
    image = shop.out / "berlin" / "n1.raw"
    written = image.stat().st_mtime_ns
    (second,) = build_site(plan(), context=shop).images
    assert (replace(first, is_new=False), written) == (second, image.stat().st_mtime_ns)
    with image.open("r+b") as file:
        file.write(b"touched")
    (third,) = build_site(plan(), context=shop).images
    assert first == third
    assert first.digest == f"sha256:{disk.sha256(image)}"


def test_a_change_of_one_node_builds_one_image(shop: BuildContext, plan: Plan) -> None:
    """The other is as it was; a node that left takes its image along."""
    build_site(plan(n1={}, n2={"runtime": "k3s-agent"}), context=shop)
    changed = build_site(
        plan(n1={}, n2={"runtime": "k3s-agent", "memory": 4 * 2**30, "cpus": 2}), context=shop
    )
    assert {"n1": False} == {each.node: each.is_new for each in changed.images if each.node == "n1"}
    build_site(plan(n1={}), context=shop)
    beside = {f"n1.raw{ending}" for ending in ("", ".manifest.json", ".cdx.json", ".intoto.json")}
    assert beside | {".gitignore", ".lock", ".n1.raw.built.json", "manifest.json"} == {
        path.name for path in (shop.out / "berlin").iterdir()
    }
    assert ["n1.raw"] == list(json.loads((shop.out / "berlin" / "manifest.json").read_text())["images"])


def test_one_node_is_built_alone(shop: BuildContext, plan: Plan) -> None:
    """Others cost nothing and may fail; what they have stays, and stays listed."""
    lost = {"image": {"format": "raw", "base": {"source": "file:lost.img", "sha256": "0" * 64}}}
    folder = shop.out / "berlin"
    alone = build_site(plan(n1={}, n2={"runtime": "k3s-agent"} | lost), context=shop, node="n1")
    assert ((), ["n1"]) == (alone.problems, [each.node for each in alone.images])
    build_site(plan(n1={}, n2={"runtime": "k3s-agent"}), context=shop)
    written = (folder / "n2.raw").stat().st_mtime_ns
    seed = {"image": {"format": "nocloud"}}
    changed = build_site(plan(n1=seed, n2={"runtime": "k3s-agent"} | lost), context=shop, node="n1")
    assert ((), ["n1.iso"]) == (changed.problems, [each.image for each in changed.images])
    listed = json.loads((folder / "manifest.json").read_text())["images"]
    assert {"n1.iso": "n1", "n2.raw": "n2"} == {name: each["node"] for name, each in listed.items()}
    assert (False, written) == ((folder / "n1.raw").exists(), (folder / "n2.raw").stat().st_mtime_ns)


def test_a_node_that_fails_leaves_the_others(shop: BuildContext, plan: Plan) -> None:
    """The missing base is named; nothing half-made stays; the earlier image stays."""
    lost = {"image": {"format": "raw", "base": {"source": "file:lost.img", "sha256": "0" * 64}}}
    built = build_site(plan(n1={}, n2={"runtime": "k3s-agent"} | lost), context=shop)
    assert ["n1"] == [each.node for each in built.images]
    assert [True] == ["lost.img" in each.where for each in built.problems]
    assert not [path for path in (shop.out / "berlin").iterdir() if path.name.startswith((".scratch", "n2"))]
    assert ["n2"] == json.loads((shop.out / "berlin" / "manifest.json").read_text())["missing"]
    (problem,) = inventory(shop.out / "berlin").problems
    assert str(problem).endswith("there is no image of n2: its build failed; build the site again")


def test_two_builds_of_one_site_do_not_meet(shop: BuildContext, plan: Plan) -> None:
    """The second says that one is under way and touches nothing."""
    with disk.locked(shop.out / "berlin", who="a build of berlin"):
        built = build_site(plan(), context=shop)
    assert ["busy"] == [each.code for each in built.problems]
    assert [".lock"] == [path.name for path in (shop.out / "berlin").iterdir()]


def test_a_killed_build_leaves_nothing_behind(shop: BuildContext, plan: Plan) -> None:
    """What it had in the making goes with the next build."""
    for left in (".scratch-1/seed.fat", ".n1.raw.abc.tmp"):
        disk.write(shop.out / "berlin" / left, b"half")
    assert () == build_site(plan(), context=shop).problems
    assert not list((shop.out / "berlin").glob(".scratch*"))
    assert not list((shop.out / "berlin").glob("*.tmp"))


def test_other_bytes_of_the_same_parts_are_refused(shop: BuildContext, plan: Plan) -> None:
    """A machine whose memory fails is found by its second build; nothing is left to be flashed."""
    build_site(plan(), context=shop)
    folder = shop.out / "berlin"
    record = folder / ".n1.raw.built.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"digest": "sha256:" + "0" * 64}))
    (folder / "n1.raw").unlink()
    built = build_site(plan(), context=shop)
    assert ["not-repeated"] == [each.code for each in built.problems]
    assert not (folder / "n1.raw").exists()


def test_images_of_one_profile_refer_to_one_base(shop: BuildContext, plan: Plan) -> None:
    """The digest is the copy's."""
    copied = build_site(plan("a"), context=shop).images
    referring = replace(shop, share="reference", out=shop.out / "ref")
    referred = build_site(plan("a"), context=referring).images
    assert [(each.digest, each.size) for each in copied] == [(each.digest, each.size) for each in referred]
    assert 2 * 2**20 > sum(path.stat().st_size for path in (referring.out / "a").iterdir())
    assert [False] == [each.is_new for each in build_site(plan("a"), context=referring).images]


def test_the_store_holds_what_was_built_under_its_digest(
    shop: BuildContext, plan: Plan, tmp_path: Path
) -> None:
    """A machine without the file does not build it again; another image takes the former one's place."""
    shop = replace(shop, upload=StorePlace(uri="", root=tmp_path), is_discarding=True)
    store = DirectoryStore(tmp_path / "store")
    (first,) = build_site(plan(), context=shop).images
    key = f"sites/berlin/built/{first.digest.removeprefix('sha256:')}"
    stored = store.stat(key)
    assert stored is not None
    assert (first.size, True) == (stored.size, first.uri.endswith(key))
    assert not (shop.out / "berlin" / "n1.raw").exists()
    (second,) = build_site(plan(), context=shop).images
    assert replace(first, is_new=False) == second
    (third,) = build_site(plan(n1={"memory": 4 * 2**30}), context=shop).images
    other = f"sites/berlin/built/{third.digest.removeprefix('sha256:')}"
    beside = {
        f"sites/berlin/built/n1/n1.raw{ending}" for ending in (".manifest.json", ".cdx.json", ".intoto.json")
    }
    assert beside | {other, "sites/berlin/built/n1.json"} == set(store.list("sites/berlin/"))


def test_the_number_of_workers_changes_no_byte(shop: BuildContext, plan: Plan) -> None:
    """One process and two make the same images of four sites."""
    jobs = [plan(f"site-{number}") for number in range(4)]
    made = []
    for workers in (1, 2):
        work = partial(build_site, context=replace(shop, out=shop.out / str(workers)))
        built = sorted(parallel.each(work, jobs, workers=workers), key=lambda each: each.name)
        assert [] == [each.problems for each in built if each.problems]
        made.append([(each.name, each.images) for each in built])
    assert made[0] == made[1]


def test_the_order_of_nodes_changes_no_attestation(shop: BuildContext, plan: Plan) -> None:
    """A plan that a worker reads has its nodes by name, a fleet file in any order."""
    nodes = {
        "n1": {"image": {"format": "script"}},
        "n2": {"runtime": "k3s-agent", "image": {"format": "script"}},
    }
    for out, order in (("here", nodes), ("there", dict(reversed(nodes.items())))):
        assert () == build_site(plan(**order), context=replace(shop, out=shop.out / out)).problems
    here, there = (
        {path.name: path.read_bytes() for path in (shop.out / out / "berlin").glob("*.json")}
        for out in ("here", "there")
    )
    assert (True, here) == ("n2.sh.manifest.json" in here, there)
