"""Certificates of sites, and the list of those that open nothing any more."""

import base64
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.site.conftest import GOLDEN, spec_of

from edgefleet.errors import InvalidInput
from edgefleet.keys.certificates import Holder, Subject, authority, client, pem
from edgefleet.keys.derivation import hub_master, site_key
from edgefleet.keys.site_certificate import (
    check_outlasts,
    check_validity,
    offline_days,
    revocation_list,
    revoked_serials,
    site_authority,
    site_certificate,
)
from edgefleet.model.hub import Hub, HubIdentity
from edgefleet.model.site import Link

SECRET = base64.b64encode(b"a secret that only tests use, 32 bytes long").decode()
MASTER = hub_master(SECRET, fleet="retail", region="eu")
BY = site_authority(MASTER, fleet="retail", region="eu")
UNTIL = datetime(2040, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SITE = spec_of(GOLDEN / "recipe-1" / "server-static")


def certificate(site: str, generation: int = 1) -> Holder:
    key = site_key(SECRET, fleet="retail", region="eu", site=site, generation=generation)
    return site_certificate(key, BY, site=("retail", "eu", site), not_after=UNTIL)


def revoked(**sites: int) -> tuple[int, ...]:
    named = {name.replace("_", "-"): generation for name, generation in sites.items()}
    return revoked_serials(SECRET, BY, region=("retail", "eu"), revoked=named)


def test_a_site_is_known_by_its_name_and_no_two_are_alike() -> None:
    made = certificate("store-0007").certificate
    assert "CN=store-0007,OU=eu,O=retail" == made.subject.rfc4514_string()
    assert made == certificate("store-0007").certificate
    others = [certificate("store-0008"), certificate("store-0007", 2)]
    assert 3 == len({made.serial_number, *(each.certificate.serial_number for each in others)})


def test_one_line_revokes_one_site_in_all_its_key_generations_so_far() -> None:
    """A site that is set up again has a higher key generation and goes on."""
    serials = revoked(store_0007=2)
    assert certificate("store-0007", 1).certificate.serial_number in serials
    assert certificate("store-0007", 2).certificate.serial_number in serials
    assert certificate("store-0007", 3).certificate.serial_number not in serials
    assert certificate("store-0008", 1).certificate.serial_number not in serials


def test_the_list_is_signed_and_the_same_every_time() -> None:
    made = revocation_list(BY, revoked(store_0007=1), NOW)
    assert pem(made) == pem(revocation_list(BY, revoked(store_0007=1), NOW))
    key = BY.key.public_key()
    assert made.is_signature_valid(key)


def number_of(made: x509.CertificateRevocationList) -> int:
    return made.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_a_later_list_has_a_higher_number_whatever_is_in_it() -> None:
    """An entry in the place of another, or one fewer, is a new list as well."""
    lists = [revoked(a=1), revoked(b=1), revoked(), revoked(a=1, b=1), revoked(b=3)]
    numbers = [
        number_of(revocation_list(BY, serials, NOW + timedelta(seconds=index)))
        for index, serials in enumerate(lists)
    ]
    assert sorted(set(numbers)) == numbers


def test_a_list_is_believed_for_days_not_for_decades() -> None:
    """Anyone who holds back a newer one gains that long."""
    made = revocation_list(BY, revoked(store_0007=1), NOW)
    assert (NOW, NOW + timedelta(days=30)) == (made.last_update_utc, made.next_update_utc)


def test_one_entry_revokes_a_site_however_long_its_certificates_are_valid() -> None:
    """A renewal with a later end has the same name and key: both are the lost node's."""
    key = site_key(SECRET, fleet="retail", region="eu", site="store-0007", generation=1)
    serials = {
        site_certificate(
            key, BY, site=("retail", "eu", "store-0007"), not_after=datetime(year, 1, 1, tzinfo=UTC)
        ).certificate.serial_number
        for year in (2027, 2030, 2040)
    }
    assert set(revoked(store_0007=1)) == serials


@pytest.mark.parametrize("last", [0, -1, 1_001, 10**9, 10**6_000], ids=["0", "-1", "1001", "1e9", "1e6000"])
def test_a_revocation_that_would_take_days_to_compute_is_refused(last: int) -> None:
    """All at once, and at once."""
    with pytest.raises(InvalidInput) as caught:
        revoked_serials(SECRET, BY, region=("retail", "eu"), revoked={"a": last, "b": 1, "c": last})
    assert ["revoked.a", "revoked.c"] == [problem.path for problem in caught.value.problems]


def test_the_authority_is_for_tls_alone_and_makes_no_other_authority() -> None:
    """Clients are its sites, the server is the hub that they report to."""
    extensions = BY.certificate.extensions
    basic = extensions.get_extension_for_class(x509.BasicConstraints)
    assert (True, True, 0) == (basic.critical, basic.value.ca, basic.value.path_length)
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH} == set(purposes)
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert (True, True, False, False) == (
        usage.key_cert_sign,
        usage.crl_sign,
        usage.key_encipherment,
        usage.digital_signature,
    )


