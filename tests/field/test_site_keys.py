"""A site's resource takes a key that was derived for it, and no other secret.

Source: pulumi/pulumi#13286 and pulumi/pulumi-kubernetes#2300: what a resource is given as an input stands in
its state, so a secret that opens more than the resource must not be one.
"""

import base64
import json
from typing import Any

import pytest

SECRET = base64.b64encode(bytes(range(32))).decode()
FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: shops
region: north
recipe: 1
images: {store: "file:images"}
profiles:
  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi, storage: ssd}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
sites:
  alpha: {network: {address: 10.0.1.2/24, gateway: 10.0.1.1}}
"""
SITE = """
from pathlib import Path
fleet = edgefleet.load_fleet(Path("shops.fleet.yaml"), Path.cwd())
place = {"fleet": "shops", "region": "north", "site": "alpha"}
edgefleet.Site("alpha", fleet.sites["alpha"], {"store": "file:images", **KEY})
"""


def program(key: str) -> str:
    return SITE.replace("**KEY", key)


@pytest.fixture
def fleet(stack: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stack of a project with a fleet file; the program runs in its folder."""
    monkeypatch.chdir(stack.root)
    (stack.root / "shops.fleet.yaml").write_text(FLEET)
    return stack


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ('"key": secret', "derived for a site"),
        ('"key": edgefleet.site_key(secret, **place | {"site": "beta"})', "not the key of this site"),
        ('"key": edgefleet.site_key(secret, **place, generation=2)', "not the key of this site"),
        ('"key": edgefleet.site_key(secret, **place), "secret": secret', "one of secret and key"),
        ('"passphrases": {}', "one of secret and key"),
    ],
)
def test_another_secret_is_refused(fleet: Any, key: str, words: str) -> None:
    """With the function that derives the right one, and never shown."""
    fleet.write(program(key), secret=SECRET)
    run = fleet.preview()
    assert "succeeded" != run.result
    assert (True, False) == (words in run.text, SECRET in run.text), run.text


@pytest.mark.parametrize("key", ['"secret": secret', '"key": edgefleet.site_key(secret, **place)'])
def test_the_fleet_secret_goes_no_further_than_the_program(fleet: Any, key: str) -> None:
    fleet.write(program(key), secret=SECRET)
    run = fleet.up()
    assert "succeeded" == run.result, run.text
    assert {} == fleet.preview().ops
    state = json.dumps(fleet.state())
    assert (True, False) == ("sha256:" in state, SECRET in state)
    assert not [file for file in fleet.root.rglob("*.json") if SECRET in file.read_text()]
