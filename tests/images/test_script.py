"""Format `script`: run for real, in another root directory with stand-ins for what changes this machine."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.images.test_formats import boot_of
from tests.images.test_nocloud import boot

from edgefleet.images import script
from edgefleet.model.firstboot import File, FirstBoot
from edgefleet.model.site import User

STAND_INS = {
    "systemctl": 'echo "$*" >>"$PLACE/systemctl.log"',
    "getent": 'grep "^$2:" "$PLACE/root/etc/passwd"',
    "useradd": 'for last; do :; done; echo "$last:x:0:0::/var/$last:/bin/sh" >>"$PLACE/root/etc/passwd"',
    "userdel": 'for user; do :; done; cd "$PLACE/root"; sed -i "/^$user:/d" etc/passwd; rm -r "var/$user"',
    "id": "echo 0",
    "ip": "true",
}
"""dict[tool -> what stands in for it]."""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to root")


class Machine:
    """A root directory, and the script of a first boot run in it."""

    def __init__(self, place: Path, made: FirstBoot) -> None:
        self.root, self.place, self.boot = place / "root", place, made
        for name in ("etc/ssh", "home", "root", "run", "usr/local/bin", "var/lib"):
            (self.root / name).mkdir(parents=True)
        (self.root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
        (self.root / "etc/hostname").write_text("before\n")
        (self.root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Etc/UTC")
        (place / "bin").mkdir()
        for name, body in STAND_INS.items():
            (place / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
            (place / "bin" / name).chmod(0o755)

    def run(self, *options: str, machine: str = "x86_64", shell: str = "sh") -> tuple[int, str]:
        """(exit code, what it says)."""
        file = self.place / "n1.sh"
        file.write_bytes(script.build(self.boot).data)
        environment = {
            "PATH": f"{self.place / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "PLACE": str(self.place),
            "TMPDIR": "/nowhere",
            "EDGEFLEET_PREFIX": str(self.root),
            "EDGEFLEET_MACHINE": machine,
        }
        done = subprocess.run(
            [shell, file, *options],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            umask=0o002,
        )
        assert [] == list((self.root / "run").glob("edgefleet-*"))
        return done.returncode, done.stdout + done.stderr

    def tree(self) -> dict[str, Any]:
        """dict[path -> (mode, content or link, when it was changed)] of all that is there."""
        found: dict[str, Any] = {}
        for path in sorted(self.root.rglob("*")):
            said = path.lstat()
            data = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
            found[str(path.relative_to(self.root))] = (said.st_mode, data)
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A node, and a first boot whose files are of every kind."""
    files = (
        File(path="/etc/x.conf", content=b"a $HOME `id`\n\tb\\\n", mode=0o640),
        File(path="/etc/deep/er/secret", content=b"EDGEFLEET-END\n", mode=0o600, is_secret=True),
        File(path="/etc/deep/binary", content=bytes(range(256))),
        File(path="/etc/unended", content=b"no newline"),
        File(path="/etc/empty", content=b""),
    )
    keys = {"ed25519": ("PRIVATE\n", "ssh-ed25519 AAAA alpha")}
    return Machine(
        tmp_path, boot(files=files, ssh_host_keys=keys, commands=(("true",),), arch="amd64", network="dhcp")
    )


@pytest.mark.parametrize("rows", ["", "nvidia 00 https://files.example/nvidia.raw\n"])
def test_a_list_within_a_file_is_not_the_one_of_files(machine: Machine, rows: str) -> None:
    """The script that installs packages has one."""
    text = f"#!/bin/sh\ncat <<'EDGEFLEET-LIST'\n{rows}EDGEFLEET-LIST\n"
    file = File.program("/usr/local/lib/edgefleet/packages", text)
    data = script.build(replace(machine.boot, files=(file, *machine.boot.files))).data
    files = script.FORMAT.read_back({"n1.sh": data}) or {}
    assert {*machine.boot.files, file} == {
        each for each in (file, *machine.boot.files) if each.content == files[each.path].content
    }


@needs_root
def test_it_writes_each_file_as_it_is_to_be(machine: Machine) -> None:
    """Bytes, modes, owners; units enabled; users with their keys; the zone."""
    code, said = machine.run()
    assert 0 == code, said
    for file in machine.boot.files:
        there = machine.root / file.path[1:]
        assert (file.content, file.mode) == (there.read_bytes(), there.stat().st_mode & 0o7777)
    assert "enable x.service\n" in (machine.place / "systemctl.log").read_text()
    assert "ops" in (machine.root / "var/ops/.ssh/authorized_keys").read_text()
    assert "/usr/share/zoneinfo/Europe/Berlin" == str((machine.root / "etc/localtime").readlink())
    assert "alpha\n" == (machine.root / "etc/hostname").read_text()


