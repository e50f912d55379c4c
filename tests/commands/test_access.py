"""`edgefleet sites password` and `sites tunnel`."""

import pytest
from tests.commands.conftest import SECRET, World

from edgefleet.local.secrets import new_salt
from edgefleet.planning.break_glass import console_password, tunnel_key
from edgefleet.planning.derivation import site_key

KEY = site_key(SECRET, fleet="shops", region="dev", site="berlin", epoch=1)
WAYS = (
    "breakGlass: {console: true, wireguard: {endpoint: 'bastion.example:51820', "
    f"publicKey: {'A' * 43}=, network: 'fd12::/64'}}}}, "
)


@pytest.fixture
def open_world(world: World) -> World:
    """A stack of recipe 2 whose first site may be got into."""
    world.edit("recipe: 1", "recipe: 2")
    world.edit("  berlin: {", f"  berlin: {{{WAYS}")
    world.environment["PULUMI_CONFIG_PASSPHRASE"] = ""
    crypter = new_salt("")
    (world.project / "stacks" / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {crypter.salt}\nconfig:\n  fleet:secret: {{secure: '{crypter.encrypt(SECRET)}'}}\n"
    )
    return world


def test_who_has_the_secret_is_told_the_password_of_a_console(open_world: World) -> None:
    """On stdout the site and the password, and nothing else."""
    ran = open_world.run("sites", "password", "-s", "dev", "berlin")
    assert 0 == ran.code, ran.err
    assert f"berlin  {console_password(KEY)}\n" == ran.out


def test_the_other_end_of_a_tunnel_is_told_public_keys_alone(open_world: World) -> None:
    private, public = tunnel_key(KEY, node="n1")
    ran = open_world.run("sites", "tunnel", "-s", "dev", "berlin")
    assert 0 == ran.code, ran.err
    assert f"PublicKey = {public}\nAllowedIPs = fd12:" in ran.out
    assert private not in ran.out


@pytest.mark.parametrize("command", ["password", "tunnel"])
def test_a_site_without_that_way_in_is_named_with_what_to_write(open_world: World, command: str) -> None:
    ran = open_world.run("sites", command, "-s", "dev", "berlin", "munich")
    assert (1, "") == (ran.code, ran.out)
    assert "munich has no such way in" in ran.err
    assert "berlin has" not in ran.err


def test_recipe_1_has_no_ways_in(world: World) -> None:
    """The loader says so."""
    world.edit("  berlin: {", f"  berlin: {{{WAYS}")
    ran = world.run("sites", "password", "-s", "dev", "berlin")
    assert 1 == ran.code
    assert "recipe 1 has no breakGlass" in ran.err.replace("\n  ", " ")
