"""The certificate authorities of a site's k3s, known before its server is. Pure.

k3s takes given authorities if they exist before its first start; each signs itself, like those that k3s
creates (k3s docs, cli/certificate). They are derived from the site's key, and only the server's seed holds
them. An agent's token names the digest of one, so that nobody in the site's network can pose as the server at
its first join. A key generation replaces them, as it replaces the tokens.
"""

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edgefleet.keys.certificates import (
    Holder,
    Subject,
    authority,
    base64_text,
    client,
    key_pem,
    private_key,
    server,
)
from edgefleet.keys.hub_pki import AUTHORITY_UNTIL, PURPOSES, ROOT_UNTIL, kubeconfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubelet:
    """What a kubelet that is not k3s's has for the API of its site, and for its own server."""

    authority: str
    """PEM of the certificate of the API's authority."""
    user: str
    """Its name for the API, ``system:node:<host name>``."""
    client_certificate: str
    client_key: str = field(repr=False)
    server_certificate: str
    server_key: str = field(repr=False)

    def kubeconfig(self, api: str) -> dict[str, object]:
        """The kubeconfig for the API at the address `api`."""
        credentials: dict[str, object] = {
            "client-certificate-data": base64_text(self.client_certificate),
            "client-key-data": base64_text(self.client_key),
        }
        return kubeconfig(api, base64_text(self.authority), self.user, credentials)


def authorities(key: str) -> dict[str, str]:
    """dict[path below ``server/tls``, without its ending -> PEM of key and certificate].

    ``service`` is the key of service accounts, which has no certificate.
    """
    holders = {purpose: _authority(key, purpose) for purpose in PURPOSES}
    pairs = {purpose: holder.key_pem + holder.certificate_pem for purpose, holder in holders.items()}
    return {"service": key_pem(private_key(key, "k3s-service-key")), **pairs}


def joining_token(key: str, user: str, password: str) -> str:
    """The token `password` in k3s's full form, by which a node verifies the server that it joins.

    `user` is ``node`` in the token of agents, ``server`` in that of servers.

    It names the digest of the file ``server-ca.crt``, as it holds a single certificate (k3s,
    pkg/clientaccess/token.go, hashCA).
    """
    file = _authority(key, "server-ca").certificate_pem
    return f"K10{hashlib.sha256(file.encode()).hexdigest()}::{user}:{password}"


def kubelet(key: str, hostname: str, host: str) -> Kubelet:
    """The certificates of a node for a kubelet that asks for none; its rights are those of that node alone.

    Args:
        key: the site's key.
        hostname: name of the node in the cluster.
        host: address or name at which its server answers.
    """
    user = f"system:node:{hostname}"
    asking = client(
        Subject(common_name=user, organizations=("system:nodes",), not_after=AUTHORITY_UNTIL),
        private_key(key, "kubelet-client", of=hostname),
        by=_authority(key, "client-ca"),
    )
    by = _authority(key, "server-ca")
    answering = server(
        Subject(common_name=user, organizations=("system:nodes",), host=host, not_after=AUTHORITY_UNTIL),
        private_key(key, "kubelet-server", of=hostname),
        by=by,
    )
    return Kubelet(
        authority=by.certificate_pem,
        user=user,
        client_certificate=asking.certificate_pem,
        client_key=_pkcs8(asking),
        server_certificate=answering.certificate_pem,
        server_key=_pkcs8(answering),
    )


def _pkcs8(holder: Holder) -> str:
    """The key as ``PRIVATE KEY``, the form that Krustlet's TLS reads (rustls 0.19)."""
    return holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _authority(key: str, purpose: str) -> Holder:
    subject = Subject(common_name=f"k3s-{purpose.replace('/', '-')}", not_after=ROOT_UNTIL)
    return authority(subject, private_key(key, f"k3s-{purpose}"), path_length=0)
