"""A hub's identity, known before its servers are: authorities, tokens, kubeconfigs. Pure.

k3s uses given certificate authorities if they exist before its first start. They form a chain: root,
intermediate, one authority a purpose; all but an offline root can be renewed. A token in k3s's full form
names the root's digest, so a joining node can verify the server. Sources: k3s docs, cli/certificate and
cli/token; k3s, pkg/clientaccess/token.go (hashCA) and pkg/daemons/control/deps (an existing service key
stays; EC keys are read).

A key generation renews authorities, tokens and kubeconfigs and keeps the root. While two are in use, the
newer one's authorities sign, and clients of the older one are still accepted.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from edgefleet.errors import InvalidInput, Problem
from edgefleet.keys.certificates import (
    Holder,
    Subject,
    authority,
    base64_text,
    client,
    der,
    pem,
    private_key,
)
from edgefleet.keys.derivation import derive
from edgefleet.model.version_skew import release

ROOT_UNTIL = datetime(2050, 1, 1, tzinfo=UTC)
INTERMEDIATE_UNTIL = datetime(2045, 1, 1, tzinfo=UTC)
AUTHORITY_UNTIL = datetime(2040, 1, 1, tzinfo=UTC)
PURPOSES = ("server-ca", "client-ca", "request-header-ca", "etcd/peer-ca", "etcd/server-ca")
"""Certificate authorities of k3s, by their paths below ``server/tls``."""
ROLES = ("deployer", "read-only")
"""Kubeconfigs of least privilege; each has one user per key generation, so that RBAC can revoke it."""
CHAIN_HASH_SINCE = release("v1.23.0")
"""First release of k3s that hashes the root of a bundle and not the file, as 1.21 was seen to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubIdentity:
    """The PKI and tokens of servers and their clients; all of it is secret but the hash."""

    files: dict[str, str] = field(repr=False)
    """dict[path below ``server/tls`` -> PEM]."""
    ca_hash: str
    """The digest in tokens, 64 hexadecimal digits."""
    server_token: str = field(repr=False)
    agent_token: str = field(repr=False)
    root_pem: str = field(repr=False)
    """Certificates by which a client verifies the hub."""
    client_authority: Holder = field(repr=False)


def intermediate(master: str, *, fleet: str, region: str) -> tuple[Holder, tuple[x509.Certificate, ...]]:
    """The authority that signs the others, and its chain up to the root, both derived."""
    place = f"{fleet} {region}"
    root_name = Subject(
        common_name=f"{place} root", organizations=(fleet,), unit=region, not_after=ROOT_UNTIL
    )
    root = authority(root_name, private_key(master, "hub-root"), path_length=2)
    name = replace(root_name, common_name=f"{place} intermediate", not_after=INTERMEDIATE_UNTIL)
    made = authority(name, private_key(master, "hub-intermediate"), path_length=1, by=root)
    return made, (made.certificate, root.certificate)


