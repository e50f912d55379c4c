"""A hub's identity, with openssl and Python's TLS as independent witnesses."""

import base64
import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edgefleet.errors import InvalidInput
from edgefleet.keys import hub_pki as hub
from edgefleet.keys.certificates import Holder, Subject, authority, pem, private_key
from edgefleet.keys.derivation import hub_master, site_key
from edgefleet.keys.hub_access import access_manifests

SECRET = base64.b64encode(b"a secret that only tests use, 32 bytes long").decode()
MASTER = hub_master(SECRET, fleet="retail", region="eu")
VERSION = "v1.36.4+k3s1"


def identity(*generations: int, version: str = VERSION) -> hub.HubIdentity:
    signer = hub.intermediate(MASTER, fleet="retail", region="eu")
    return hub.hub_identity(MASTER, signer, key_generations=generations or (1,), k3s_version=version)


def openssl(*arguments: str, given: bytes = b"") -> str:
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("openssl is not installed")
    run = subprocess.run([tool, *arguments], input=given, capture_output=True, check=False)
    assert 0 == run.returncode, run.stderr.decode()
    return run.stdout.decode()


def test_it_is_the_same_every_time() -> None:
    """Recipe of secrets: these bytes are a promise, as images and parameters hold them."""
    made = identity()
    assert made.files == identity().files
    digest = hashlib.sha256("".join(f"{name}{text}" for name, text in sorted(made.files.items())).encode())
    assert "526896b1fc5a" == digest.hexdigest()[:12]


def test_the_masters_of_hub_and_sites_have_nothing_in_common() -> None:
    """Who has a node's key opens no hub."""
    assert MASTER != site_key(SECRET, fleet="retail", region="eu", site="hub", generation=1)
    assert MASTER != hub_master(SECRET, fleet="retail", region="us")


def test_every_file_that_k3s_wants_is_there_and_short() -> None:
    """Each fits a parameter of the standard tier."""
    files = identity(1, 2).files
    names = [f"{purpose}.{ending}" for purpose in hub.PURPOSES for ending in ("crt", "key")]
    assert {*names, "service.key"} == set(files)
    assert all(len(text) <= 4096 for text in files.values())


@pytest.mark.parametrize("purpose", hub.PURPOSES)
def test_openssl_follows_the_chain(purpose: str, tmp_path: Path) -> None:
    """Authority, intermediate, root, and the key is the certificate's."""
    files = identity().files
    leaf, middle, root = x509.load_pem_x509_certificates(files[f"{purpose}.crt"].encode())
    for name, certificate in (("leaf", leaf), ("middle", middle), ("root", root)):
        (tmp_path / name).write_text(pem(certificate))
    said = openssl(
        "verify",
        "-x509_strict",
        "-CAfile",
        str(tmp_path / "root"),
        "-untrusted",
        str(tmp_path / "middle"),
        str(tmp_path / "leaf"),
    )
    assert said.strip().endswith("OK")
    public = openssl("pkey", "-pubout", given=files[f"{purpose}.key"].encode())
    assert public == openssl("x509", "-pubkey", "-noout", given=pem(leaf).encode())


def test_the_hash_is_the_roots_as_openssl_has_it() -> None:
    """FACTS: sha256 of the root's DER for a bundle; an old k3s hashes the file."""
    made = identity()
    root = x509.load_pem_x509_certificates(made.files["server-ca.crt"].encode())[-1]
    shown = openssl("x509", "-fingerprint", "-sha256", "-noout", given=pem(root).encode())
    assert made.ca_hash == shown.strip().partition("=")[2].replace(":", "").lower()
    assert made.server_token.startswith(f"K10{made.ca_hash}::server:")
    assert made.agent_token.startswith(f"K10{made.ca_hash}::node:")
    old = identity(version="v1.21.2+k3s1")
    assert hashlib.sha256(old.files["server-ca.crt"].encode()).hexdigest() == old.ca_hash


def test_intermediates_say_who_signed_them_and_the_root_says_nobody() -> None:
    """k3s takes a later certificate without an AKI, or with its own, for a root."""
    leaf, middle, root = x509.load_pem_x509_certificates(identity().files["server-ca.crt"].encode())
    for certificate, issuer in ((leaf, middle), (middle, root)):
        key_id = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        subject = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        assert subject.digest == key_id.key_identifier
    with pytest.raises(x509.ExtensionNotFound, match="AuthorityKeyIdentifier"):
        root.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)


def test_they_are_valid_where_a_clock_is_wrong() -> None:
    """A board without a battery begins years ago."""
    certificates = x509.load_pem_x509_certificates(identity().files["client-ca.crt"].encode())
    assert certificates
    for certificate in certificates:
        assert datetime(2020, 1, 1, tzinfo=UTC) == certificate.not_valid_before_utc
        assert certificate.not_valid_after_utc >= datetime(2040, 1, 1, tzinfo=UTC)


def test_a_key_generation_renews_all_but_the_root() -> None:
    """So that those who trust the root still do."""
    first, second = identity(1), identity(2)
    assert first.ca_hash == second.ca_hash
    assert not {name for name in first.files if first.files[name] == second.files[name]}
    assert first.server_token != second.server_token


def test_while_key_generations_overlap_both_ones_clients_are_believed() -> None:
    """The newer one signs; the older one's client authority is still in the bundle."""
    first, both, second = identity(1), identity(1, 2), identity(2)
    assert second.files["client-ca.key"] == both.files["client-ca.key"]
    bundle = x509.load_pem_x509_certificates(both.files["client-ca.crt"].encode())
    assert x509.load_pem_x509_certificates(first.files["client-ca.crt"].encode())[0] in bundle
    assert second.files["server-ca.crt"] == both.files["server-ca.crt"]


