"""Each recipe renders what stands under tests/golden/recipe-*, file by file and byte for byte.

Once a release has shipped a recipe, a change of its golden files is a new recipe and not an edit.
"""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from edgefleet.boot import RECIPES
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes import RUNTIMES
from edgefleet.site.render import SiteImage, render_site, render_tree

PRIVATE_KEY = re.compile(rb"-----BEGIN (?:OPENSSH|EC) P.*?END (?:OPENSSH|EC) PRIVATE KEY-----", re.DOTALL)


def tree_of(spec: SiteSpec, key: str, passphrases: Mapping[str, str]) -> dict[str, bytes]:
    """dict[path in a golden folder -> content]: what is on each medium, and digests."""
    found: dict[str, bytes] = {}
    trees = render_tree(spec, key, passphrases, shows_secrets=True)
    for node, image in render_site(spec, key, passphrases).items():
        for path in image.files:
            found[f"{node}/{path}"] = PRIVATE_KEY.sub(b"[private key]", trees[node][f"cidata/{path}"])
        found[f"{node}/digests.txt"] = digests(image).encode()
    return found


def digests(image: SiteImage) -> str:
    """One line for each file of the medium, and one for the medium."""
    files = [f"{digest}  {path}" for path, digest in image.files.items()]
    return "\n".join([*files, f"{image.seed}  {image.name}  {len(image.data)} bytes", ""])


def kept(case: Path) -> dict[str, bytes]:
    """What stands in a golden folder beside its spec."""
    return {
        path.relative_to(case).as_posix(): path.read_bytes()
        for path in case.rglob("*")
        if path.is_file() and path.name != "site.yaml"
    }


def rewrite(case: Path, tree: Mapping[str, bytes]) -> None:
    """Put `tree` in the place of what stands in a golden folder."""
    for folder in case.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    for path, content in tree.items():
        (case / path).parent.mkdir(parents=True, exist_ok=True)
        (case / path).write_bytes(content)


def test_a_recipe_renders_what_it_always_did(
    case: Path, spec: SiteSpec, key: str, passphrases: dict[str, str]
) -> None:
    """Upgrading edgefleet changes no image: every byte is as it was written down."""
    tree = tree_of(spec, key, passphrases)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        assert not os.environ.get("CI"), "golden files are not rewritten by CI"
        rewrite(case, tree)
    assert kept(case) == tree


def test_every_recipe_has_golden_sites_and_they_ask_for_it(sites: dict[str, SiteSpec]) -> None:
    """A folder's name is its sites' recipe."""
    assert {f"recipe-{number}" for number in RECIPES} == {name.partition("/")[0] for name in sites}
    assert all(name.startswith(f"recipe-{site.recipe}/") for name, site in sites.items())


def test_the_golden_sites_cover_what_networks_and_roles_there_are(sites: dict[str, SiteSpec]) -> None:
    """A recipe that nothing exercises is not guarded."""
    nodes = [node for site in sites.values() for node in site.nodes.values()]
    assert {*RUNTIMES} == {node.runtime for node in nodes}
    assert {"amd64", "arm64", "armhf"} == {node.arch for node in nodes}
    assert {True, False} == {node.network.is_static for node in nodes}
    assert all(any(getattr(node.network, kind) for node in nodes) for kind in ("vlan", "bond", "wifi", "mac"))
