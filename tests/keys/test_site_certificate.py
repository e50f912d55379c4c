"""Certificates of sites, and the list of those that open nothing any more."""

import base64
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.site.conftest import GOLDEN, spec_of

from edgefleet.errors import InvalidInput
from edgefleet.keys.certificates import Holder, pem
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
from edgefleet.model.hub import ControlPlane, HubIdentity
from edgefleet.model.site import Link

SECRET = base64.b64encode(b"a secret that only tests use, 32 bytes long").decode()
MASTER = hub_master(SECRET, fleet="retail", region="eu")
BY = site_authority(MASTER, fleet="retail", region="eu")
UNTIL = datetime(2040, 1, 1, tzinfo=UTC)
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
    """A site that is set up anew has a higher key generation and goes on."""
    serials = revoked(store_0007=2)
    assert certificate("store-0007", 1).certificate.serial_number in serials
    assert certificate("store-0007", 2).certificate.serial_number in serials
    assert certificate("store-0007", 3).certificate.serial_number not in serials
    assert certificate("store-0008", 1).certificate.serial_number not in serials


def test_the_list_is_signed_and_the_same_every_time() -> None:
    made = revocation_list(BY, revoked(store_0007=1))
    assert pem(made) == pem(revocation_list(BY, revoked(store_0007=1)))
    key = BY.key.public_key()
    assert made.is_signature_valid(key)


def test_openssl_refuses_the_revoked_one_and_takes_the_others(tmp_path: Path) -> None:
    """An independent witness."""
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("openssl is not installed")
    (tmp_path / "ca").write_text(BY.certificate_pem)
    (tmp_path / "crl").write_text(pem(revocation_list(BY, revoked(store_0007=1))))
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
    hub = ControlPlane(kind="k3s", identity=HubIdentity(sites=True, valid_until="2027-06-01"))
    assert (7, 180, 400) == (offline_days(SITE.link), offline_days(dark.link), offline_days(declared.link))
    today = datetime(2027, 1, 1, tzinfo=UTC)
    check_outlasts({"a": SITE}, hub, today)
    with pytest.raises(InvalidInput, match="in 151 days, and b may be offline for 180"):
        check_outlasts({"a": SITE, "b": dark}, hub, today)
    check_outlasts({"a": SITE, "b": dark}, replace(hub, identity=HubIdentity(sites=False)), today)
    check_outlasts({"b": declared}, replace(hub, identity=HubIdentity(sites=True)), today)
