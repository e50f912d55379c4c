"""Releases in a store, a directory and a bucket: how many, when they are written, and what interrupts it."""

import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.cloud.conftest import aws, bucket, moto_url
from tests.site.test_resource import RECORDED, SITE, Stubborn, World, recorded, render, spec

from edgefleet.io.environment import Environment, Incomplete
from edgefleet.io.store import ArtifactStore, BucketStore, DirectoryStore, Stored
from edgefleet.model.listing import sha256
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import SiteOutputs, StoredRelease
from edgefleet.site import stored_release
from edgefleet.site.bundle import Bundle
from edgefleet.site.render import RenderedSite
from edgefleet.site.resource import Site

__all__ = ["aws", "bucket", "moto_url"]


def with_bundles(site: SiteSpec, key: str, passphrases: Mapping[str, str]) -> RenderedSite:
    """Each node's bundle, as at a site with a channel, is of its image."""
    made = render(site, key, passphrases)
    bundles = {
        node: Bundle(data=b"encrypted " + image.data, fixed=sha256(b""))
        for node, image in made.images.items()
    }
    return replace(made, release=replace(made.release, bundles=bundles))


SITES = Site(render=with_bundles)


@dataclass(frozen=True, kw_only=True)
class Place(Environment):
    """The outside world with one store."""

    kept: ArtifactStore

    def store(self, uri: str) -> ArtifactStore:
        assert "file:images" == uri
        return self.kept