@needs_root
def test_a_second_run_changes_nothing(machine: Machine) -> None:
    """No file is written, no service is touched."""
    machine.run()
    (machine.place / "systemctl.log").unlink()
    before = machine.tree()
    code, said = machine.run()
    assert (0, True) == (code, "nothing was changed" in said)
    assert before == machine.tree()
    assert "restart" not in (machine.place / "systemctl.log").read_text()


@needs_root
@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        (
            "etc/deep/binary",
            lambda at: at.write_bytes(at.read_bytes()[:-1] + b"x"),
            "/etc/deep/binary differs",
        ),
        ("etc/deep/er/secret", lambda at: at.chmod(0o644), "/etc/deep/er/secret is 0644 root:root, not 0600"),
        ("etc/x.conf", lambda at: at.unlink(), "/etc/x.conf is missing"),
        (
            "var/ops/.ssh/authorized_keys",
            lambda at: at.write_text(""),
            "ops lacks an SSH key of the fleet file",
        ),
    ],
)
def test_a_check_finds_what_differs_and_a_run_mends_it(
    machine: Machine, path: str, change: Any, said: str
) -> None:
    """One changed byte is enough; a check itself changes nothing."""
    machine.run()
    whole = machine.tree()
    assert (0, "edgefleet: everything is up to date\n") == machine.run("--check")
    change(machine.root / path)
    changed = machine.tree()
    code, found = machine.run("--check")
    assert (1, True) == (code, found.startswith(said)), found
    assert changed == machine.tree()
    assert 0 == machine.run()[0]
    assert {k: v for k, v in whole.items() if "script/" not in k} == {
        k: v for k, v in machine.tree().items() if "script/" not in k
    }


@needs_root
def test_a_removal_leaves_nothing_and_puts_back_what_was_there(machine: Machine) -> None:
    """Files that were there before, users that were not, directories that were made."""
    (machine.root / "etc/x.conf").write_text("somebody's own\n")
    before = machine.tree()
    assert 0 == machine.run()[0]
    assert before != machine.tree()
    code, said = machine.run("--uninstall")
    assert 0 == code, said
    assert before == machine.tree()
    assert (0, "edgefleet: nothing is installed\n") == machine.run("--uninstall")


@needs_root
def test_what_a_newer_one_has_no_more_is_taken_back(machine: Machine) -> None:
    """And what it says again is written."""
    machine.run()
    machine.boot = replace(machine.boot, files=(File(path="/etc/x.conf", content=b"new\n"),))
    assert 1 == machine.run("--check")[0]
    assert 0 == machine.run()[0]
    assert not (machine.root / "etc/deep/binary").exists()
    assert b"new\n" == (machine.root / "etc/x.conf").read_bytes()
    assert 0 == machine.run("--check")[0]


@needs_root
@pytest.mark.parametrize("name", ["install", "check", "uninstall", "once"])
def test_a_command_is_a_program_and_no_function_of_the_script(machine: Machine, name: str) -> None:
    """A first boot calls install(1), and the script has a function of that name."""
    mark = machine.place / "mark"
    (machine.place / "bin" / name).write_text('#!/bin/sh\necho "$*" >"$PLACE/mark"\n')
    (machine.place / "bin" / name).chmod(0o755)
    machine.boot = replace(machine.boot, commands=((name, "-D", "there"),))
    code, output = machine.run()
    assert (0, "-D there\n") == (code, mark.read_text()), output


@needs_root
def test_a_command_that_fails_is_named_and_tried_again(machine: Machine) -> None:
    """It does not say that it is done."""
    mark = machine.place / "mark"
    machine.boot = replace(machine.boot, commands=(("test", "-e", str(mark)),))
    code, said = machine.run()
    assert (2, True) == (code, "failed: test -e" in said)
    assert 1 == machine.run("--check")[0]
    mark.touch()
    assert 0 == machine.run()[0]
    assert 0 == machine.run("--check")[0]


@needs_root
def test_another_node_is_refused_untouched(machine: Machine) -> None:
    """Of another architecture, with another hardware address, or with a k3s of somebody else."""
    before = machine.tree()
    assert "this image is for amd64, and the node is aarch64" in machine.run(machine="aarch64")[1]
    of_it = machine.boot
    machine.boot = replace(of_it, network=replace(of_it.network, mac="02:00:00:00:00:01"))
    assert "no interface here has that" in machine.run()[1]
    machine.boot = of_it
    assert before == machine.tree()
    (machine.root / "usr/local/bin/k3s").touch()
    assert "installed by other means" in machine.run()[1]


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA own"
OWNER = "games"
"""A user of every Debian who is not root."""


