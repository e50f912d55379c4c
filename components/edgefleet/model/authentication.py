"""802.1X: how a node proves to a switch or an access point who it is.

Source: netplan reference, authentication. A server is always verified: without certificates to verify it by,
wpa_supplicant sends the password to any access point of that name.
"""

from typing import Annotated, Literal

from edgefleet.model.effects import Effect
from edgefleet.model.paths import Part
from edgefleet.model.registries import Certificates, PrivateKey, key_pem
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar

FOLDER = "/etc/edgefleet/802.1x"
_IDENTITY = Grammar(
    r"[A-Za-z0-9@._/\\+=,: -]+",
    "bad-identity",
    "an identity for 802.1X",
    "write it as the RADIUS server knows it, such as host/shop-1.example",
    253,
    refers="may",
)
EapIdentity = Annotated[str, _IDENTITY]
_PASSWORD = Grammar(
    r"[^\x00-\x1f\x7f-\x9f]+",
    "bad-password",
    "an 802.1X password",
    "write it on one line of at most 253 characters",
    253,
    is_ascii=False,
    refers="must",
)
EapPassword = Annotated[str, _PASSWORD]


@spec
class Authentication:
    """A login by 802.1X. A group may have a part of it, and its sites the rest."""

    method: Annotated[Literal["tls", "peap", "ttls"] | None, Effect.REFLASH] = None
    """tls (with certificate and key of the node), peap or ttls (with a password)."""
    identity: Annotated[EapIdentity | None, Effect.REFLASH] = None
    """Who the node is to the RADIUS server, host/shop-1.example."""
    anonymous_identity: Annotated[EapIdentity | None, Effect.REFLASH] = None
    """What is sent unencrypted in place of the identity."""
    ca: Annotated[Certificates | None, Effect.REFLASH] = None
    """Certificates that the RADIUS server's own must be signed by, in PEM: text or file:<path in the
    project>."""
    password: Annotated[EapPassword | None, Effect.REFLASH] = None
    """A secret of the stack, {secret: shop-1-radius}: the password of peap and ttls."""
    inner: Annotated[Literal["mschapv2", "pap"], Effect.REFLASH] = "mschapv2"
    """How peap and ttls send the password inside of TLS; pap with ttls alone."""
    certificate: Annotated[Certificates | None, Effect.REFLASH] = None
    """The node's certificate for tls, in PEM: text or file:<path in the project>."""
    key: Annotated[PrivateKey | None, Effect.REFLASH] = None
    """A secret of the stack, {secret: shop-1-key}: the key of the certificate in one line, as
    openssl pkey -in key.pem -outform DER | base64 -w0 prints it."""

    def files(self, place: tuple[Part, ...]) -> dict[str, tuple[str, str]]:
        """dict[key of netplan -> (path on the node, content in PEM)]; `place` is where it is in a network."""
        key = None if self.key is None else key_pem(self.key)
        contents = {"ca-certificate": self.ca, "client-certificate": self.certificate, "client-key": key}
        return {
            name: (f"{FOLDER}/{'-'.join(map(str, place))}.{name}.pem", text)
            for name, text in contents.items()
            if text
        }
