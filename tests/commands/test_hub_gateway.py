"""`edgefleet hub gateway`: what an nginx needs, from the fleet file and the stack's secret."""

from typing import TYPE_CHECKING, Any

import yaml
from cryptography import x509
from tests.commands.test_hub import known
from tests.keys.channel import pair

if TYPE_CHECKING:
    from tests.commands.conftest import World

__all__ = ["known"]


def test_it_writes_what_nginx_needs(known: "World") -> None:
    """For the gateway of the fleet file, before its store, with its list of revoked certificates."""
    file = known.project / "stacks" / "dev.fleet.yaml"
    fleet: dict[str, Any] = yaml.safe_load(file.read_text())
    fleet |= {
        "controlPlane": {
            "cloud": {"region": "eu-central-1"},
            "bucket": "retail-hub",
            "identity": {"sites": True},
        },
        "channel": {
            "roots": [pair(1).key.pem.strip()],
            "access": {"gateway": "https://updates.example:8443"},
            "signKey": "awskms:///alias/releases",
        },
        "images": {"store": "s3://retail-edgefleet/images"},
    }
    file.write_text(yaml.safe_dump(fleet, sort_keys=False))
    ran = known.run("hub", "gateway", "-s", "dev")
    assert 0 == ran.code, ran.err
    folder = known.project / ".edgefleet/gateway"
    configuration = (folder / "edgefleet.conf").read_text()
    for line in (
        "listen 8443 ssl;",
        "server_name updates.example;",
        "set $edgefleet_store https://s3.eu-central-1.amazonaws.com;",
        "retail-edgefleet/images/delegation.json;",
    ):
        assert line in configuration
    assert 0o600 == (folder / "server.key").stat().st_mode & 0o777
    revoked = x509.load_pem_x509_crl((folder / "revocations.pem").read_bytes())
    authority = x509.load_pem_x509_certificate((folder / "authority.crt").read_bytes())
    assert revoked.is_signature_valid(authority.public_key())  # type: ignore[arg-type] # EC


def test_a_fleet_without_a_gateway_is_refused(known: "World") -> None:
    """With what to set."""
    ran = known.run("hub", "gateway", "-s", "dev")
    assert 3 == ran.code
    assert "set channel.access.gateway" in " ".join(ran.err.split())
