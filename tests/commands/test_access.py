"""`edgefleet sites password`, `sites tunnel` and `sites disk-key`."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from tests.commands.conftest import SECRET, World, crypter_of

from edgefleet.keys.break_glass import console_password, tunnel_key
from edgefleet.keys.derivation import site_key
from edgefleet.keys.disk_recovery import recovery_public_key

KEY = site_key(SECRET, fleet="shops", region="dev", site="berlin", generation=1)
WAYS = (
    "breakGlass: {console: true, wireguard: {endpoint: 'bastion.example:51820', "
    f"publicKey: {'A' * 43}=, network: 'fd12::/64'}}}}, "
)


@pytest.fixture
def open_world(world: World) -> World:
    """A stack whose first site may be got into."""
    world.edit("  berlin: {", f"  berlin: {{{WAYS}")
    world.environment["PULUMI_CONFIG_PASSPHRASE"] = ""
    crypter = crypter_of("")
    (world.project / "stacks" / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {crypter.salt}\nconfig:\n  fleet:secret: {{secure: '{crypter.encrypt(SECRET)}'}}\n"
    )
    return world


def test_who_has_the_secret_reads_the_password_of_a_console(open_world: World) -> None:
    """On stdout the site and the password, and nothing else."""
    ran = open_world.run("sites", "password", "-s", "dev", "--target", "berlin")
    assert 0 == ran.code, ran.err
    assert f"berlin  {console_password(KEY)}\n" == ran.out


def test_the_other_end_of_a_tunnel_gets_public_keys_alone(open_world: World) -> None:
    private, public = tunnel_key(KEY, node="n1")
    ran = open_world.run("sites", "tunnel", "-s", "dev", "--target", "berlin")
    assert 0 == ran.code, ran.err
    assert f"PublicKey = {public}\nAllowedIPs = fd12:" in ran.out
    assert private not in ran.out


@pytest.mark.parametrize("command", ["password", "tunnel"])
def test_a_site_without_that_way_in_is_named_with_what_to_write(open_world: World, command: str) -> None:
    ran = open_world.run("sites", command, "-s", "dev", "--target", "berlin", "--target", "munich")
    assert (1, "") == (ran.code, ran.out)
    assert "munich has no break-glass access" in ran.err
    assert "berlin has" not in ran.err


def test_who_has_the_secret_opens_a_disk_as_its_box_closed_it(open_world: World) -> None:
    """Both sides agree on the passphrase; each with its own private half and the other's public one."""
    own = X25519PrivateKey.generate()
    owner = load_pem_public_key(recovery_public_key(KEY, node="n1").encode())
    assert isinstance(owner, X25519PublicKey)
    der = own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    told = base64.b64encode(der).decode()
    ran = open_world.run("sites", "disk-key", "-s", "dev", "--target", "berlin", told)
    assert 0 == ran.code, ran.err
    assert f"{hashlib.sha256(own.exchange(owner)).hexdigest()}\n" == ran.out


@pytest.mark.parametrize(
    ("node", "public", "said"), [("n1", "nonsense", "not a public key"), ("n7", "", "no node 'n7'")]
)
def test_a_wrong_key_or_node_is_named(open_world: World, node: str, public: str, said: str) -> None:
    ran = open_world.run("sites", "disk-key", "-s", "dev", "--target", "berlin", "--node", node, public)
    assert (1, "") == (ran.code, ran.out)
    assert said in ran.err
