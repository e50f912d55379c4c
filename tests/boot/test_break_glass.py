"""Step `break_glass`: each way in only where it is requested, and of one node alone."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.boot.conftest import KEY, Targets

from edgefleet.boot import break_glass, ssh
from edgefleet.keys.break_glass import console_hash, console_password, tunnel_key
from edgefleet.model.firstboot import Step
from edgefleet.model.safety import BreakGlass, Ssm, WireGuard

CASE = "recipe-1/server-static"
TextOf = Callable[[Step, str], str]
PEER = WireGuard(endpoint="bastion.example:51820", public_key="A" * 43 + "=", network="fd12::/64")
SSM = Ssm(region="eu-central-1", activation="the-id:the:code")


def program(folder: Path, name: str, text: str) -> None:
    """A stand-in for a program of the base system."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n# a stand-in\n{text}\n")
    (folder / name).chmod(0o755)


def run(script: str, prefix: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run a script with `prefix` for the root, and stand-ins first."""
    path = prefix / "script"
    path.write_text(script)
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "EDGEFLEET_PREFIX": str(prefix)}
    shell = shutil.which("dash") or "/bin/sh"
    return subprocess.run(
        [shell, str(path)], env=environment, capture_output=True, text=True, check=False, timeout=30
    )


def test_nothing_is_open_unless_it_is_asked_for(target: Targets, tmp_path: Path) -> None:
    """And what was open is closed when it is not asked for any more; where nothing was, nothing is done."""
    step = break_glass.plan(target(CASE))
    assert ((), ()) == (step.files, step.units)
    root, programs = tmp_path / "root", tmp_path / "programs"
    program(programs, "systemctl", f'echo "$*" >>{tmp_path}/asked')
    program(programs, "userdel", f'echo "userdel $*" >>{tmp_path}/asked')
    program(programs, "id", f"test -e {root}/etc/edgefleet/rescue.hash")
    commands = "\n".join(command[2].replace("/etc/", f"{root}/etc/") for command in step.commands)
    commands = commands.replace("/usr/local/", f"{root}/usr/local/")
    root.mkdir()
    assert 0 == run(commands, root, programs).returncode
    assert not (tmp_path / "asked").exists()
    left = (break_glass.HASH, break_glass.TUNNEL, f"{break_glass.LIBRARY}/register-ssm")
    for path in (*left, break_glass.ACTIVATION):
        (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (root / path[1:]).write_text("")
    assert 0 == run(commands, root, programs).returncode
    assert [
        "userdel --remove rescue",
        "disable --now edgefleet-tunnel.service",
        "disable --now edgefleet-ssm.service",
    ] == (tmp_path / "asked").read_text().splitlines()
    assert ["script"] == [path.name for path in root.rglob("*") if path.is_file()]


def test_the_console_has_a_user_whose_password_no_file_holds(
    target: Targets, text_of: TextOf, tmp_path: Path
) -> None:
    """The script is run with stand-ins for useradd and chpasswd, twice."""
    one = target(CASE, break_glass=BreakGlass(console=True))
    step = break_glass.plan(one)
    whole = b"".join(file.content for file in step.files).decode()
    assert console_password(KEY) not in whole
    modes = {file.path: file.mode for file in step.files}
    assert (0o600, 0o440) == (modes[break_glass.HASH], modes[break_glass.SUDOERS])
    (tmp_path / "etc/edgefleet").mkdir(parents=True)
    (tmp_path / "etc/edgefleet/rescue.hash").write_text(text_of(step, break_glass.HASH))
    programs = tmp_path / "programs"
    program(programs, "id", f"test -e {tmp_path}/made")
    program(programs, "useradd", f'echo "$@" >>{tmp_path}/made')
    program(programs, "chpasswd", f"cat >{tmp_path}/shadow")
    script = text_of(step, f"{break_glass.LIBRARY}/rescue-user")
    for _ in range(2):
        done = run(script, tmp_path, programs)
        assert 0 == done.returncode, done.stderr
    assert "--create-home --shell /bin/bash rescue\n" == (tmp_path / "made").read_text()
    assert f"rescue:{console_hash(KEY)}\n" == (tmp_path / "shadow").read_text()


def test_sshd_knows_the_sites_users_and_not_the_one_of_the_console(target: Targets) -> None:
    (file,) = ssh.plan(target(CASE, break_glass=BreakGlass(console=True))).files
    lines = file.content.decode().splitlines()
    assert "AllowUsers ops auditor" in lines or "AllowUsers auditor ops" in lines
    assert "PasswordAuthentication no" in lines


def test_the_tunnel_goes_outwards_and_its_other_end_is_one_machine(target: Targets, text_of: TextOf) -> None:
    """Not the whole network: a lost node reaches no other through it."""
    step = break_glass.plan(target(CASE, break_glass=BreakGlass(wireguard=PEER)))
    made = text_of(step, break_glass.TUNNEL)
    assert "AllowedIPs = fd12::1/128\n" in made
    assert "ListenPort" not in made
    assert f"PrivateKey = {tunnel_key(KEY, node='n1')[0]}\n" in made
    (file,) = step.files
    assert (0o600, True) == (file.mode, file.is_secret)


def test_wireguard_reads_the_tunnel(target: Targets, text_of: TextOf, tmp_path: Path) -> None:
    tool = shutil.which("wg-quick")
    if tool is None:
        pytest.skip("needs wg-quick: apt-get install wireguard-tools")
    path = tmp_path / "edgefleet.conf"
    path.write_text(
        text_of(break_glass.plan(target(CASE, break_glass=BreakGlass(wireguard=PEER))), break_glass.TUNNEL)
    )
    path.chmod(0o600)
    done = subprocess.run([tool, "strip", str(path)], capture_output=True, text=True, check=False, timeout=30)
    assert 0 == done.returncode, done.stderr
    assert "Endpoint = bastion.example:51820" in done.stdout


def test_what_registers_with_systems_manager_is_removed_once_it_has(
    target: Targets, text_of: TextOf, tmp_path: Path
) -> None:
    one = target(CASE, break_glass=BreakGlass(ssm=SSM))
    step = break_glass.plan(one)
    script = text_of(step, f"{break_glass.LIBRARY}/register-ssm")
    assert "the:code" not in script
    activation = tmp_path / break_glass.ACTIVATION[1:]
    activation.parent.mkdir(parents=True)
    activation.write_text(text_of(step, break_glass.ACTIVATION))
    programs = tmp_path / "programs"
    program(programs, "systemctl", "exit 1")
    without = run(script, tmp_path, programs)
    assert "has no amazon-ssm-agent" in without.stdout
    assert activation.exists()
    program(tmp_path / "usr/bin", "amazon-ssm-agent", f'echo "$@" >{tmp_path}/said')
    program(programs, "mount", "exit 1")
    assert 0 != run(script, tmp_path, programs).returncode
    assert activation.exists()
    assert not (tmp_path / "said").exists()
    program(programs, "mount", "exit 0")
    assert 0 == run(script, tmp_path, programs).returncode
    assert "-register -y -id the-id -code the:code -region eu-central-1\n" == (tmp_path / "said").read_text()
    assert not activation.exists()


def test_no_user_reads_the_activation_among_the_arguments_of_its_agent(
    target: Targets, text_of: TextOf, tmp_path: Path
) -> None:
    """The agent takes its code as an argument only; while it runs, users see no processes but their own."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv"))):
        pytest.skip("needs root, unshare and setpriv: apt-get install util-linux")
    one = target(CASE, break_glass=BreakGlass(ssm=SSM))
    step = break_glass.plan(one)
    for path in (break_glass.ACTIVATION, f"{break_glass.LIBRARY}/register-ssm"):
        (tmp_path / path[1:]).parent.mkdir(parents=True)
        (tmp_path / path[1:]).write_text(text_of(step, path))
    as_user = "setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'cat /proc/[0-9]*/cmdline'"
    program(tmp_path / "usr/bin", "amazon-ssm-agent", f"{as_user} >{tmp_path}/seen 2>/dev/null")
    agent = (
        f"{tmp_path}/usr/bin/amazon-ssm-agent -register -code the:code; mv {tmp_path}/seen {tmp_path}/before"
    )
    register = f"EDGEFLEET_PREFIX={tmp_path} sh {tmp_path}{break_glass.LIBRARY}/register-ssm"
    unshare = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c"]
    subprocess.run(
        [*unshare, f"{agent}; {register}; grep ' /proc ' /proc/self/mounts >{tmp_path}/mounts"], check=True
    )
    assert "the:code" in (tmp_path / "before").read_text()
    assert (tmp_path / "seen").read_text()
    assert "the:code" not in (tmp_path / "seen").read_text()
    assert "hidepid" not in (tmp_path / "mounts").read_text()
