"""The authorities of a site's k3s: derived, each for one purpose, known to agents by a digest."""

import base64
import hashlib
import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509

from edgefleet.keys.certificates import Subject, client, private_key
from edgefleet.keys.hub_pki import PURPOSES
from edgefleet.keys.site_authorities import _authority, authorities, joining_token

KEY = base64.b64encode(b"a key that only golden sites use").decode()
OTHER = base64.b64encode(bytes(32)).decode()


def certificate(purpose: str) -> str:
    """The file of an authority's certificate on a node."""
    key, begin, rest = authorities(KEY)[purpose].partition("-----BEGIN CERTIFICATE-----\n")
    assert (1, "-----END CERTIFICATE-----\n") == (key.count("BEGIN"), rest[-26:])
    return begin + rest


def test_they_are_the_same_every_time_and_of_one_site() -> None:
    """So that a preview knows an agent's token, and a lost site opens no other."""
    assert authorities(KEY) == authorities(KEY)
    assert set() == set(authorities(KEY).values()) & set(authorities(OTHER).values())
    assert {"service", *PURPOSES} == set(authorities(KEY))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_each_signs_itself_and_has_a_key_of_its_own(purpose: str) -> None:
    """As those that k3s creates; valid where a clock is wrong."""
    made = x509.load_pem_x509_certificate(certificate(purpose).encode())
    made.verify_directly_issued_by(made)
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert datetime(2020, 1, 1, tzinfo=UTC) == made.not_valid_before_utc
    assert datetime(2050, 1, 1, tzinfo=UTC) == made.not_valid_after_utc
    keys = [pem.partition("-----BEGIN CERTIFICATE")[0] for pem in authorities(KEY).values()]
    assert 6 == len(set(keys))


def test_a_token_is_of_k3ss_full_form() -> None:
    """With the SHA-256 of the file of a single certificate; `openssl` reads it as a bundle of one."""
    file = certificate("server-ca")
    assert f"K10{hashlib.sha256(file.encode()).hexdigest()}::node:secret" == joining_token(
        KEY, "node", "secret"
    )
    assert joining_token(KEY, "node", "secret")[:67] != joining_token(OTHER, "node", "secret")[:67]


def test_what_one_authority_signs_another_does_not_vouch_for() -> None:
    """A node's client certificate makes no server."""
    subject = Subject(common_name="system:node:a", not_after=datetime(2040, 1, 1, tzinfo=UTC))
    signed = client(subject, private_key(KEY, "a test's client"), by=_authority(KEY, "client-ca")).certificate
    signed.verify_directly_issued_by(_authority(KEY, "client-ca").certificate)
    with pytest.raises(ValueError, match="does not match certificate issuer"):
        signed.verify_directly_issued_by(_authority(KEY, "server-ca").certificate)


def test_openssl_takes_the_bundle() -> None:
    context = ssl.create_default_context(cadata=certificate("server-ca"))
    assert 1 == len(context.get_ca_certs())
