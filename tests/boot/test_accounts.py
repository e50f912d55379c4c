"""Passwords for the console, groups and shells of users."""

import subprocess
from pathlib import Path

import yaml
from tests.boot.conftest import Targets
from tests.site.conftest import PASSPHRASES

from edgefleet.boot import accounts
from edgefleet.images import FORMATS
from edgefleet.model.firstboot import FirstBoot
from edgefleet.model.stack_secrets import flaws


def test_a_user_has_a_password_for_the_console_alone(boot: FirstBoot) -> None:
    """Its hash is in a file of root; sshd takes no password, and root has none."""
    (hashes,) = (file for file in boot.files if file.path == accounts.PASSWORDS)
    assert (f"ops:{PASSPHRASES['ops-password']}\n".encode(), 0o600, True) == (
        hashes.content,
        hashes.mode,
        hashes.is_secret,
    )
    assert ("usermod", "--append", "--groups", "dialout,video", "ops") in boot.commands
    (sshd,) = (file for file in boot.files if "sshd_config" in file.path)
    assert b"PasswordAuthentication no\n" in sshd.content
    config = yaml.safe_load(FORMATS["nocloud"].seed(boot).files["user-data"])
    assert (True, False) == (config["disable_root"], config["ssh_pwauth"])


def test_a_password_that_is_taken_away_is_locked(boot: FirstBoot, tmp_path: Path) -> None:
    """Also of one user among others, whose passwords are set again."""
    (command,) = (command[-1] for command in boot.commands if "chpasswd" in command[-1])
    (tmp_path / "passwords").write_text("ops:hash\n")
    (tmp_path / "passwords.set").write_text("gone\nops\n")
    programs = 'usermod() { echo "lock $2"; }; chpasswd() { sed "s/^/set /"; }\n'
    script = programs + command.replace("/etc/edgefleet", str(tmp_path))
    run = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True, timeout=30)
    assert ["lock gone", "lock ops", "set ops:hash"] == run.stdout.splitlines()
    assert "ops\n" == (tmp_path / "passwords.set").read_text()


def test_groups_and_a_shell_that_are_taken_away_are_undone(boot: FirstBoot, tmp_path: Path) -> None:
    """What was set last is recorded on the node; a user who has a setting still gets it again."""
    about = [command for command in boot.commands if accounts.SETTINGS in " ".join(command)]
    undo, record = (" ".join(command[2:3]) for command in about)
    recorded = tmp_path / "accounts.set"
    recorded.write_text("group wheel ops\nshell /bin/zsh gone\n")
    programs = 'usermod() { echo "usermod $*"; }; gpasswd() { echo "gpasswd $*"; }\n'
    script = programs + undo.replace("/etc/edgefleet", str(tmp_path))
    run = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True, timeout=30)
    assert ["gpasswd --delete ops wheel", "usermod --shell /bin/bash gone"] == run.stdout.splitlines()
    assert not recorded.exists()
    again = ["sh", "-c", record.replace("/etc/edgefleet", str(tmp_path)), *about[1][3:]]
    subprocess.run(again, check=True, timeout=30)
    assert "group dialout ops\ngroup video ops\n" in recorded.read_text()


def test_a_password_in_plain_text_is_refused(target: Targets) -> None:
    """Chpasswd would store it as a hash that nothing matches, and everyone could read it on the node."""
    site = target("additions").site
    secrets = {"ops-password": "hunter2", "shop": "a key"}
    refused = [(place.path, problem) for place, _, problem in flaws(site, secrets)]
    problem = "the stack's secret 'ops-password' is not the hash of a password"
    assert [(("users", 0, "password"), problem)] == refused
