"""What the components register: child names and types are a compatibility promise."""

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pulumi
import pytest
from cryptography import x509

import edgefleet
from edgefleet.fleet.plainly import ProgramError
from edgefleet.fleetfile.load import load_fleet
from edgefleet.keys.derivation import site_key
from edgefleet.keys.site_certificate import certificate_key
from edgefleet.model.site_resource import TOKEN, SiteInputs, site_of
from edgefleet.model.spec import from_plain, to_plain
from edgefleet.site.building import BuildContext, build_site
from edgefleet.site.composed_node import Supplies
from edgefleet.site.inputs import StackSecrets, assemble
from edgefleet.site.masked_files import masked_files
from edgefleet.site.render import render

Record = Callable[..., Sequence[Any]]
"""The fixture of this folder: runs a program, gives back what it registered."""
SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
"""How a secret value is marked on the wire (Pulumi, resource properties)."""
SECRET = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
FILE = """\
apiVersion: edgefleet.dev/v1
fleet: shops
region: north
recipe: 1
controlPlane:
  kind: none
  cloud: {region: eu-central-1, endpoint: emulated}
  bucket: shops-north-artifacts
images: {store: "file:images"}
profiles:
  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi, storage: ssd}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
sites:
  alpha: {network: {address: 10.0.1.2/24, gateway: 10.0.1.1}}
  beta: {network: {wifi: {ssid: shop, country: DE, passphrase: {secret: shopWifi}}}}
"""


@pytest.fixture
def fleet_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fleet file with two sites in a project of its own, which is the working directory."""
    (tmp_path / "shops.fleet.yaml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return "shops.fleet.yaml"


def test_a_fleet_registers_one_resource_a_site_and_nothing_else_that_grows(
    record: Record, fleet_file: str
) -> None:
    """The number of resources grows with sites alone; their names and types are what state files hold."""
    found = record(
        lambda: edgefleet.Fleet(
            "shops", {"file": fleet_file, "secret": SECRET, "passphrases": {"shopWifi": "correct horse"}}
        )
    )
    assert [
        ("edgefleet:aws:Bucket", "shops/hub/artifacts"),
        ("edgefleet:index:ControlPlane", "shops/hub"),
        ("edgefleet:index:Fleet", "shops"),
        ("edgefleet:index:Roster", "shops/sites"),
        ("edgefleet:index:Site", "shops/alpha"),
        ("edgefleet:index:Site", "shops/beta"),
        ("pulumi:providers:edgefleet", "shops/cloud"),
    ] == [(each.type, each.name) for each in found]


def test_a_site_gets_its_own_key_and_only_the_passphrases_it_uses(record: Record, fleet_file: str) -> None:
    """The fleet secret goes no further than the component; a site without Wi-Fi gets no passphrase."""
    found = record(
        lambda: edgefleet.Fleet(
            "shops",
            {
                "file": fleet_file,
                "secret": SECRET,
                "passphrases": {"shopWifi": "correct horse", "other": "x"},
            },
        )
    )
    sites = {site_of(each.name): each.inputs for each in found if each.type == "edgefleet:index:Site"}
    expected = {
        site: {
            **SIGNATURE,
            "value": site_key(SECRET, fleet="shops", region="north", site=site, generation=1),
        }
        for site in ("alpha", "beta")
    }
    assert expected == {site: inputs["key"] for site, inputs in sites.items()}
    assert "passphrases" not in sites["alpha"]
    assert {**SIGNATURE, "value": {"shopWifi": "correct horse"}} == sites["beta"]["passphrases"]
    assert SECRET not in str([each.inputs for each in found])


def test_the_cloud_of_the_fleet_file_configures_the_provider(record: Record, fleet_file: str) -> None:
    """What the fleet file declares of its cloud, and nothing else, becomes the provider's configuration."""
    found = record(
        lambda: edgefleet.Fleet(
            "shops", {"file": fleet_file, "secret": SECRET, "passphrases": {"shopWifi": "correct horse"}}
        )
    )
    (provider,) = [each for each in found if each.type == "pulumi:providers:edgefleet"]
    given = {
        name: value for name, value in provider.inputs.items() if name in ("region", "endpoint", "profile")
    }
    assert {"region": "eu-central-1", "endpoint": "emulated"} == given


def test_a_stack_without_a_fleet_secret_is_reported_with_the_command(record: Record) -> None:
    """With plain `pulumi up` and no secret set, the error gives the command that writes one."""
    with pytest.raises(ProgramError, match="edgefleet init -s test"):
        record(edgefleet.fleet_secret)


def test_a_bad_fleet_file_is_a_run_error_without_a_traceback(record: Record, fleet_file: str) -> None:
    """Pulumi shows a `RunError` in plain words; the problems keep their places."""
    Path(fleet_file).write_text(FILE.replace("10.0.1.1}", "10.0.9.1}"))
    with pytest.raises(pulumi.RunError) as caught:
        record(lambda: edgefleet.Fleet("shops", {"file": fleet_file, "secret": SECRET}))
    assert isinstance(caught.value, ProgramError)
    assert caught.value.problems[0].where.startswith("shops.fleet.yaml:14:")


