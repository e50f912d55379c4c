"""The images of a site through their whole life, with a renderer of the test's own."""

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.site.conftest import fake_image, fake_site

from edgefleet.errors import InvalidInput, OutsideFailure, Problem, Refused
from edgefleet.io.environment import Environment, Incomplete
from edgefleet.io.store import ArtifactStore, DirectoryStore, Stored
from edgefleet.keys.derivation import site_key
from edgefleet.model.listing import sha256
from edgefleet.model.network import Network
from edgefleet.model.site import K3s, Node, SiteSpec
from edgefleet.model.site_resource import SiteInputs, SiteOutputs
from edgefleet.model.spec import adapter, from_plain, to_plain
from edgefleet.site.render import RenderedSite
from edgefleet.site.resource import Site, image_key

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # noqa: S105 - of sites that live as long as a test
SITE = "store-0007"


def render(site: SiteSpec, key: str, passphrases: Mapping[str, str]) -> RenderedSite:
    """One image a node; it must not be given more than the site's own spec."""
    assert type(site) is SiteSpec
    return fake_site(
        {
            name: fake_image(name, f"{name} {node.memory} {key} {sorted(passphrases.items())}".encode())
            for name, node in site.nodes.items()
        }
    )


class Stubborn(DirectoryStore):
    """A directory that refuses some calls, as a disk or a bucket may; those it took are listed."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.refused: set[str] = set()
        self.calls: list[str] = []

    def _take(self, call: str, key: str) -> None:
        of_release = "release" if key.endswith((".json", "/")) else "bundle"
        said = f"{call} {of_release if key.startswith('releases/') else key.rpartition('/')[2]}"
        self.calls.append(said)
        if said in self.refused:
            raise OutsideFailure(Problem(where=key, problem=f"{call} refused", hint="ask again"))

    def put(self, key: str, data: bytes) -> Stored:
        self._take("put", key)
        return super().put(key, data)

    def delete(self, key: str) -> None:
        self._take("delete", key)
        super().delete(key)

    def clear(self, prefix: str, *, keep: Collection[str] = ()) -> None:
        self._take("clear", prefix)
        for key in self.list(prefix).keys() - set(keep):
            super().delete(key)


@dataclass(frozen=True, kw_only=True)
class World(Environment):
    """The outside world with one store."""

    kept: Stubborn

    def store(self, uri: str) -> ArtifactStore:
        assert "file:images" == uri
        return self.kept


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(project=tmp_path, kept=Stubborn(tmp_path / "images"))


@pytest.fixture
def images() -> Site:
    return Site(render=render)


def spec(**memory: int) -> SiteInputs:
    """A site with a node for each keyword, of so many bytes of memory."""
    nodes = {
        name: Node(hostname=name, arch="amd64", cpus=2, memory=size, disk=2**35, network=Network())
        for name, size in memory.items()
    }
    return SiteInputs(
        fleet="retail",
        region="eu",
        name=SITE,
        recipe=1,
        k3s=K3s(version="v1"),
        nodes=nodes,
        store="file:images",
        key=key_of(SITE),
    )


def key_of(site: str, *, region: str = "eu", generation: int = 1) -> str:
    """The key of a site of the fleet."""
    return site_key(SECRET, fleet="retail", region=region, site=site, generation=generation)


RECORDED = {"store": "file:images", "name": SITE}
"""What the state has of the inputs, as far as a removal reads them."""


def recorded(outputs: SiteOutputs) -> dict[str, Any]:
    """Outputs as state holds them."""
    plain: dict[str, Any] = adapter(SiteOutputs).dump_python(outputs, mode="json", by_alias=True)
    return plain


def digests(outputs: SiteOutputs) -> dict[str, str | None]:
    return {node: image.seed for node, image in outputs.images.items()}


def stored(world: World) -> dict[str, str]:
    """dict[node -> digest of what is in the store]."""
    found = {}
    for key in world.kept.list(f"sites/{SITE}/"):
        data = world.kept.get(key)
        assert data is not None
        found[key.rpartition("/")[2].removesuffix(".iso")] = sha256(data)
    return found


def test_a_preview_touches_no_store_and_says_what_up_does(images: Site, world: World) -> None:
    """Down to the digest of each seed."""
    planned = images.plan(spec(n1=1, n2=2), world)
    assert [] == world.kept.calls
    created = images.create(spec(n1=1, n2=2), world)
    assert planned == created.outputs
    assert digests(planned) == stored(world)
    assert "file:images/sites/store-0007" == created.id == images.identity(spec(n1=1, n2=2))


def test_an_update_writes_only_what_changed_and_removes_nodes_that_left(images: Site, world: World) -> None:
    """One changed node of a thousand costs one image."""
    before = images.create(spec(n1=1, n2=2, n3=3), world)
    world.kept.calls.clear()
    after = images.update(before.id, spec(n1=1, n2=99, n4=4), world, recorded(before.outputs))
    assert ["put n2.iso", "put n4.iso", "delete n3.iso", "put release"] == world.kept.calls
    assert {"n1", "n2", "n4"} == set(after.images)
    assert digests(after) == stored(world)


def test_a_refresh_of_what_is_there_finds_it_as_recorded(images: Site, world: World) -> None:
    """And the inputs stay as they were."""
    made = images.create(spec(n1=1, n2=2), world)
    found = images.read(made.id, world, recorded(made.outputs))
    assert found is not None
    assert (made.outputs, None) == (found.outputs, found.inputs)
    assert [] == images.drifted(recorded(found.outputs))


@pytest.mark.parametrize("damage", ["lost", "altered"])
def test_an_image_that_is_lost_or_altered_has_no_digest_and_is_written_again(
    damage: str, images: Site, world: World
) -> None:
    """The next up repairs it, though no input changed."""
    made = images.create(spec(n1=1, n2=2), world)
    key = image_key(SITE, "n2.iso")
    if damage == "lost":
        world.kept.delete(key)
    else:
        world.kept.put(key, b"something else")
    found = images.read(made.id, world, recorded(made.outputs))
    assert found is not None
    assert {"n1": made.outputs.images["n1"].seed, "n2": None} == digests(found.outputs)
    assert ["images.n2.seed"] == images.drifted(recorded(found.outputs))
    world.kept.calls.clear()
    assert made.outputs == images.update(made.id, spec(n1=1, n2=2), world, recorded(found.outputs))
    assert ["put n2.iso"] == world.kept.calls


def test_a_site_of_which_nothing_is_left_is_gone(images: Site, world: World) -> None:
    """So that the next up makes it."""
    made = images.create(spec(n1=1, n2=2), world)
    for node in ("n1", "n2"):
        world.kept.delete(image_key(SITE, f"{node}.iso"))
    assert images.read(made.id, world, recorded(made.outputs)) is None


def test_removing_a_site_removes_all_its_images_and_again_is_success(images: Site, world: World) -> None:
    """Also one that no state knows of."""
    made = images.create(spec(n1=1), world)
    world.kept.put(image_key(SITE, "forgotten.iso"), b"x")
    world.kept.put(image_key("store-0008", "n1.iso"), b"another site's")
    for _ in range(2):
        images.delete(made.id, world, RECORDED)
    assert ["sites/store-0008/n1.iso"] == list(world.kept.list(""))


@pytest.mark.parametrize(
    "inputs", [{}, {"store": "file:images"}, {"store": "file:docs", "name": SITE}, RECORDED | {"name": "x"}]
)
def test_an_altered_state_does_not_choose_what_is_removed(
    inputs: dict[str, Any], images: Site, world: World
) -> None:
    """The id names the place that is cleared, so it must be that of the recorded inputs."""
    made = images.create(spec(n1=1), world)
    with pytest.raises(Refused, match="the state was altered; restore the state"):
        images.delete(made.id, world, inputs)
    assert {"n1"} == set(stored(world))


def test_removing_one_that_was_replaced_keeps_what_its_successor_has(images: Site, world: World) -> None:
    """Told to replace, the CLI makes the new one first; both have the same files."""
    made = images.create(spec(n1=1, n2=2), world)
    images.delete(made.id, world, RECORDED, successor={"nodes": {"n1": {}}})
    assert {"n1"} == set(stored(world))


def test_a_site_of_which_some_images_fail_is_reported_as_made_in_part(images: Site, world: World) -> None:
    """What exists is recorded, what does not has no digest, each cause is named; up again finishes it."""
    world.kept.refused = {"put n2.iso", "put n3.iso"}
    with pytest.raises(Incomplete) as caught:
        images.create(spec(n1=1, n2=2, n3=3), world)
    outputs = caught.value.outputs
    assert isinstance(outputs, SiteOutputs)
    assert ({"n1"}, ["n2", "n3"]) == (
        set(stored(world)),
        [node for node, digest in digests(outputs).items() if digest is None],
    )
    assert [
        "2 of 3 images of site store-0007 are missing or altered; fix the cause below and run up again",
        "sites/store-0007/n2.iso: put refused; ask again",
        "sites/store-0007/n3.iso: put refused; ask again",
    ] == str(caught.value).splitlines()
    world.kept.refused = set()
    after = images.update(caught.value.id, spec(n1=1, n2=2, n3=3), world, recorded(outputs))
    assert digests(after) == stored(world)


def test_a_site_of_which_every_image_fails_was_not_made(images: Site, world: World) -> None:
    """Nothing is there to record."""
    world.kept.refused = {"put n1.iso", "put n2.iso"}
    with pytest.raises(OutsideFailure) as caught:
        images.create(spec(n1=1, n2=2), world)
    assert (False, 2) == (isinstance(caught.value, Incomplete), len(caught.value.problems))


def test_images_of_nodes_that_left_stay_until_the_new_ones_are_written(images: Site, world: World) -> None:
    """A failed update takes nothing away."""
    before = images.create(spec(n1=1, n2=2), world)
    world.kept.refused = {"put n3.iso"}
    with pytest.raises(Incomplete) as caught:
        images.update(before.id, spec(n1=1, n3=3), world, recorded(before.outputs))
    assert before.id == caught.value.id
    assert {"n1", "n2"} == set(stored(world))


def test_an_image_that_cannot_be_removed_is_tried_again(images: Site, world: World) -> None:
    """It stays recorded, without a digest."""
    before = images.create(spec(n1=1, n2=2), world)
    world.kept.refused = {"delete n2.iso"}
    with pytest.raises(Incomplete) as caught:
        images.update(before.id, spec(n1=1), world, recorded(before.outputs))
    outputs = caught.value.outputs
    assert isinstance(outputs, SiteOutputs)
    assert ["images.n2.seed"] == images.drifted(recorded(outputs))
    world.kept.refused = set()
    images.update(before.id, spec(n1=1), world, recorded(outputs))
    assert {"n1"} == set(stored(world))


def test_an_import_finds_what_is_there_and_the_next_update_compares(images: Site, world: World) -> None:
    """The spec cannot be read from an image, but its digest can."""
    made = images.create(spec(n1=1, n2=2), world)
    found = images.read(made.id, world, {})
    assert found is not None
    assert (digests(made.outputs), {"name": SITE, "store": "file:images"}) == (
        digests(found.outputs),
        found.inputs,
    )
    world.kept.calls.clear()
    images.update(made.id, spec(n1=1, n2=99), world, recorded(found.outputs))
    assert ["put n2.iso", "put release"] == world.kept.calls
    assert images.read("file:images/sites/never-made", world, {}) is None


def test_an_id_that_is_none_is_refused(images: Site, world: World) -> None:
    """With what one looks like."""
    with pytest.raises(InvalidInput, match="give <store>/sites/<site>"):
        images.read("store-0007", world, {})


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": "../../etc"}, "name"),
        ({"nodes": {"../n1": spec(n1=1).nodes["n1"]}}, 'nodes["../n1"]'),
        ({"nodes": {}}, "nodes"),
    ],
    ids=str,
)
def test_what_cannot_be_is_found_before_anything_is_made(
    change: dict[str, Any], path: str, images: Site
) -> None:
    """A name never becomes a path unchecked."""
    changed = replace(spec(n1=1), **change)
    assert [path] == [each.path for each in images.inspect(replace(changed, key=key_of(changed.name)))]


@pytest.mark.parametrize("key", ["not base64!", "c2hvcnQ=", SECRET, key_of(SITE) + "\n"])
def test_the_fleet_secret_is_no_key_of_a_site(key: str) -> None:
    """Whatever calls the provider; the error repeats no key and no passphrase."""
    with pytest.raises(ValidationError, match="derived for a site") as caught:
        from_plain(SiteInputs, to_plain(replace(spec(n1=1), key=key, passphrases={"shop": "hunter22\x07"})))
    assert key not in str(caught.value)
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        "A" * 48,
        key_of("store-0008"),
        key_of(SITE, region="us"),
        key_of(SITE, generation=2),
        base64.b64encode(bytes(36)).decode(),
    ],
)
def test_a_key_opens_its_own_site_alone(key: str, images: Site) -> None:
    """A key of another site, region or generation, and any secret of the same length."""
    (problem,) = images.inspect(replace(spec(n1=1), key=key))
    assert ("key", True) == (problem.path, "edgefleet.site_key" in problem.hint)
    assert key not in str(problem)


def test_with_an_unknown_input_no_digest_is_guessed(images: Site, world: World) -> None:
    """It says which input is missing; of unknown nodes nothing is reported."""
    known = {"nodes": {"n1": {"hostname": object()}}}
    unknown = {"uri": None, "size": None, "unknownBecause": "nodes.n1.hostname"}
    assert {
        "images": {"n1": {"seed": None, "files": {}, **unknown}},
        "release": {"digest": None, **unknown},
    } == images.foresee(known, "nodes.n1.hostname", world)
    assert ["release"] == [*images.foresee({"nodes": object()}, "nodes", world)]


def test_secrets_are_not_in_the_representation_of_a_spec() -> None:
    """Logs and tracebacks show representations."""
    shown = repr(replace(spec(n1=1), passphrases={"shop": "hunter22"}))
    assert (False, False) == (key_of(SITE) in shown, "hunter22" in shown)
