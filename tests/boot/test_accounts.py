"""Passwords for the console, groups and shells of users."""

from collections.abc import Callable

import pytest
import yaml
from tests.boot.conftest import KEY

from edgefleet.boot import accounts
from edgefleet.images import FORMATS
from edgefleet.model.firstboot import FirstBoot, Target
from edgefleet.model.stack_secrets import flaws, revealed
from edgefleet.site.first_boot import first_boot

SECRETS = {"ops-password": "$6$saltsalt$" + "x" * 86}
Targets = Callable[..., Target]


@pytest.fixture
def boot(target: Targets) -> FirstBoot:
    """The first boot of the golden site with additions."""
    site = revealed(target("additions").site, SECRETS)
    return first_boot(Target(site=site, name="n1", key=KEY))


def test_a_user_has_a_password_for_the_console_alone(boot: FirstBoot) -> None:
    """Its hash is in a file of root; sshd takes no password, and root has none."""
    (hashes,) = (file for file in boot.files if file.path == accounts.PASSWORDS)
    assert (f"ops:{SECRETS['ops-password']}\n".encode(), 0o600, True) == (
        hashes.content,
        hashes.mode,
        hashes.is_secret,
    )
    assert ("usermod", "--append", "--groups", "dialout,video", "ops") in boot.commands
    (sshd,) = (file for file in boot.files if "sshd_config" in file.path)
    assert b"PasswordAuthentication no\n" in sshd.content
    config = yaml.safe_load(FORMATS["nocloud"].seed(boot).files["user-data"])
    assert (True, False) == (config["disable_root"], config["ssh_pwauth"])


def test_a_password_in_plain_text_is_refused(target: Targets) -> None:
    """Chpasswd would store it as a hash that nothing matches, and everyone could read it on the node."""
    site = target("additions").site
    refused = [(place.path, problem) for place, _, problem in flaws(site, {"ops-password": "hunter2"})]
    problem = "the stack's secret 'ops-password' is not the hash of a password"
    assert [(("users", 0, "password"), problem)] == refused
