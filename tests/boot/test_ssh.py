"""SSH by keys only."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgefleet.boot import ssh
from edgefleet.model.firstboot import Target


def test_neither_passwords_nor_root_get_in(target: Callable[..., Target]) -> None:
    """OpenSSH takes the first value that it reads, so the drop-in wins over the main file."""
    (file,) = ssh.plan(target()).files
    lines = file.content.decode().splitlines()
    assert file.path.startswith("/etc/ssh/sshd_config.d/")
    assert {"PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin no"} <= {*lines}


@pytest.mark.skipif(shutil.which("sshd") is None, reason="needs sshd: apt-get install openssh-server")
def test_sshd_accepts_the_drop_in(target: Callable[..., Target], tmp_path: Path) -> None:
    """OpenSSH's own check reports no error and reads each setting as intended."""
    (file,) = ssh.plan(target()).files
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
    if "privilege separation directory" in done.stderr:
        pytest.skip("sshd checks nothing before it ran once: mkdir /run/sshd")
    assert 0 == done.returncode, done.stderr
    settings = {
        "passwordauthentication no",
        "permitemptypasswords no",
        "allowusers ops",
        "allowagentforwarding no",
    }
    assert settings <= {*done.stdout.splitlines()}


def test_where_nobody_may_log_in_nobody_does(target: Callable[..., Target]) -> None:
    """An empty list of users would be everybody."""
    (file,) = ssh.plan(target(users=())).files
    assert "DenyUsers *" in file.content.decode().splitlines()
