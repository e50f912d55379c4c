"""What a site's release says, and what its digest depends on."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.site.conftest import KEY, PASSPHRASES, spec_of

from edgefleet.boot import facts, release_channel
from edgefleet.images import FORMATS
from edgefleet.keys.derivation import derive
from edgefleet.model import strict_json
from edgefleet.model.listing import sha256
from edgefleet.model.medium import PayloadFile
from edgefleet.model.site import SiteSpec
from edgefleet.model.stack_secrets import revealed
from edgefleet.runtimes.base.k3s_manifests import FOLDER
from edgefleet.site.release import Manifest, Release, canonical
from edgefleet.site.render import RenderedSite, render_tree, rendered
from edgefleet.workloads.composing import objects_of, text_of

RECIPE = Path(__file__).resolve().parents[1] / "golden" / "recipe-1"
OTHER_KEY = base64.b64encode(b"another key").decode()


def rendering(site: SiteSpec, key: str = KEY, passphrases: Mapping[str, str] = PASSPHRASES) -> RenderedSite:
    """The site as `up` stores it."""
    return rendered(site, key, passphrases)


def of_case(case: str) -> SiteSpec:
    """The golden site of a case."""
    return spec_of(RECIPE / case)


def document(release: Release) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest of a stored release, and dict[digest -> content]."""
    plain = strict_json.parse(release.data)
    contents = {
        digest: content.encode() if isinstance(content, str) else base64.b64decode(content["base64"])
        for digest, content in plain["contents"].items()
    }
    return plain["manifest"], contents


def files_of(release: Release, node: str) -> dict[str, bytes]:
    """dict[path on the node -> content], as something that applies the release would write them."""
    manifest, contents = document(release)
    return {file["path"]: contents[file["digest"]] for file in manifest["nodes"][node]["files"]}


def changed(site: SiteSpec, node: str, **values: Any) -> SiteSpec:
    """The site with another value of one node."""
    return replace(site, nodes={**site.nodes, node: replace(site.nodes[node], **values)})


def with_image(site: SiteSpec, workload: str, image: str) -> SiteSpec:
    """The site with another container image of a workload."""
    return replace(site, workloads={**site.workloads, workload: {**site.workloads[workload], "image": image}})


def test_its_digest_is_of_the_manifest_which_names_all_contents(case: Path) -> None:
    """Who has the digest can verify all of it; a guessable secret only with the site's key."""
    release = rendering(spec_of(case)).release
    manifest, contents = document(release)
    assert release.digest == sha256(canonical(manifest))
    assert strict_json.read(Manifest, canonical(manifest)).site == spec_of(case).name
    parts = manifest["nodes"]
    assert manifest["parts"] == {node: sha256(canonical(part)) for node, part in parts.items()}
    listed = [file for part in parts.values() for file in part["files"]]
    assert {file["digest"] for file in listed} == contents.keys()
    salt = derive(KEY, "published-digests")
    for digest, content in contents.items():
        salted = f"hmac-sha256:{hmac.new(salt, content, hashlib.sha256).hexdigest()}"
        assert digest in {sha256(content), salted}
    assert {len(contents[file["digest"]]) for file in listed} == {file["size"] for file in listed}


def test_a_node_gets_the_same_files_from_its_image_and_from_the_release(case: Path) -> None:
    """With mode and owner; the image has the records of the release and of itself besides."""
    site = spec_of(case)
    made = rendering(site)
    assert made.images.keys() == site.nodes.keys()
    for node, image in made.images.items():
        in_image = {file.path: file for file in image.placed}
        ours = {path: file for path, file in in_image.items() if path in files_of(made.release, node)}
        assert files_of(made.release, node) == {path: file.content for path, file in ours.items()}
        listed = document(made.release)[0]["nodes"][node]["files"]
        assert [(f"{ours[file['path']].mode:04o}", ours[file["path"]].owner) for file in listed] == [
            (file["mode"], file["owner"]) for file in listed
        ]
        if FORMATS[site.nodes[node].image.format].name == "nocloud":
            own = {facts.RELEASE, release_channel.FIXED}
            assert own & in_image.keys() == in_image.keys() - ours.keys()
            assert facts.RELEASE in in_image


def test_the_objects_are_the_same_in_the_seed_in_the_release_and_for_direct_delivery(case: Path) -> None:
    """Byte for byte as manifests of k3s, and object for object as a client of the API applies them."""
    site = spec_of(case)
    made = rendering(site)
    objects = objects_of(revealed(site, PASSPHRASES))
    manifests = {f"{FOLDER}/workload-{name}.yaml": text_of(of).encode() for name, of in objects.items()}
    assert made.images.keys() == site.nodes.keys()
    for node, of_node in site.nodes.items():
        expected = manifests if of_node.runtime == "k3s-server" else {}
        in_seed = {file.path: file.content for file in made.images[node].placed}
        for files in (in_seed, files_of(made.release, node)):
            assert expected == {path: text for path, text in files.items() if "/workload-" in path}
    for name, of in objects.items():
        assert [*of] == [*yaml.safe_load_all(manifests[f"{FOLDER}/workload-{name}.yaml"])]


def test_golden_sites_have_workloads_with_and_without_secrets() -> None:
    """So that the test above is about some."""
    assert {"till", "menu"} == of_case("server-static").workloads.keys()
    assert (
        "stringData"
        in files_of(rendering(of_case("additions")).release, "n1")[f"{FOLDER}/workload-till.yaml"].decode()
    )