def test_a_site_gets_its_certificate_which_is_public_and_revoked_by_one_line(
    record: Record, fleet_file: str
) -> None:
    """Known before anything exists, in plain text; the list of revoked ones has its number and no other's."""
    written = FILE.replace("recipe: 1", "recipe: 1\nrevoked: {alpha: 1}").replace(
        "bucket: shops", "identity: {sites: true, validUntil: 2039-06-01}\n  bucket: shops"
    )
    Path(fleet_file).write_text(written)
    found = record(
        lambda: edgefleet.Fleet(
            "shops", {"file": fleet_file, "secret": SECRET, "passphrases": {"shopWifi": "correct horse"}}
        )
    )
    sites = {site_of(each.name): each.inputs for each in found if each.type == "edgefleet:index:Site"}
    assert {"certificate", "authority"} == set(sites["alpha"]["identity"])
    made = {
        name: x509.load_pem_x509_certificate(inputs["identity"]["certificate"].encode())
        for name, inputs in sites.items()
    }
    assert {"2039-06-01"} == {f"{each.not_valid_after_utc:%Y-%m-%d}" for each in made.values()}
    key = site_key(SECRET, fleet="shops", region="north", site="alpha", generation=1)
    assert certificate_key(key).public_key() == made["alpha"].public_key()
    (crl,) = [each.inputs["data"] for each in found if each.type == "edgefleet:aws:Crl"]
    revoked = x509.load_pem_x509_crl(crl.encode())
    assert [made["alpha"].serial_number] == [each.serial_number for each in revoked]


def test_a_certificate_that_ends_while_a_site_is_dark_is_an_error(record: Record, fleet_file: str) -> None:
    """Its last day is declared, and so is how long a site may be away."""
    written = FILE.replace(
        "bucket: shops", "identity: {sites: true, validUntil: 2030-01-01}\n  bucket: shops"
    )
    Path(fleet_file).write_text(written.replace("alpha: {", "alpha: {link: {maxOffline: 9999d}, "))
    with pytest.raises(ProgramError, match="alpha may be offline for 9999"):
        record(lambda: edgefleet.Fleet("shops", {"file": fleet_file, "secret": SECRET}))


def test_a_preview_a_build_and_an_explanation_are_about_the_same_bytes(
    record: Record, fleet_file: str, tmp_path: Path
) -> None:
    """The component registers what a build is made from; the images of both are equal, byte for byte."""
    written = FILE.replace(
        "bucket: shops", "identity: {sites: true, validUntil: 2039-06-01}\n  bucket: shops"
    )
    Path(fleet_file).write_text(written)
    passphrases = {"shopWifi": "correct horse"}
    found = record(
        lambda: edgefleet.Fleet("shops", {"file": fleet_file, "secret": SECRET, "passphrases": passphrases})
    )
    registered = {
        site_of(each.name): {
            name: value["value"] if SIGNATURE.items() <= _map(value).items() else value
            for name, value in each.inputs.items()
            if name != "declaredIn"  # which Check takes out
        }
        for each in found
        if each.type == TOKEN
    }
    secrets = StackSecrets(stack="test", fleet_secret=SECRET, passphrases=passphrases)
    fleet = load_fleet(tmp_path / fleet_file, tmp_path)
    assembly = assemble(fleet, secrets, today=datetime(2026, 11, 24, tzinfo=UTC))
    assert {
        "alpha": to_plain(assembly.inputs("alpha")),
        "beta": to_plain(assembly.inputs("beta")),
    } == registered
    shop = BuildContext(out=tmp_path / "out", supplies=Supplies(cache=tmp_path / "cache", project=tmp_path))
    for site in assembly.all_inputs():
        built = build_site(site, context=shop)
        assert () == built.problems
        previewed = render(from_plain(SiteInputs, registered[site.name]))
        explained = masked_files(site)
        for node, image in previewed.items():
            assert image.data == (tmp_path / "out" / site.name / image.name).read_bytes()
            data = {path: file.data for path, file in explained[node].items()}
            assert image.contents == {path: data[f"cidata/{path}"] for path in image.contents}
        assert {image.seed for image in previewed.values()} == {each.digest for each in built.images}


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def test_a_missing_passphrase_is_an_error_of_the_program(record: Record, fleet_file: str) -> None:
    """With the site that needs it and the command that sets it, before any resource of a site is made."""
    with pytest.raises(ProgramError, match=r"no secret 'shopWifi'.* --passphrase shopWifi"):
        record(lambda: edgefleet.Fleet("shops", {"file": fleet_file, "secret": SECRET}))
