"""The certificate authorities of a site's k3s, known before its server is. Pure.

k3s takes given authorities if they exist before its first start; each signs itself, like those that k3s
creates (k3s docs, cli/certificate). They are derived from the site's key, and only the server's seed holds
them. An agent's token names the digest of one, so that nobody in the site's network can pose as the server at
its first join. A key generation replaces them, as it replaces the tokens.
"""

import hashlib

from edgefleet.keys.certificates import Holder, Subject, authority, key_pem, private_key
from edgefleet.keys.hub_pki import PURPOSES, ROOT_UNTIL


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


def _authority(key: str, purpose: str) -> Holder:
    subject = Subject(common_name=f"k3s-{purpose.replace('/', '-')}", not_after=ROOT_UNTIL)
    return authority(subject, private_key(key, f"k3s-{purpose}"), path_length=0)