def test_a_node_says_which_part_of_which_release_it_has(case: Path) -> None:
    """Everybody on it may read that; no release contains the record, so none depends on itself."""
    made = rendering(spec_of(case))
    for node, image in made.images.items():
        (record,) = [file for file in image.placed if file.path == facts.RELEASE]
        assert f"{made.release.parts[node]}\n".encode() == record.content
        assert (0o644, made.release.parts[node]) == (record.mode, image.release)
        assert facts.RELEASE not in files_of(made.release, node)
    tree = render_tree(spec_of(case), KEY, PASSPHRASES)
    assert {node: files[facts.RELEASE].decode().strip() for node, files in tree.items()} == made.release.parts


def test_a_change_of_one_node_changes_the_release_and_the_image_of_no_other() -> None:
    """A changed workload is a change of the server alone."""
    site = of_case("server-and-agent")
    before, after = rendering(site), rendering(changed(site, "cam", annotations={"a.example/b": "c"}))
    assert before.release.digest != after.release.digest
    assert {"cam"} == {node for node in site.nodes if before.images[node].seed != after.images[node].seed}
    assert {"cam"} == {node for node in site.nodes if before.release.parts[node] != after.release.parts[node]}
    entry = of_case("server-static").workloads["till"]
    with_workload = rendering(replace(site, workloads={"till": entry}))
    assert {"srv"} == {
        node for node in site.nodes if before.release.parts[node] != with_workload.release.parts[node]
    }


CHANGES: dict[str, Callable[[SiteSpec], SiteSpec]] = {
    "container image": lambda site: with_image(site, "till", "registry.example/shop/till:1.5"),
    "workload that left": lambda site: replace(site, workloads={"till": site.workloads["till"]}),
    "release of k3s": lambda site: replace(site, k3s=replace(site.k3s, version="v1.36.5+k3s1")),
    "digest of k3s": lambda site: replace(site, k3s=replace(site.k3s, sha256={"amd64": "0" * 64})),
    "key of k3s": lambda site: replace(site, k3s=replace(site.k3s, config={"snapshotter": "native"})),
    "file": lambda site: replace(site, sysctls={"vm.swappiness": "10"}),
    "unit": lambda site: replace(site, k3s=replace(site.k3s, config={"snapshotter": "native"})),
    "carried image": lambda site: changed(
        site, "n1", payload=(PayloadFile(path="images/a.tar", digest=f"sha256:{'1' * 64}", size=1),)
    ),
    "key generation": lambda site: replace(site, key_generation=2),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_node_is_to_be_changes_the_digest(change: Callable[[SiteSpec], SiteSpec]) -> None:
    site = of_case("server-static")
    assert rendering(site).release.digest != rendering(change(site)).release.digest


def test_what_enters_no_node_does_not_change_it() -> None:
    """A place on a map, or another order of workloads and of their fields."""
    site = of_case("server-static")
    turned = {name: dict(reversed(entry.items())) for name, entry in reversed(site.workloads.items())}
    for other in (replace(site, location=None), replace(site, workloads=turned)):
        assert rendering(site).release == rendering(other).release


@given(st.randoms(use_true_random=False))
def test_it_does_not_depend_on_the_order_of_nodes_and_workloads(random: Any) -> None:
    """Engines pass maps in any order."""
    site = of_case("server-and-agent")
    site = replace(site, workloads=of_case("server-static").workloads)

    def shuffled(values: Mapping[str, Any]) -> dict[str, Any]:
        return dict(random.sample([*values.items()], len(values)))

    other = replace(site, nodes=shuffled(site.nodes), workloads=shuffled(site.workloads))
    assert rendering(site).release == rendering(other).release


def test_programs_and_container_images_stand_in_it_by_digest() -> None:
    """What a node downloads as the artifacts lock pins it, what it carries as its image has it."""
    site = of_case("server-static")
    (k3s,) = document(rendering(site).release)[0]["nodes"]["n1"]["programs"]
    pinned = f"sha256:{site.k3s.sha256['amd64']}"
    assert {"path": "bin/k3s", "version": site.k3s.version, "digest": pinned} == k3s
    (unpinned,) = document(rendering(of_case("vlan")).release)[0]["nodes"]["n1"]["programs"]
    assert unpinned.get("digest") is None
    carried = {file.path: file.digest for file in of_case("shut-in").nodes["srv"].payload}
    programs = document(rendering(of_case("shut-in")).release)[0]["nodes"]["srv"]["programs"]
    assert carried.items() <= {each["path"]: each["digest"] for each in programs}.items()


def test_a_guessable_secret_is_salted_by_the_sites_key() -> None:
    """Nobody can try passphrases against the digest; a strong secret is in files that are salted as well."""
    site, path = of_case("additions"), f"{FOLDER}/workload-till.yaml"
    own, other = (digest_of(rendering(site, key).release, path) for key in (KEY, OTHER_KEY))
    assert own.startswith("hmac-sha256:")
    assert own != other
    assert digest_of(rendering(site).release, "/usr/local/lib/edgefleet/k3s-manifests").startswith("sha256:")


def digest_of(release: Release, path: str) -> str:
    """The digest of the file `path` on the only node."""
    (digest,) = [
        file["digest"] for file in document(release)[0]["nodes"]["n1"]["files"] if file["path"] == path
    ]
    return str(digest)


def test_no_secret_is_in_the_manifest() -> None:
    """The manifest may be shown; the document may not."""
    made = rendering(of_case("additions"))
    manifest = json.dumps(document(made.release)[0])
    assert [] == [secret for secret in (KEY, *PASSPHRASES.values()) if secret in manifest]
    assert PASSPHRASES["shop"].encode() in made.release.data
