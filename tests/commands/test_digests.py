"""Every place that prints a digest of an image: one name for one digest."""

import html
import re
from dataclasses import dataclass

import pytest
from tests.commands.conftest import SECRET, World

from edgefleet.fleetfile.load import load_fleet
from edgefleet.images import FORMATS
from edgefleet.keys.derivation import site_key
from edgefleet.site.render import rendered

BASE = f"{{source: 'file:base.img', sha256: {'a' * 64}}}"
NEEDS = {
    "raw": f", base: {BASE}",
    "iso": f", installer: debian, base: {BASE}",
    "ipxe": f", netboot: {{kernel: {BASE}, initrd: [{BASE}], arguments: 's={{seed}}'}}",
}
PI = {"nocloud-dir": "profile: pi, "}
NODE = "n1: {network: {mac: '52:54:00:00:00:%02x', interface: eth0}}"


@dataclass(frozen=True)
class Digest:
    """Those of a site: name and value of its image's, its release's, and its node's part of it."""

    kind: str
    value: str
    release: str
    part: str


def brought_up(world: World) -> dict[str, Digest]:
    """A site for each format, brought up; dict[site -> its digest]."""
    sites = ""
    for number, name in enumerate(FORMATS):
        image = f"image: {{format: {name}{NEEDS.get(name, '')}}}"
        sites += f"  {name}: {{{PI.get(name, '')}{image}, nodes: {{{NODE % number}}}}}\n"
    text = world.fleet_file.read_text()
    profiles = text.partition("sites:")[0].replace(
        "profiles:", "profiles:\n  pi: {arch: arm64, cpus: 4, memory: 8Gi, disk: 64Gi}"
    )
    world.fleet_file.write_text(f"{profiles}sites:\n{sites}")
    fleet = load_fleet(world.fleet_file, world.project)
    digests = {}
    for name, spec in fleet.sites.items():
        key = site_key(SECRET, fleet="shops", region="dev", site=name, generation=spec.key_generation)
        made = rendered(spec, key, {})
        of_image, release = made.images["n1"], made.release
        digests[name] = Digest(of_image.kind, of_image.desired, release.digest, release.parts["n1"])
    return digests


def test_each_place_shows_the_same_digest_under_the_same_name(known: World) -> None:
    """Preview, its JSON, explain, the list of sites, its JSON and the sheet, for every format."""
    digests = brought_up(known)
    assert {"iso": "parts", "raw": "parts"} == {
        site: digest.kind for site, digest in digests.items() if digest.kind != "seed"
    }
    planned = known.run("preview", "-s", "dev", "--all").out
    planned_json = known.run("preview", "-s", "dev", "--json", "-").json
    short = known.run("preview", "-s", "dev").out
    assert 0 == known.run("up", "-s", "dev", "-y").code
    listed, listed_json = (
        known.run("sites", "-s", "dev").out,
        known.run("sites", "-s", "dev", "--json", "-").json,
    )
    assert 0 == known.run("sites", "sheet", "-s", "dev", "--all", "--out", "sheets.html").code
    sheets = re.sub("<[^>]*>", "", html.unescape((known.project / "sheets.html").read_text()))
    for site, digest in digests.items():
        cut = digest.value[: len("sha256:") + 12]
        cut_release = digest.release[: len("sha256:") + 12]
        assert (
            f"{site} n1  {digest.kind}\n    + {digest.value}\n      {site}  release\n    + {digest.release}\n"
            in planned
        )
        assert re.search(rf"\+ {site} n1 +{digest.kind} {cut}  release {cut_release}\n", short)
        (row,) = (row for row in planned_json["sites"] if row["name"] == site)
        assert (digest.kind, digest.value) == (row["images"]["n1"]["kind"], row["images"]["n1"]["new"])
        assert digest.release == row["release"]["new"]
        explained = known.run("explain", "-s", "dev", "--target", site).out
        assert (
            f"{site} n1  {digest.kind}\n    {digest.value}  stays\n"
            f"{site}  release\n    {digest.release}  stays\n"
        ) == explained
        assert re.search(rf"{site} n1 +{digest.kind} {cut} +not acknowledged", listed)
        (entry,) = (entry for entry in listed_json["sites"] if entry["name"] == site)
        assert (digest.kind, digest.value) == (
            entry["nodes"]["n1"]["kind"],
            entry["nodes"]["n1"]["desired"],
        )
        assert (digest.release, digest.part) == (entry["release"], entry["nodes"]["n1"]["release"])
        assert f"{digest.kind} {cut}" in sheets


def test_a_change_of_format_names_both_digests(known: World) -> None:
    """A seed became the parts of an image."""
    known.edit("munich: {", f"munich: {{image: {{format: raw, base: {BASE}}}, ")
    assert "munich n1  seed -> parts\n" in known.run("preview", "-s", "dev").out
    assert known.run("explain", "-s", "dev", "--target", "munich").out.startswith(
        "munich n1  seed -> parts\n"
    )


@pytest.mark.parametrize("format_", FORMATS)
def test_a_seed_has_no_name_of_an_image(format_: str) -> None:
    """The file in the store and the file that is written to a medium do not share a name."""
    kind = FORMATS[format_]
    assert kind.suffix.startswith(".seed.") is kind.is_composed
    assert kind.suffix != kind.whole
