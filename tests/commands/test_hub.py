"""`edgefleet hub kubeconfig`: into a hub without any engine."""

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography import x509
from tests.commands.conftest import crypter_of

if TYPE_CHECKING:
    from tests.commands.conftest import World

SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG9uZw=="  # noqa: S105 - made up for the tests
HUB = {
    "kind": "k3s",
    "cloud": {"region": "eu-central-1", "endpoint": "emulated"},
    "bucket": "retail-hub",
    "dns": {"name": "hub.retail.example"},
    "image": "ami-785db401",
}


@pytest.fixture
def known(world: "World") -> "World":
    """A stack with a secret."""
    world.environment["PULUMI_CONFIG_PASSPHRASE"] = ""
    crypter = crypter_of("")
    (world.project / "stacks" / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {crypter.salt}\nconfig:\n  fleet:secret: {{secure: '{crypter.encrypt(SECRET)}'}}\n"
    )
    return world


def with_hub(world: "World") -> None:
    file = world.project / "stacks" / "dev.fleet.yaml"
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump(found | {"controlPlane": HUB}, sort_keys=False))


def certificate(world: "World", name: str) -> x509.Certificate:
    config = yaml.safe_load((world.project / name).read_text())
    data = config["users"][0]["user"]["client-certificate-data"]
    return x509.load_pem_x509_certificate(base64.b64decode(data))


def test_a_chain_or_its_key_that_is_not_there_is_reported(known: "World") -> None:
    """A kubeconfig of the derived authority would be written and open nothing."""
    file = known.project / "stacks" / "dev.fleet.yaml"
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    hub = HUB | {"identity": {"chain": "stacks/hub.pem"}}
    file.write_text(yaml.safe_dump(found | {"controlPlane": hub}, sort_keys=False))
    ran = known.run("hub", "kubeconfig", "-s", "dev")
    assert 1 == ran.code
    assert "does not exist --> stacks/hub.pem" in " ".join(ran.err.split())
    (known.project / "stacks" / "hub.pem").write_text("a chain\n")
    ran = known.run("hub", "kubeconfig", "-s", "dev")
    assert 1 == ran.code
    assert "pulumi config set --secret fleet:hubKey -s dev" in " ".join(ran.err.split())
    assert not (known.project / ".edgefleet/hub.kubeconfig").exists()


def test_an_admins_ends_by_itself_and_is_private(known: "World") -> None:
    with_hub(known)
    ran = known.run("hub", "kubeconfig", "-s", "dev", "--hours", "2")
    assert 0 == ran.code, ran.err
    assert 0o600 == (known.project / ".edgefleet/hub.kubeconfig").stat().st_mode & 0o777
    found = certificate(known, ".edgefleet/hub.kubeconfig")
    assert timedelta(hours=2, minutes=5) == found.not_valid_after_utc - found.not_valid_before_utc


def test_a_hub_that_is_not_up_is_noted(known: "World") -> None:
    """The file is written, and nothing answers yet."""
    with_hub(known)
    assert "the stack is not up yet" in known.run("hub", "kubeconfig", "-s", "dev").err


def test_others_have_a_role_of_the_key_generation(known: "World") -> None:
    with_hub(known)
    assert 0 == known.run("hub", "kubeconfig", "-s", "dev", "--role", "read-only", "-o", "ro").code
    assert "CN=edgefleet:read-only:1" == certificate(known, "ro").subject.rfc4514_string()


def test_a_hub_of_another_kind_is_refused(known: "World") -> None:
    """With the way that this kind has."""
    ran = known.run("hub", "kubeconfig", "-s", "dev")
    assert 3 == ran.code
    assert "has kind none" in ran.err
    assert "controlPlane.kind: k3s" in ran.err