@pytest.fixture(params=["directory", "bucket"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A store of each kind."""
    if request.param == "directory":
        return Place(project=tmp_path, kept=DirectoryStore(tmp_path / "images"))
    request.getfixturevalue("bucket")
    store = BucketStore("images", "fleet", aws=request.getfixturevalue("aws"))
    return Place(project=tmp_path, kept=store)


def releases(store: ArtifactStore, site: str = SITE) -> dict[str, str]:
    """dict[digest in the name -> digest of the document], oldest first where times differ."""
    there = store.list(stored_release.prefix(site))
    found = {}
    for name in there:
        if not name.endswith(stored_release.SUFFIX):
            continue
        data = store.get(name)
        assert data is not None
        found[f"sha256:{Path(name).stem}"] = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return found


def bundles(store: ArtifactStore) -> dict[str, str]:
    """dict[node and digest in the name -> the same of what is there] of the site's bundles."""
    found = {}
    for name in store.list(stored_release.prefix(SITE)):
        _, _, node, *digest = name.split("/")
        if digest:
            data = store.get(name)
            assert data is not None
            found[f"{node}/{digest[0]}"] = f"{node}/{hashlib.sha256(data).hexdigest()}"
    return found


def kept_bundles(release: StoredRelease) -> set[str]:
    """``<node>/<digest>`` of all bundles that the state has."""
    of_each = (release.bundles, *release.earlier_bundles.values())
    return {f"{node}/{bundle.ciphertext}" for each in of_each for node, bundle in each.items()}


def history(world: Environment, *memories: int) -> list[SiteOutputs]:
    """A site of one node that is changed again and again; the outputs of each update."""
    outputs = [SITES.create(spec(n1=memories[0]), world).outputs]
    for memory in memories[1:]:
        identity = SITES.identity(spec(n1=memory))
        outputs.append(SITES.update(identity, spec(n1=memory), world, recorded(outputs[-1])))
    return outputs


def digest(outputs: SiteOutputs) -> str:
    """The release's."""
    assert outputs.release.digest is not None
    return outputs.release.digest


def test_a_store_keeps_the_newest_three(world: Place) -> None:
    """Each under its digest, as the state has it; another site's are not touched."""
    world.kept.put("releases/store-0008/" + "0" * 64 + ".json", b"another site's")
    made = history(world, 1, 2, 3, 4, 5)
    newest = [digest(outputs) for outputs in reversed(made)][: stored_release.KEPT]
    assert newest == [digest(made[-1]), *made[-1].release.earlier]
    assert {*newest} == releases(world.kept).keys()
    assert made[-1].release.document == releases(world.kept)[newest[0]]
    assert len(releases(world.kept, "store-0008")) == 1
    assert kept_bundles(made[-1].release) == bundles(world.kept).keys()
    assert stored_release.KEPT == len(bundles(world.kept))
    assert all(name == content for name, content in bundles(world.kept).items())


def test_a_preview_states_what_the_state_will_be(world: Place) -> None:
    """With the earlier releases, also of the update that removes the oldest."""
    before: dict[str, Any] = {}
    for memory in (1, 2, 3, 4, 1):
        planned = SITES.plan_update(spec(n1=memory), world, before)
        done = SITES.update("", spec(n1=memory), world, before)
        assert planned == done
        before = recorded(done)


def test_a_release_that_comes_back_is_the_newest_again(world: Place) -> None:
    """A rollback: the same name, the same bytes."""
    made = history(world, 1, 2, 1)
    assert digest(made[0]) == digest(made[2])
    assert (digest(made[1]),) == made[2].release.earlier
    assert {digest(made[0]), digest(made[1])} == releases(world.kept).keys()


def test_everything_is_private(tmp_path: Path) -> None:
    """A release holds the site's secrets, as its images do."""
    history(Place(project=tmp_path, kept=DirectoryStore(tmp_path / "images")), 1)
    paths = [*(tmp_path / "images" / "releases").rglob("*")]
    assert {0o700, 0o600} == {path.stat().st_mode & 0o777 for path in paths}
    assert [0o600, 0o600] == [path.stat().st_mode & 0o777 for path in paths if path.is_file()]


@pytest.mark.parametrize("what", ["document", "bundle"])
@pytest.mark.parametrize("damage", ["lost", "altered"])
def test_one_that_is_lost_or_altered_is_found_and_stored_again(damage: str, what: str, world: Place) -> None:
    """Though no input changed; the earlier ones stay known."""
    *_, made = history(world, 1, 2)
    key = stored_release.key(SITE, digest(made))
    if what == "bundle":
        ciphertext = made.release.bundles["n1"].ciphertext
        assert ciphertext is not None
        key = stored_release.bundle_key(SITE, "n1", ciphertext)
    if damage == "lost":
        world.kept.delete(key)
    else:
        world.kept.put(key, b"something else")
    identity = SITES.identity(spec(n1=2))
    found = SITES.read(identity, world, recorded(made))
    assert found is not None
    assert ["release.digest"] == SITES.drifted(recorded(found.outputs))
    assert (what == "bundle") is (found.outputs.release.bundles["n1"].ciphertext is None)
    assert made.images == found.outputs.images
    assert made == SITES.update(identity, spec(n1=2), world, recorded(found.outputs))
    assert made.release.document == releases(world.kept)[digest(made)]
    again = SITES.read(identity, world, recorded(made))
    assert again is not None
    assert ([], made) == (SITES.drifted(recorded(again.outputs)), again.outputs)


def test_earlier_ones_that_are_lost_are_no_longer_known(world: Place) -> None:
    """Nothing can write them again, so that they are no drift."""
    *_, made = history(world, 1, 2, 3)
    lost, there = made.release.earlier
    ciphertext = made.release.earlier_bundles[lost]["n1"].ciphertext
    assert ciphertext is not None
    world.kept.delete(stored_release.bundle_key(SITE, "n1", ciphertext))
    found = SITES.read(SITES.identity(spec(n1=3)), world, recorded(made))
    assert found is not None
    assert ((there,), {there}) == (found.outputs.release.earlier, {*found.outputs.release.earlier_bundles})
    assert [] == SITES.drifted(recorded(found.outputs))


TEXT = '[{"kind": "ConfigMap"}]'
RENDERED = hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.mark.parametrize(
    ("document", "unknown"),
    [
        (json.dumps({"contents": {}, "manifest": {}, "rendered": {RENDERED: TEXT}}), set()),
        (json.dumps({"contents": {}, "manifest": {}, "rendered": {RENDERED: "[]"}}), {RENDERED}),
        (json.dumps({"contents": {}, "manifest": {}}), {RENDERED}),
        ("[", {RENDERED}),
        ("", {RENDERED}),
    ],
)
def test_what_another_machine_rendered_is_in_the_release(
    document: str, unknown: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its digest; a text that is not that of the digest, or that is missing, stays unknown."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    world = Place(project=tmp_path, kept=DirectoryStore(tmp_path / "images"))
    (made,) = history(world, 1)
    world.kept.put(stored_release.key(SITE, digest(made)), document.encode())
    inputs = {**RECORDED, "workloads": {"board": {"kind": "manifests", "rendered": RENDERED}}}
    assert {RENDERED} == stored_release.lacking(inputs)
    SITES.recall(inputs, recorded(made), world)
    assert unknown == stored_release.lacking(inputs)


def test_a_removed_site_leaves_no_release(world: Place) -> None:
    """Gone already is success; one that was replaced leaves them to its successor."""
    made = history(world, 1, 2)
    identity = SITES.identity(spec(n1=2))
    SITES.delete(identity, world, RECORDED, successor={"nodes": {"n1": {}}})
    assert len(made) == len(releases(world.kept))
    for _ in range(2):
        SITES.delete(identity, world, RECORDED)
        assert {} == world.kept.list("")


def test_an_import_finds_the_releases_that_are_there(world: Place) -> None:
    """The next update continues from them."""
    made = history(world, 1, 2, 3)
    found = SITES.read(SITES.identity(spec(n1=3)), world, {})
    assert found is not None
    assert releases(world.kept).keys() == {digest(found.outputs), *found.outputs.release.earlier}
    if isinstance(world.kept, DirectoryStore):  # moto's clock has whole seconds
        assert replace(made[-1].release, bundles={}, earlier_bundles={}) == found.outputs.release
    after = SITES.update(found.id, spec(n1=4), world, recorded(found.outputs))
    assert stored_release.KEPT == len(releases(world.kept))
    assert after.release.document == releases(world.kept)[digest(after)]


def test_an_import_of_a_site_without_a_release_stores_one(world: Place) -> None:
    world.kept.put(f"sites/{SITE}/n1.iso", b"a seed of another program")
    found = SITES.read(SITES.identity(spec(n1=1)), world, {})
    assert found is not None
    assert ["release.digest"] == SITES.drifted(recorded(found.outputs))
    after = SITES.update(found.id, spec(n1=1), world, recorded(found.outputs))
    assert {digest(after)} == releases(world.kept).keys()


@pytest.fixture
def stubborn(tmp_path: Path) -> World:
    """A directory that refuses calls."""
    return World(project=tmp_path, kept=Stubborn(tmp_path / "images"))


def test_an_unchanged_site_uploads_nothing(stubborn: World) -> None:
    """Nor lists anything; nor does a change that enters no node."""
    *_, made = history(stubborn, 1, 2)
    stubborn.kept.calls.clear()
    assert made == SITES.update("", spec(n1=2), stubborn, recorded(made))
    assert [] == stubborn.kept.calls


def test_a_changed_site_costs_one_request_for_its_release(stubborn: World) -> None:
    """Once it has three a second one, which removes the oldest after the newest is there."""
    made = SITES.create(spec(n1=0), stubborn).outputs
    for memory in (1, 2):
        stubborn.kept.calls.clear()
        made = SITES.update("", spec(n1=memory), stubborn, recorded(made))
        assert ["put n1.iso", "put bundle", "put release"] == stubborn.kept.calls
    stubborn.kept.calls.clear()
    SITES.update("", spec(n1=3), stubborn, recorded(made))
    assert ["put n1.iso", "put bundle", "put release", "clear release"] == stubborn.kept.calls


def test_a_change_of_one_node_uploads_its_bundle_alone(stubborn: World) -> None:
    """Another node's stays, under both releases."""
    before = SITES.create(spec(n1=1, n2=1), stubborn).outputs
    stubborn.kept.calls.clear()
    after = SITES.update("", spec(n1=1, n2=2), stubborn, recorded(before))
    assert ["put n2.iso", "put bundle", "put release"] == stubborn.kept.calls
    assert before.release.bundles["n1"].ciphertext == after.release.bundles["n1"].ciphertext
    assert kept_bundles(after.release) == bundles(stubborn.kept).keys()


def test_a_bundle_that_cannot_be_stored_is_stored_by_the_next_run(stubborn: World) -> None:
    """Until then the release is not there; bundles that are there are not sent again."""
    before = SITES.create(spec(n1=1, n2=1), stubborn).outputs
    stubborn.kept.refused = {"put bundle"}
    with pytest.raises(Incomplete, match="the release of site store-0007 is not in the store") as caught:
        SITES.update("", spec(n1=2, n2=1), stubborn, recorded(before))
    outputs = outputs_of(caught.value)
    assert {"n1": True, "n2": False} == {
        node: bundle.ciphertext is None for node, bundle in outputs.release.bundles.items()
    }
    stubborn.kept.refused = set()
    stubborn.kept.calls.clear()
    after = SITES.update("", spec(n1=2, n2=1), stubborn, recorded(outputs))
    assert ["put bundle", "put release"] == stubborn.kept.calls
    assert kept_bundles(after.release) == bundles(stubborn.kept).keys()


def test_one_that_cannot_be_stored_is_reported_and_stored_by_the_next_run(stubborn: World) -> None:
    """The images are there, the earlier release is, and the state says which is missing."""
    before = SITES.create(spec(n1=1), stubborn).outputs
    stubborn.kept.refused = {"put release"}
    with pytest.raises(Incomplete, match="the release of site store-0007 is not in the store; fix") as caught:
        SITES.update("", spec(n1=2), stubborn, recorded(before))
    outputs = caught.value.outputs
    assert isinstance(outputs, SiteOutputs)
    assert (None, (digest(before),)) == (outputs.release.digest, outputs.release.earlier)
    assert ["release.digest"] == SITES.drifted(recorded(outputs))
    stubborn.kept.refused = set()
    stubborn.kept.calls.clear()
    after = SITES.update("", spec(n1=2), stubborn, recorded(outputs))
    assert ["put release"] == stubborn.kept.calls
    assert {digest(before), digest(after)} == releases(stubborn.kept).keys()


def test_a_new_site_whose_release_cannot_be_stored_is_made_in_part(stubborn: World) -> None:
    stubborn.kept.refused = {"put release"}
    with pytest.raises(Incomplete, match="the release of site store-0007 is not in the store") as caught:
        SITES.create(spec(n1=1), stubborn)
    assert ["release.digest"] == SITES.drifted(recorded(outputs_of(caught.value)))


def test_too_old_ones_that_cannot_be_removed_are_tried_again(stubborn: World) -> None:
    *_, before = history(stubborn, 1, 2, 3)
    stubborn.kept.refused = {"clear release"}
    with pytest.raises(Incomplete, match="releases of site store-0007 that are too old are still") as caught:
        SITES.update("", spec(n1=4), stubborn, recorded(before))
    outputs = outputs_of(caught.value)
    assert (4, 3) == (len(releases(stubborn.kept)), len(outputs.release.earlier))
    stubborn.kept.refused = set()
    after = SITES.update("", spec(n1=4), stubborn, recorded(outputs))
    assert {digest(after), *after.release.earlier} == releases(stubborn.kept).keys()
    assert stubborn.kept.calls[-1] == "clear release"


def test_without_its_images_a_release_is_not_stored(stubborn: World) -> None:
    """What failed is done first by the next run; the earlier release stays the recorded one."""
    before = SITES.create(spec(n1=1), stubborn).outputs
    stubborn.kept.refused = {"put n1.iso"}
    with pytest.raises(Incomplete) as caught:
        SITES.update("", spec(n1=2), stubborn, recorded(before))
    assert before.release == outputs_of(caught.value).release
    assert {digest(before)} == releases(stubborn.kept).keys()


def outputs_of(error: Incomplete) -> SiteOutputs:
    """What was made in part."""
    assert isinstance(error.outputs, SiteOutputs)
    return error.outputs


class Fatal(DirectoryStore):
    """A directory store whose process is killed before or after its n-th call, or within its writing."""

    def __init__(self, root: Path, at: int) -> None:
        super().__init__(root)
        self.steps = itertools.count(1)
        self.at = at

    def _step(self) -> None:
        if next(self.steps) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def put(self, key: str, data: bytes) -> Stored:
        self._step()
        (self._root / key).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = self._root / key
        (half.parent / f".{half.name}.half.tmp").write_bytes(data[: len(data) // 2])
        self._step()
        (half.parent / f".{half.name}.half.tmp").unlink()
        done = super().put(key, data)
        self._step()
        return done

    def delete(self, key: str) -> None:
        self._step()
        super().delete(key)
        self._step()

    def clear(self, prefix: str, *, keep: Collection[str] = ()) -> None:
        self._step()
        super().clear(prefix, keep=keep)


def interrupted(root: Path, at: int) -> dict[str, Any]:
    """Change a site five times, killed at a step of it: whether it was, and the last recorded state.

    As an engine does, the state is recorded after each update.
    """
    state = root / "state.json"
    child = os.fork()
    if not child:
        world, outputs = Place(project=root, kept=Fatal(root / "images", at)), dict[str, Any]()
        for memory in range(1, 6):
            outputs = recorded(SITES.update("", spec(n1=memory), world, outputs))
            state.with_suffix(".new").write_text(json.dumps(outputs))
            state.with_suffix(".new").rename(state)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    was_killed = os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    known = json.loads(state.read_text()) if state.exists() else {}
    return {"was killed": was_killed, "recorded": known}


def kill_at_every_step(root: Path) -> int:
    """Check what each interruption leaves, and what the next runs make of it; the number of steps."""
    for at in itertools.count(1):
        place = root / str(at)
        place.mkdir()
        end = interrupted(place, at)
        if not end["was killed"]:
            return at
        world = Place(project=place, kept=DirectoryStore(place / "images"))
        assert all(name == document for name, document in releases(world.kept).items()), at
        outputs = end["recorded"]
        there = releases(world.kept).keys()
        assert all(name == content for name, content in bundles(world.kept).items()), at
        known = stored_release.of_recorded(outputs)
        assert known is None or {known.digest, *known.earlier[:1]} <= there, at
        for memory in (9, 10, 11):
            done = SITES.update("", spec(n1=memory), world, outputs)
            assert {digest(done), *done.release.earlier} <= releases(world.kept).keys(), at
            assert kept_bundles(done.release) <= bundles(world.kept).keys(), at
            outputs = recorded(done)
        assert stored_release.KEPT <= len(releases(world.kept)) <= stored_release.KEPT + 1, at
        SITES.delete(SITES.identity(spec(n1=9)), world, RECORDED)
        assert [] == [path for path in (place / "images").rglob("*") if path.is_file()], at
    raise AssertionError


def test_a_kill_at_any_step_loses_nothing_and_the_next_run_completes_it(tmp_path: Path) -> None:
    """A reader sees whole releases alone. In a process of its own, which is forked at each step."""
    program = (
        "import sys; from pathlib import Path; from tests.site.test_stored_release import kill_at_every_step"
    )
    call = "print(kill_at_every_step(Path(sys.argv[1])))"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    command = [sys.executable, "-c", f"{program}; {call}", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert (0, "") == (done.returncode, done.stderr)
    assert int(done.stdout) > 30
