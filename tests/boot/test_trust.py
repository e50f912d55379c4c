"""A company's authorities in the system's store."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import RECIPES, trust
from edgefleet.model.firstboot import Target

ONE = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"
OTHER = ONE.replace("MAMCAQU=", "MAMCAQY=")
SYSTEMS = {
    "debian": ("ID=debian", "", "usr/local/share/ca-certificates", "crt", "update-ca-certificates"),
    "flatcar": ("ID=flatcar", "", "etc/ssl/certs", "pem", "update-ca-certificates"),
    "fcos": ("ID=fedora", "etc/pki/ca-trust/source/anchors", "", "crt", "update-ca-trust"),
    "suse": ('ID="sle"', "etc/pki/trust/anchors", "", "crt", "update-ca-certificates"),
}
"""dict[system -> (line of os-release, folder that it has, or else where files go, ending, program)]."""


def trusting(target: Target, *bundles: str) -> Target:
    """The node with `bundles`."""
    return replace(target, site=replace(target.site, trusted_certificates=bundles))


def test_each_certificate_is_a_file_of_its_own(target: Targets) -> None:
    """Debian skips files of several; one that stands in two bundles is added once."""
    step = trust.plan(trusting(target(), ONE + OTHER, ONE))
    *files, program = step.files
    assert [ONE, OTHER] == [file.content.decode() for file in files]
    names = sorted(Path(file.path).stem for file in files)
    assert ((program.path, *names),) == step.commands


def test_it_comes_before_every_download() -> None:
    """SSM, k3s, and what people add."""
    names = [step.name for step in RECIPES[1]]
    later = {"clock", "break_glass", "identity", "proxy", "additions", "runtime_install", "heartbeat"}
    assert later == later & {*names[names.index("trust") :]}


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_system_finds_them_in_its_own_place(target: Targets, tmp_path: Path, system: str) -> None:
    """They are added once, k3s restarts with a change alone, and what is no longer listed is removed."""
    release, has, elsewhere, ending, update = SYSTEMS[system]
    (root := tmp_path / "root").joinpath("etc").mkdir(parents=True)
    (root / "etc/os-release").write_text(f"{release}\n")
    (root / (has or "etc")).mkdir(parents=True, exist_ok=True)
    (programs := tmp_path / "bin").mkdir()
    for name in (update, "systemctl"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/log\n')
        (programs / name).chmod(0o755)
    for bundles in ((ONE, OTHER), (ONE, OTHER), (OTHER,), ()):
        step = trust.plan(trusting(target(), *bundles))
        for file in step.files:
            (root / file.path[1:]).parent.mkdir(parents=True, exist_ok=True)
            (root / file.path[1:]).write_bytes(file.content)
            (root / file.path[1:]).chmod(file.mode)
        line = " ".join(step.commands[0]) if bundles else step.commands[0][-1]
        environment = {"EDGEFLEET_PREFIX": str(root), "PATH": f"{programs}:/usr/bin:/bin"}
        moved = line.replace("/usr/local", f"{root}/usr/local").replace("/etc/", f"{root}/etc/")
        subprocess.run(["sh", "-c", moved], check=True, env=environment, timeout=30)
        store = (root / (has or elsewhere)).glob(f"edgefleet-*.{ending}")
        assert sorted(bundles) == sorted(path.read_text() for path in store)
    assert [update, "systemctl"] * 3 == [
        line.split()[0] for line in (tmp_path / "log").read_text().splitlines()
    ]
    assert not (root / trust.PROGRAM[1:]).exists()


def test_a_system_without_its_program_reports_it(target: Targets, tmp_path: Path) -> None:
    """The first boot goes on, and the next start tries again."""
    program = trust.plan(trusting(target(), ONE)).files[-1].content.decode()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").touch()
    environment = {"EDGEFLEET_PREFIX": str(tmp_path), "PATH": "/usr/bin:/bin"}
    script = f"command() {{ false; }}\n{program}"
    done = subprocess.run(["sh", "-c", script], check=False, env=environment, timeout=30)
    assert 1 == done.returncode
    assert "ca-certificates" in (tmp_path / "var/lib/edgefleet/problems/certificates").read_text()