def offline_intermediate(chain_pem: str, key_pem: str) -> tuple[Holder, tuple[x509.Certificate, ...]]:
    """An authority whose root is kept elsewhere: its chain up to the root, and its own key.

    Raises:
        InvalidInput: with all its problems.
    """
    try:
        chain = tuple(x509.load_pem_x509_certificates(chain_pem.encode()))
        key = load_pem_private_key(key_pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise InvalidInput(
            _problem(f"is not readable as PEM: {error}", "export it unencrypted as PEM")
        ) from error
    if problems := list(_chain_problems(chain, key)):
        raise InvalidInput(problems)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - checked above
    return Holder(chain[0], key), chain


def hub_identity(
    master: str,
    signer: tuple[Holder, tuple[x509.Certificate, ...]],
    *,
    key_generations: tuple[int, ...],
    k3s_version: str,
) -> HubIdentity:
    """Everything for the key generations in use, the last of which signs."""
    by, chain = signer
    newest = {purpose: _authority(master, by, purpose, key_generations[-1]) for purpose in PURPOSES}
    files: dict[str, str] = {}
    for purpose, holder in newest.items():
        older = [
            _authority(master, by, purpose, generation).certificate for generation in key_generations[:-1]
        ]
        bundle = [holder.certificate, *chain, *(older if purpose == "client-ca" else [])]
        files[f"{purpose}.crt"] = "".join(map(pem, bundle))
        files[f"{purpose}.key"] = holder.key_pem
    service = Holder(by.certificate, private_key(master, "hub-service-key", of=str(key_generations[-1])))
    files["service.key"] = service.key_pem
    ca_hash = _ca_hash(files["server-ca.crt"], chain[-1], k3s_version)
    passwords = {
        user: derive(master, f"hub-token-{user}", node=str(key_generations[-1]), length=16).hex()
        for user in ("server", "node")
    }
    return HubIdentity(
        files=files,
        ca_hash=ca_hash,
        server_token=f"K10{ca_hash}::server:{passwords['server']}",
        agent_token=f"K10{ca_hash}::node:{passwords['node']}",
        root_pem="".join(map(pem, chain)),
        client_authority=newest["client-ca"],
    )


@lru_cache(maxsize=4)
def hub_of(
    master: str,
    place: tuple[str, str],
    signer: tuple[str, str],
    key_generations: tuple[int, ...],
    k3s_version: str,
) -> HubIdentity:
    """The identity of a hub.

    Args:
        master: the hub's master.
        place: (fleet, region).
        signer: (chain, key) of an intermediate authority as PEM, empty where both are derived.
        key_generations: those in use.
        k3s_version: release that servers run.

    Raises:
        InvalidInput: the chain or its key cannot be used.
    """
    fleet, region = place
    chain, key = signer
    by = offline_intermediate(chain, key) if chain else intermediate(master, fleet=fleet, region=region)
    return hub_identity(master, by, key_generations=key_generations, k3s_version=k3s_version)


def admin_kubeconfig(
    identity: HubIdentity, master: str, *, address: str, now: datetime, hours: int
) -> dict[str, object]:
    """A kubeconfig of an administrator, valid for some hours."""
    subject = Subject(
        common_name="edgefleet:admin",
        organizations=("system:masters",),
        not_before=now - timedelta(minutes=5),
        not_after=now + timedelta(hours=hours),
    )
    key = private_key(master, "hub-admin", of=now.isoformat())
    return _kubeconfig(identity, client(subject, key, by=identity.client_authority), address, "admin")


def role_kubeconfig(
    identity: HubIdentity, master: str, *, role: str, address: str, generation: int
) -> dict[str, object]:
    """A kubeconfig of one of `ROLES`, valid for the key generation: its user has rights by RBAC alone."""
    subject = Subject(common_name=user_of(role, generation), not_after=AUTHORITY_UNTIL)
    key = private_key(master, f"hub-{role}", of=str(generation))
    return _kubeconfig(identity, client(subject, key, by=identity.client_authority), address, role)


def user_of(role: str, generation: int) -> str:
    """The Kubernetes user of a role in a key generation."""
    return f"edgefleet:{role}:{generation}"


def _authority(master: str, by: Holder, purpose: str, generation: int) -> Holder:
    name = Subject(common_name=f"k3s-{purpose.replace('/', '-')}@{generation}", not_after=AUTHORITY_UNTIL)
    key = private_key(master, f"hub-{purpose}", of=str(generation))
    return authority(name, key, path_length=0, by=by)


def _ca_hash(bundle: str, root: x509.Certificate, k3s_version: str) -> str:
    hashed = der(root) if release(k3s_version) >= CHAIN_HASH_SINCE else bundle.encode()
    return hashlib.sha256(hashed).hexdigest()


def kubeconfig(server: str, authority: str, user: str, credentials: dict[str, object]) -> dict[str, object]:
    """A kubeconfig of one user; `authority` is base64 of PEM."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "hub", "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": user}}],
        "current-context": "hub",
    }


def _kubeconfig(identity: HubIdentity, holder: Holder, address: str, user: str) -> dict[str, object]:
    credentials: dict[str, object] = {
        "client-certificate-data": base64_text(holder.certificate_pem),
        "client-key-data": base64_text(holder.key_pem),
    }
    return kubeconfig(f"https://{address}:6443", base64_text(identity.root_pem), user, credentials)


def _chain_problems(chain: tuple[x509.Certificate, ...], key: object) -> list[Problem]:
    problems = []
    shortest = 2
    if len(chain) < shortest:
        hint = "put the intermediate first, then each issuer, the root last"
        problems.append(_problem("has one certificate; add the root", hint))
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        problems.append(_problem("its key is not of an elliptic curve", "create one with P-256 or P-384"))
    elif chain and chain[0].public_key() != key.public_key():
        problems.append(
            _problem("its key is of another certificate", "hand in the key of the first certificate")
        )
    for index, certificate in enumerate(chain):
        problems += _link_problems(certificate, chain[index + 1] if index + 1 < len(chain) else None, index)
    return problems


def _link_problems(
    certificate: x509.Certificate, issuer: x509.Certificate | None, index: int
) -> list[Problem]:
    problems, place = [], f"certificate {index + 1}"
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        is_authority, below = basic.ca, basic.path_length
    except x509.ExtensionNotFound:
        is_authority, below = False, None
    if not is_authority:
        problems.append(_problem(f"{place} is not a certificate authority", "create it with CA:TRUE"))
    elif below is not None and below < index + 1:
        text = f"{place} may have {below} authorities below it, {index + 1} are needed"
        problems.append(_problem(text, f"create it with pathlen:{index + 1} or more"))
    if certificate.not_valid_after_utc < AUTHORITY_UNTIL:
        hint = (
            f"make it valid until {AUTHORITY_UNTIL:%Y-%m-%d} at least, as are the certificates that it signs"
        )
        problems.append(_problem(f"{place} ends on {certificate.not_valid_after_utc:%Y-%m-%d}", hint))
    if issuer is None:
        return problems
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        hint = "put each certificate's issuer after it"
        problems.append(_problem(f"{place} is not signed by the one after it", hint))
    try:
        certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        hint = "k3s takes one without it for a root; add authorityKeyIdentifier=keyid:always"
        problems.append(_problem(f"{place} has no authority key identifier", hint))
    return problems


def _problem(problem: str, hint: str) -> Problem:
    return Problem(code="authority", path="identity.intermediate", problem=problem, hint=hint)