def test_kubeconfigs_are_of_users_with_a_key_generation_and_an_admins_is_short_lived() -> None:
    """A client certificate cannot be revoked; its user's rights can."""
    made = identity()
    now = datetime(2026, 5, 4, 12, tzinfo=UTC)
    admin = hub.admin_kubeconfig(made, MASTER, address="hub.example", now=now, hours=8)
    certificate = certificate_of(admin)
    assert timedelta(hours=8, minutes=5) == certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert "system:masters" in certificate.subject.rfc4514_string()
    deployer = hub.role_kubeconfig(made, MASTER, role="deployer", address="hub.example", generation=1)
    assert "CN=edgefleet:deployer:1" == certificate_of(deployer).subject.rfc4514_string()
    assert deployer["clusters"] == admin["clusters"]
    bound = {
        subject["name"] for each in access_manifests((2,), ["apps"]) for subject in each.get("subjects", ())
    }
    assert {"edgefleet:deployer:2", "edgefleet:read-only:2"} == bound


def certificate_of(kubeconfig: dict[str, object]) -> x509.Certificate:
    users = kubeconfig["users"]
    assert isinstance(users, list)
    return x509.load_pem_x509_certificate(base64.b64decode(users[0]["user"]["client-certificate-data"]))


def test_a_server_of_the_hub_and_a_kubeconfig_know_each_other(tmp_path: Path) -> None:
    """A real TLS handshake, both ways."""
    made = identity()
    leaf = x509.load_pem_x509_certificates(made.files["server-ca.crt"].encode())[0]
    signer = Holder(leaf, private_key(MASTER, "hub-server-ca", of="1"))
    server_key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName("hub.example")])
    now = datetime.now(UTC)
    server = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(leaf.subject)
        .public_key(server_key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(leaf.public_key()), critical=False)  # type: ignore[arg-type]  # of a curve
        .sign(signer.key, hashes.SHA256())
    )
    form = server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    (tmp_path / "server.pem").write_text(form + pem(server) + made.files["server-ca.crt"])
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(tmp_path / "server.pem")
    there.verify_mode = ssl.CERT_REQUIRED
    there.load_verify_locations(cadata=made.files["client-ca.crt"])
    config = hub.role_kubeconfig(made, MASTER, role="read-only", address="hub.example", generation=1)
    here = ssl.create_default_context(cadata=made.root_pem)
    users = config["users"]
    assert isinstance(users, list)
    shown = users[0]["user"]
    text = "".join(
        base64.b64decode(shown[name]).decode() for name in ("client-key-data", "client-certificate-data")
    )
    (tmp_path / "client.pem").write_text(text)
    here.load_cert_chain(tmp_path / "client.pem")
    one, other = socket.socketpair()
    seen: list[object] = []

    def serve() -> None:
        with there.wrap_socket(one, server_side=True) as connection:
            seen.append(connection.getpeercert())
            connection.sendall(b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    with here.wrap_socket(other, server_hostname="hub.example") as connection:
        assert b"hello" == connection.recv(5)
    thread.join(timeout=10)
    assert "edgefleet:read-only:1" in str(seen)


def chain_and_key(*, authority_of_all: bool = True) -> tuple[str, str]:
    until = hub.ROOT_UNTIL
    root = authority(
        Subject(common_name="root", not_after=until), private_key(MASTER, "other-root"), path_length=2
    )
    middle = authority(
        Subject(common_name="middle", not_after=until), private_key(MASTER, "other"), path_length=1, by=root
    )
    chain = [middle.certificate, *([root.certificate] if authority_of_all else [])]
    return "".join(map(pem, chain)), middle.key_pem


def test_a_root_may_stay_offline() -> None:
    """With the intermediate and its key alone, everything works and names the offline root."""
    chain, key = chain_and_key()
    signer = hub.offline_intermediate(chain, key)
    made = hub.hub_identity(MASTER, signer, key_generations=(1,), k3s_version=VERSION)
    root = x509.load_pem_x509_certificates(chain.encode())[-1]
    assert pem(root) in made.root_pem
    assert made.ca_hash != identity().ca_hash


def test_an_intermediate_that_may_sign_no_authority_is_refused() -> None:
    """k3s's authorities are one step below it: clients would refuse the whole chain."""
    by = Holder(root := chain_root().certificate, chain_root().key)
    middle = authority(
        Subject(common_name="middle", not_after=hub.ROOT_UNTIL),
        private_key(MASTER, "x"),
        path_length=0,
        by=by,
    )
    with pytest.raises(InvalidInput, match="certificate 1 may have 0 authorities below it, 1 are needed"):
        hub.offline_intermediate(pem(middle.certificate) + pem(root), middle.key_pem)


def chain_root() -> Holder:
    return authority(
        Subject(common_name="root", not_after=hub.ROOT_UNTIL),
        private_key(MASTER, "other-root"),
        path_length=2,
    )


def test_what_is_wrong_with_an_intermediate_is_reported_at_once() -> None:
    """Chain, key and dates."""
    chain, _ = chain_and_key(authority_of_all=False)
    with pytest.raises(InvalidInput) as caught:
        hub.offline_intermediate(chain, identity().files["service.key"])
    said = [each.problem for each in caught.value.problems]
    assert ["has one certificate; add the root", "its key is of another certificate"] == said
    with pytest.raises(InvalidInput, match="not readable as PEM"):
        hub.offline_intermediate("nonsense", "nonsense")
