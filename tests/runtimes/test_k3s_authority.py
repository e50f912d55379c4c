"""The program that installs a site's authorities: run for real, in a folder."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.boot.test_healing import cutter

from edgefleet.keys.site_authorities import authorities
from edgefleet.model.firstboot import Step, Target
from edgefleet.runtimes import k3s_server
from edgefleet.runtimes.base import k3s

pytestmark = pytest.mark.slow

Targets = Callable[..., Target]
PROGRAM = "usr/local/lib/edgefleet/k3s-authority"
TLS = "var/lib/rancher/k3s/server/tls"


@pytest.fixture
def server(target: Targets) -> Target:
    """A server."""
    return target("server-and-agent", "srv")


@pytest.fixture
def root(server: Target, tmp_path: Path) -> Path:
    """Its files, as a first boot writes them."""
    for file in k3s_server.RUNTIME.configure(server).files:
        path = tmp_path / "root" / file.path[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)
    return tmp_path / "root"


def run(root: Path, path: str = "/usr/bin:/bin", **more: str) -> int:
    """What k3s's unit does before each start."""
    environment = {"PATH": path, "EDGEFLEET_PREFIX": str(root), **more}
    command = [shutil.which("dash") or "/bin/sh", str(root / PROGRAM)]
    done = subprocess.run(command, env=environment, check=False, timeout=60, start_new_session=True)
    return done.returncode


def expected(server: Target) -> dict[str, str]:
    """dict[path below ``server/tls`` -> content]."""
    files: dict[str, str] = {}
    for name, pem in authorities(server.key).items():
        key, begin, rest = pem.partition("-----BEGIN CERTIFICATE")
        files |= {f"{name}.key": key, **({f"{name}.crt": begin + rest} if begin else {})}
    return files


def installed(root: Path) -> dict[str, str]:
    """The same of what is there."""
    folder = root / TLS
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.*")}


def test_they_are_in_place_before_k3s_first_starts(root: Path, server: Target) -> None:
    """For root alone; what a k3s has that started already stays."""
    assert 0 == run(root)
    assert expected(server) == installed(root)
    assert {0o600} == {path.stat().st_mode & 0o777 for path in (root / TLS).rglob("*.*")}
    (root / TLS / "client-ca.crt").write_text("renewed")
    assert 0 == run(root)
    assert "renewed" == installed(root)["client-ca.crt"]


def test_a_power_cut_at_any_step_is_made_good_at_the_next_start(
    root: Path, server: Target, tmp_path: Path
) -> None:
    """k3s never starts with some of them: the unit starts it after the program alone."""
    cutting, count, step = str(cutter(tmp_path / "cutting")), tmp_path / "count", 0
    is_cut = True
    while is_cut:
        step += 1
        count.write_text("0")
        shutil.rmtree(root / "var", ignore_errors=True)
        more = {"CUT_AT": str(step), "CUT_COUNT": str(count)}
        is_cut = run(root, f"{cutting}:/usr/bin:/bin", **more) != 0
        assert 0 == run(root)
        assert expected(server) == {
            path: text for path, text in installed(root).items() if not path.endswith(".new")
        }
    assert step > 11


def test_only_a_sites_server_installs_them(target: Targets, server: Target) -> None:
    """By a part of k3s's unit, which fails where they cannot be installed; a hub fetches its own."""
    (part,) = [
        file.content.decode()
        for file in k3s_server.RUNTIME.configure(server).files
        if file.path == "/etc/systemd/system/k3s.service.d/10-authority.conf"
    ]
    assert f"ExecStartPre=/{PROGRAM}\n" in part
    agent = target("server-and-agent", "cam")
    steps: list[Step] = [k3s_server.RUNTIME.install(server), k3s_server.RUNTIME.configure(server)]
    assert [False, True] == [any(k3s.AUTHORITIES in file.path for file in step.files) for step in steps]
    assert agent.node.runtime == "k3s-agent"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(root: Path) -> None:
    done = subprocess.run(
        ["shellcheck", "--shell=sh", str(root / PROGRAM)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "" == done.stdout
