"""Step `ssh`."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgefleet.boot import ssh
from edgefleet.model.firstboot import Box


def test_only_keys_open_a_box(make_box: Callable[..., Box]) -> None:
    """No password and no root, whatever the base image allows."""
    (file,) = ssh.plan(make_box()).files
    settings = dict(line.split() for line in file.content.decode().splitlines() if not line.startswith("#"))
    assert {
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "no",
    } == settings


@pytest.mark.skipif(shutil.which("sshd") is None, reason="needs sshd: apt-get install openssh-server")
def test_sshd_takes_the_drop_in(make_box: Callable[..., Box], tmp_path: Path) -> None:
    """OpenSSH's own check finds nothing wrong with it."""
    (file,) = ssh.plan(make_box()).files
    (tmp_path / "sshd_config").write_bytes(file.content)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "host")], check=True, timeout=30
    )
    sshd = shutil.which("sshd") or "sshd"
    done = subprocess.run(
        [sshd, "-T", "-f", str(tmp_path / "sshd_config"), "-h", str(tmp_path / "host")],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert 0 == done.returncode, done.stderr
    assert "passwordauthentication no" in done.stdout