@pytest.fixture
def shared() -> Iterator[Machine]:
    """A node with a user whose home is the user's own, in a directory that the user reaches."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    users = (User(name=OWNER, ssh_keys=(KEY,)),)
    node = Machine(place, boot(users=users, commands=(("true",),), arch="amd64", network="dhcp"))
    (node.place / "bin" / "id").write_text('#!/bin/sh\nexec /usr/bin/id "$@"\n')
    home = node.root / "var" / OWNER
    home.mkdir()
    shutil.chown(home, OWNER, OWNER)
    entry = pwd.getpwnam(OWNER)
    with (node.root / "etc/passwd").open("a") as file:
        file.write(f"{OWNER}:x:{entry.pw_uid}:{entry.pw_gid}::/var/{OWNER}:/bin/sh\n")
    (node.root / "root/.ssh").mkdir(mode=0o700)
    (node.root / "root/.ssh/authorized_keys").write_text("root's own\n")
    yield node
    shutil.rmtree(place)


@needs_root
@pytest.mark.parametrize("link", [".ssh", ".ssh/authorized_keys"])
@pytest.mark.parametrize("target", ["root/.ssh", "etc/shadow"])
def test_no_link_of_a_user_leads_root_anywhere(shared: Machine, link: str, target: str) -> None:
    """The user's key comes into no file of root's, and into none that root would make."""
    home, entry = shared.root / "var" / OWNER, pwd.getpwnam(OWNER)
    if "/" in link:
        (home / ".ssh").mkdir()
        os.chown(home / ".ssh", entry.pw_uid, entry.pw_gid)
        target += "/authorized_keys" if target.endswith(".ssh") else ""
    (home / link).symlink_to(shared.root / target)
    os.chown(home / link, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
    code, output = shared.run()
    assert (2, True) == (code, f"{OWNER} has no key of the fleet file" in output), output
    assert "root's own\n" == (shared.root / "root/.ssh/authorized_keys").read_text()
    assert 0 == (shared.root / "root/.ssh").stat().st_uid
    assert not (shared.root / "etc/shadow").exists()
    (home / link).unlink()
    assert 0 == shared.run()[0]
    assert 0 == shared.run("--check")[0]


@needs_root
def test_a_removal_follows_no_link_of_a_user(shared: Machine) -> None:
    """The key is taken out of a file of the user's; a link in its place changes no other file."""
    assert 0 == shared.run()[0]
    file = shared.root / "var" / OWNER / ".ssh/authorized_keys"
    entry, status = pwd.getpwnam(OWNER), file.stat()
    assert (entry.pw_uid, entry.pw_gid, 0o600) == (status.st_uid, status.st_gid, status.st_mode & 0o777)
    foreign = shared.root / "root/.ssh/authorized_keys"
    foreign.write_text(f"root's own\n{KEY}\n")
    file.unlink()
    file.symlink_to(foreign)
    code, output = shared.run("--uninstall")
    assert (0, True) == (code, f"remove this key of {OWNER} yourself" in output)
    assert f"root's own\n{KEY}\n" == foreign.read_text()


@needs_root
def test_a_key_of_a_user_stays_beside_those_of_others(shared: Machine) -> None:
    """Also after a last line without its end; a removal leaves the file as it was."""
    folder = shared.root / "var" / OWNER / ".ssh"
    folder.mkdir()
    (folder / "authorized_keys").write_text("ssh-rsa other")
    for path in (folder, folder / "authorized_keys"):
        shutil.chown(path, OWNER, OWNER)
    assert 0 == shared.run()[0]
    assert f"ssh-rsa other\n{KEY}\n" == (folder / "authorized_keys").read_text()
    assert 0 == shared.run("--uninstall")[0]
    assert ["authorized_keys"] == [path.name for path in folder.iterdir()]
    assert "ssh-rsa other\n" == (folder / "authorized_keys").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--payload", "/nowhere"), "takes the directory of a payload"), (("--else",), "unknown option --else")],
)
def test_a_wrong_option_is_reported(machine: Machine, options: tuple[str, ...], said: str) -> None:
    """With a failure, before anything is done."""
    code, found = machine.run(*options)
    assert (2, True) == (code, said in found)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
@pytest.mark.parametrize("case", ["server-static", "shut-in"])
def test_shellcheck_has_nothing_to_say(case: str, tmp_path: Path) -> None:
    """Of a whole golden site's script, as POSIX shell."""
    file = tmp_path / "n1.sh"
    file.write_bytes(script.build(boot_of(case)).data)
    done = subprocess.run(["shellcheck", "-s", "sh", file], capture_output=True, text=True, check=False)
    assert "" == done.stdout
