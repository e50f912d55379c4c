"""The inputs of sites: one road for previews, builds and explanations."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.keys.derivation import hub_master, site_key
from edgefleet.keys.site_certificate import site_authority
from edgefleet.model.spec import to_plain
from edgefleet.site.inputs import FleetKeys, StackSecrets, assemble

SECRET = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
TODAY = datetime(2026, 11, 24, tzinfo=UTC)
FILE = """\
apiVersion: edgefleet.dev/v1
fleet: shops
region: north
recipe: 1
controlPlane: {kind: none, cloud: {region: eu-central-1}, identity: {sites: true, validUntil: 2039-06-01},
  bucket: shops-north-artifacts}
images: {store: "file:images"}
profiles:
  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi, storage: ssd}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
sites:
  alpha: {network: {address: 10.0.1.2/24, gateway: 10.0.1.1}}
  beta: {network: {wifi: {ssid: shop, country: DE, passphrase: {secret: shopWifi}}}}
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Two sites with certificates, one of them with Wi-Fi."""
    (tmp_path / "shops.fleet.yaml").write_text(FILE)
    return load_fleet(tmp_path / "shops.fleet.yaml", tmp_path)


def secrets(**passphrases: str) -> StackSecrets:
    return StackSecrets(stack="north", fleet_secret=SECRET, passphrases=passphrases)


def test_a_site_gets_what_was_derived_for_it_and_nothing_else(fleet: Fleet) -> None:
    """Its key, the passphrases that it refers to, its certificate; the fleet secret goes no further."""
    assembly = assemble(fleet, secrets(shopWifi="correct horse", other="x"), today=TODAY)
    alpha, beta = (to_plain(assembly.inputs(site)) for site in ("alpha", "beta"))
    assert site_key(SECRET, fleet="shops", region="north", site="alpha", generation=1) == alpha["key"]
    assert ({"shopWifi": "correct horse"}, False) == (beta["passphrases"], "passphrases" in alpha)
    by = site_authority(hub_master(SECRET, fleet="shops", region="north"), fleet="shops", region="north")
    assert {by.certificate_pem} == {alpha["identity"]["authority"], beta["identity"]["authority"]}
    assert alpha["identity"]["certificate"] != beta["identity"]["certificate"]
    assert SECRET not in str((alpha, beta))


def test_the_authority_is_derived_once_for_all_sites(fleet: Fleet) -> None:
    """A signature for each site costs enough."""
    keys = FleetKeys(secret=SECRET, fleet=fleet)
    assert keys.authority is keys.authority


def test_a_build_of_a_site_has_the_same_inputs(fleet: Fleet) -> None:
    """In the order that was requested."""
    assembly = assemble(fleet, secrets(shopWifi="correct horse"), today=TODAY, sites=["beta", "alpha"])
    assert [assembly.inputs("beta"), assembly.inputs("alpha")] == list(assembly.all_inputs())


def test_a_missing_passphrase_is_an_error_of_the_sites_that_need_it(fleet: Fleet) -> None:
    """With its place and the command; a site that needs none is not refused for it."""
    with pytest.raises(InvalidInput, match="no secret 'shopWifi'") as caught:
        assemble(fleet, secrets(), today=TODAY)
    (problem,) = caught.value.problems
    assert (
        "sites.beta.nodes.n1.network.wifi.passphrase",
        "set it: edgefleet init -s north --passphrase shopWifi",
    ) == (
        problem.path,
        problem.hint,
    )
    assert "alpha" == assemble(fleet, secrets(), today=TODAY, sites=["alpha"]).inputs("alpha").name


def test_a_missing_secret_that_sites_inherit_is_one_error(tmp_path: Path) -> None:
    """With the number of the others."""
    file = tmp_path / "shops.fleet.yaml"
    file.write_text(FILE.replace("profile: pos,", "profile: pos, ntp: [{secret: clock}],"))
    with pytest.raises(InvalidInput) as caught:
        assemble(load_fleet(file, tmp_path), secrets(shopWifi="correct horse"), today=TODAY)
    (problem,) = caught.value.problems
    assert ("sites.alpha.ntp[0]", "the stack has no secret 'clock' (and so for 1 more)") == (
        problem.path,
        problem.problem,
    )


def test_everything_is_checked_before_any_input_is_made(fleet: Fleet) -> None:
    """A certificate that ends while a site is offline; without certificates there is nothing to outlast."""
    late = datetime(2039, 5, 30, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="certificates expire in 2 days"):
        assemble(fleet, secrets(shopWifi="x"), today=late)
    without = replace(
        fleet,
        control_plane=replace(
            fleet.control_plane, identity=replace(fleet.control_plane.identity, sites=False)
        ),
    )
    assert assemble(without, secrets(shopWifi="correct horse"), today=late).inputs("alpha").identity is None