def below(key: ec.EllipticCurvePrivateKey, purpose: x509.ObjectIdentifier) -> x509.Certificate:
    """A certificate for `purpose` that somebody with the authority's key signed."""
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "attacker")]))
        .issuer_name(BY.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(UNTIL)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .sign(BY.key, hashes.SHA256())
    )


@pytest.mark.parametrize(
    ("attack", "purpose", "reason"),
    [
        ("an authority below it", "sslclient", "path length constraint exceeded"),
        ("a site as a server", "sslserver", "purpose"),
        ("a signer of mail", "smimesign", "purpose"),
    ],
)
def test_openssl_refuses_what_the_authority_must_not_make(
    attack: str, purpose: str, reason: str, tmp_path: Path
) -> None:
    """Made with its own key."""
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("openssl is not installed")
    key = ec.generate_private_key(ec.SECP256R1())
    middle = authority(Subject(common_name="attacker", not_after=UNTIL), key, path_length=0, by=BY)
    leaves = {
        "an authority below it": client(
            Subject(common_name="store-0007", not_after=UNTIL), key, by=middle
        ).certificate,
        "a site as a server": certificate("store-0007").certificate,
        "a signer of mail": below(key, ExtendedKeyUsageOID.EMAIL_PROTECTION),
    }
    files = {"ca": BY.certificate, "chain": middle.certificate, "leaf": leaves[attack]}
    for name, made in files.items():
        (tmp_path / name).write_text(pem(made))
    run = subprocess.run(
        [
            *(tool, "verify", "-purpose", purpose, "-CAfile", str(tmp_path / "ca")),
            *("-untrusted", str(tmp_path / "chain"), str(tmp_path / "leaf")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (2, True) == (run.returncode, reason in run.stderr), run.stderr


def test_openssl_refuses_the_revoked_one_and_takes_the_others(tmp_path: Path) -> None:
    """An independent witness."""
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("openssl is not installed")
    (tmp_path / "ca").write_text(BY.certificate_pem)
    (tmp_path / "crl").write_text(pem(revocation_list(BY, revoked(store_0007=1), datetime.now(UTC))))
    verdicts = {}
    for site in ("store-0007", "store-0008"):
        (tmp_path / site).write_text(certificate(site).certificate_pem)
        command = [tool, "verify", "-x509_strict", "-crl_check", "-CAfile", str(tmp_path / "ca")]
        run = subprocess.run(
            [*command, "-CRLfile", str(tmp_path / "crl"), str(tmp_path / site)],
            capture_output=True,
            text=True,
            check=False,
        )
        verdicts[site] = (run.returncode, "revoked" in run.stderr)
    assert {"store-0007": (2, True), "store-0008": (0, False)} == verdicts


def test_certificates_outlast_the_longest_offline_period() -> None:
    check_validity(400, 90)
    with pytest.raises(InvalidInput, match="offline for 90"):
        check_validity(90, 90)


def test_a_site_declares_its_longest_offline_period_or_its_link_class_does() -> None:
    """The last day is in the fleet file; what day it is today is handed in."""
    dark = replace(SITE, link=Link(class_="dark"))
    declared = replace(SITE, link=Link(max_offline=400))
    hub = Hub(kind="k3s", identity=HubIdentity(sites=True, valid_until="2027-06-01"))
    assert (7, 180, 400) == (offline_days(SITE.link), offline_days(dark.link), offline_days(declared.link))
    today = datetime(2027, 1, 1, tzinfo=UTC)
    check_outlasts({"a": SITE}, hub, today)
    with pytest.raises(InvalidInput, match="in 151 days, and b may be offline for 180"):
        check_outlasts({"a": SITE, "b": dark}, hub, today)
    check_outlasts({"a": SITE, "b": dark}, replace(hub, identity=HubIdentity(sites=False)), today)
    check_outlasts({"b": declared}, replace(hub, identity=HubIdentity(sites=True)), today)
