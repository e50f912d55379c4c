"""SSH by keys only."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgefleet.boot import firewall, ssh
from edgefleet.model.firstboot import Target
from edgefleet.model.safety import Ssh


def test_neither_passwords_nor_root_get_in(target: Callable[..., Target]) -> None:
    """OpenSSH takes the first value that it reads, so the drop-in wins over the main file."""
    (file,) = ssh.plan(target()).files
    lines = file.content.decode().splitlines()
    assert file.path.startswith("/etc/ssh/sshd_config.d/")
    assert {"PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin no"} <= {*lines}


@pytest.mark.skipif(shutil.which("sshd") is None, reason="needs sshd: apt-get install openssh-server")
def test_sshd_accepts_the_drop_in(target: Callable[..., Target], tmp_path: Path) -> None:
    """OpenSSH's own check reports no error and reads each setting as intended."""
    file = ssh.plan(target(ssh=Ssh(port=2222))).files[0]
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
        "port 2222",
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


def test_another_port_is_that_of_sshd_of_sockets_and_of_the_firewall(target: Callable[..., Target]) -> None:
    """Flatcar and Ubuntu listen by a socket, which does not read sshd's configuration."""
    node = target(ssh=Ssh(port=2222))
    texts = {file.path: file.content.decode() for file in ssh.plan(node).files}
    assert [True, True] == ["ListenStream=\nListenStream=2222\n" in texts[path] for path in ssh.SOCKETS]
    rules = [file.content.decode() for file in firewall.plan(node).files if file.path.endswith(".nft")]
    assert [(True, False)] * 2 == [("dport 2222" in text, "dport 22 " in text) for text in rules]


def test_a_port_at_which_nothing_listens_is_reported(target: Callable[..., Target], tmp_path: Path) -> None:
    """SELinux forbids some, and nobody could log in."""
    script = next(file for file in ssh.plan(target(ssh=Ssh(port=2222))).files if file.path == ssh.SCRIPT)
    (tmp_path / "bin").mkdir()
    for name, text in (("systemctl", "exit 0"), ("sleep", "exit 0")):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "proc/net").mkdir(parents=True)
    environment = {"EDGEFLEET_PREFIX": str(tmp_path), "PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    for port, is_reported in (("0016", True), ("08AE", False)):
        line = f"   0: 00000000:{port} 00000000:0000 0A 00000000:00000000\n"
        (tmp_path / "proc/net/tcp").write_text(line)
        program = ["sh", "-c", script.content.decode(), "ssh-port", "2222"]
        subprocess.run(program, check=True, env=environment, timeout=30)
        assert is_reported == (tmp_path / "var/lib/edgefleet/problems/ssh").exists()
