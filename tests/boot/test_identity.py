"""Step `identity`: what is on the node fits together, and is what the authority made for this site."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.boot.conftest import KEY, Targets

from edgefleet.boot import identity
from edgefleet.keys.derivation import hub_master
from edgefleet.keys.site_certificate import identified, site_authority
from edgefleet.model.firstboot import Step
from edgefleet.model.hub import Hub, HubDns, HubIdentity

MASTER = hub_master(base64.b64encode(bytes(32)).decode(), fleet="retail", region="eu")
BY = site_authority(MASTER, fleet="retail", region="eu")
CASE = "recipe-1/server-static"


def test_certificate_key_and_authority_fit_together(
    target: Targets, text_of: Callable[[Step, str], str]
) -> None:
    """The key is made from the site's own, the certificate is handed in: they are of each other."""
    hub = Hub(kind="k3s", dns=HubDns(name="hub.example"), identity=HubIdentity(sites=True))
    one = target(CASE)
    spec = identified(one.site, KEY, BY, hub)
    assert spec.identity is not None
    assert "hub.example" == spec.identity.hub
    step = identity.plan(target(CASE, identity=spec.identity))
    certificate = x509.load_pem_x509_certificate(text_of(step, f"{identity.FOLDER}/site.crt").encode())
    authority = x509.load_pem_x509_certificate(text_of(step, f"{identity.FOLDER}/authority.crt").encode())
    key = load_pem_private_key(text_of(step, f"{identity.FOLDER}/site.key").encode(), None)
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(authority)
    assert datetime(2040, 1, 1, tzinfo=UTC) == certificate.not_valid_after_utc
    modes = {file.path: (file.mode, file.is_secret) for file in step.files}
    assert (0o600, True) == modes[f"{identity.FOLDER}/site.key"]


def test_without_an_authority_there_is_nothing(target: Targets) -> None:
    """As in a region without a hub."""
    one = target(CASE)
    assert one.site == identified(one.site, KEY, BY, Hub())
    assert Step() == identity.plan(one)
