"""All formats: the same boot steps are the same files on the node, and the same bytes always."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tests.images.elsewhere import ELSEWHERE, LATER, printed
from tests.images.on_disk import READERS, Files, OnDisk
from tests.site.conftest import PASSPHRASES as SECRETS

from edgefleet.images import FORMATS
from edgefleet.images.base.cloud_init_fallback import SUDOERS
from edgefleet.model.firstboot import FirstBoot, Installation, Target
from edgefleet.model.medium import Base, Netboot
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain
from edgefleet.model.stack_secrets import revealed
from edgefleet.site.first_boot import first_boot

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "recipe-1"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/site.yaml"))
BESIDE = {
    "nocloud": set(),
    "ipxe": set(),
    "raw": set(),
    "iso": set(),
    "nocloud-dir": {"/etc/systemd/system/boot-firmware.mount.d/edgefleet.conf"},
    "ignition": {
        "/etc/edgefleet/instance-id",
        "/etc/hostname",
        "/etc/ssh/ssh_host_ed25519_key",
        "/etc/ssh/ssh_host_ed25519_key.pub",
        "/etc/sudoers.d/90-edgefleet-users",
        "/etc/systemd/system/edgefleet-first-boot.service",
        "/etc/systemd/system/usr-local.mount",
        "/usr/local/lib/edgefleet/first-boot",
    },
    "script": {
        "/etc/edgefleet/instance-id",
        "/etc/hostname",
        "/etc/ssh/ssh_host_ed25519_key",
        "/etc/ssh/ssh_host_ed25519_key.pub",
        "/etc/sudoers.d/90-edgefleet-users",
    },
}
"""dict[format -> what it puts on the disk besides, in place of a module of cloud-init's]; networks aside."""
NETWORKS = ("/etc/systemd/network/", "/etc/NetworkManager/")
NETBOOT = Netboot(
    kernel=Base(source="file:vmlinuz", sha256="1" * 64),
    initrd=(Base(source="file:initrd", sha256="2" * 64),),
    arguments="ds=nocloud;s={seed}",
)
BUILD = """
import hashlib, sys
from tests.images.test_formats import CASES, boot_of
from edgefleet.images import FORMATS
for case in CASES:
    for name, kind in sorted(FORMATS.items()):
        print(case, name, hashlib.sha256(kind.seed(boot_of(case)).data).hexdigest())
"""


def boot_of(case: str) -> FirstBoot:
    """The first boot of a golden site's first node, which is wired."""
    spec = from_plain(SiteSpec, yaml.safe_load((GOLDEN / case / "site.yaml").read_text()))
    name = next(iter(spec.nodes))
    made = first_boot(Target(site=revealed(spec, SECRETS), name=name, key="QUFB" * 10 + "QUE="))
    wired, how = replace(made.network, wifi=None), Installation(installer="debian")
    return replace(made, network=wired, netboot=NETBOOT, installation=how)


def steps_of(boot: FirstBoot) -> Files:
    """What the boot steps say."""
    files = {file.path: OnDisk(file.mode, file.owner, file.content) for file in boot.files}
    units = {
        f"/etc/systemd/system/{unit.name}": OnDisk(0o644, "root:root", unit.text.encode())
        for unit in boot.units
    }
    return files | units


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_same_steps_are_the_same_files_whatever_the_format(case: str, name: str) -> None:
    """Path, mode, owner and bytes; what a format adds is listed here, one by one."""
    boot = boot_of(case)
    found = READERS[name](FORMATS[name].seed(boot).data)
    wanted = steps_of(boot)
    assert len(wanted) > 20
    assert wanted == {path: file for path, file in found.items() if path in wanted}
    besides = BESIDE[name] if any(user.is_admin for user in boot.users) else BESIDE[name] - {SUDOERS}
    assert besides == {path for path in found.keys() - wanted if not path.startswith(NETWORKS)}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_private_file_is_private_whatever_the_format(name: str) -> None:
    """Each secret of the steps has a mode that lets root alone read it."""
    boot = boot_of("shut-in")
    found = READERS[name](FORMATS[name].seed(boot).data)
    secrets = [file.path for file in boot.files if file.is_secret]
    assert secrets
    assert [0o600] * len(secrets) == [found[path].mode for path in secrets]


def other_python() -> str | None:
    """An interpreter of another patch release, which can load the same modules."""
    ask = "import sys; print(*sys.version_info[:3])"
    for python in {"/usr/bin/python3", shutil.which("python3", path=os.defpath)} - {None}:
        said = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=False).stdout
        version = tuple(map(int, said.split()))
        if version[:2] == sys.version_info[:2] and version != sys.version_info[:3]:
            return python
    return None


def test_each_format_is_the_same_bytes_under_other_conditions(tmp_path: Path) -> None:
    """Another folder, zone, locale, umask, user name, order of hashes and, with faketime, day."""
    first = printed(BUILD, at=tmp_path)
    assert len(CASES) * len(FORMATS) == len(first.splitlines())
    date = LATER if shutil.which("faketime") else ""
    assert first == printed(BUILD, at=tmp_path / "an other", around=ELSEWHERE, umask=0o077, date=date)


def test_each_format_is_the_same_bytes_with_another_python(tmp_path: Path) -> None:
    """Another patch release, with the same libraries."""
    python = other_python()
    if python is None:
        pytest.skip("needs another patch release of this Python, as the system's: apt-get install python3")
    assert printed(BUILD, at=tmp_path) == printed(BUILD, at=tmp_path, python=python)
