"""Step: the site's certificate for the hub, its key, and the authority that signed it.

The key is derived from the site's own, so it is on the site's medium and nowhere else; certificate and
authority are public.
"""

from collections.abc import Iterator

from edgefleet.keys.certificates import key_pem
from edgefleet.keys.secret_scan import key_lines
from edgefleet.keys.site_certificate import certificate_key
from edgefleet.model.firstboot import File, Secret, Step, Target
from edgefleet.model.site import SiteSpec

FOLDER = "/etc/edgefleet/identity"


def plan(target: Target) -> Step:
    """``site.crt``, ``site.key`` (0600) and ``authority.crt``; nothing if the region has no authority."""
    identity = target.site.identity
    if identity is None:
        return Step()
    key = key_pem(certificate_key(target.key))
    return Step(
        files=(
            File.text(f"{FOLDER}/authority.crt", identity.authority),
            File.text(f"{FOLDER}/site.crt", identity.certificate),
            File.text(f"{FOLDER}/site.key", key, mode=0o600, is_secret=True),
        )
    )


def secrets(_: SiteSpec, key: str) -> Iterator[Secret]:
    """The private key of the site's certificate, by its first whole line."""
    yield "the key of the certificate", key_lines(key_pem(certificate_key(key)))[0]
