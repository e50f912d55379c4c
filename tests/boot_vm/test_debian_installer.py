"""Debian's own installer reads the answers of an `iso`, and asks nothing.

It is the one for a network, which is what there is as a package: what it lacks are drivers for media, so that
what is on ours stands in its initial file system, at the same place. It goes on until it looks for packages.
"""

import re
from pathlib import Path

import pytest
from tests.boot_vm.installer import INSIDE, added
from tests.boot_vm.machine import run
from tests.boot_vm.project import COMMON, made_project
from tests.boot_vm.running import tool
from tests.images.small_installer import made_installer, missing

pytestmark = pytest.mark.boot
IMAGES = Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64")
NETWORK = ("-nic", "user,restrict=on,model=virtio-net-pci")
PACKAGE = "debian-installer-12-netboot-amd64"
FLEET = f"""{COMMON}
sites:
  depot:
    timezone: Europe/Berlin
    image: {{format: iso, installer: debian, base: <debian>}}
    nodes: {{n1: {{network: {{address: 10.1.3.10/24, gateway: 10.1.3.1}}}}}}
"""
WANTED = {
    "passwd/make-user": "false",
    "netcfg/enable": "false",
    "time/zone": "Europe/Berlin",
    "partman-auto/choose_recipe": "edgefleet",
    "partman/early_command": "sh /cdrom/edgefleet/installer/choose-disk debian",
    "preseed/late_command": "sh /cdrom/edgefleet/installer/finish",
    "apt-setup/use_mirror": "false",
    "debian-installer/exit/poweroff": "true",
}
ANSWERS = "/cdrom/edgefleet/installer/preseed.cfg"
STEPS = ["file-preseed", "localechooser", "console-setup-udeb", "ethdetect", "netcfg", "choose-mirror"]


def test_it_reads_the_answers_and_asks_nothing(tmp_path: Path) -> None:
    """With the words that our medium gives its kernel: language, keyboard and network are no questions."""
    if not IMAGES.is_dir():
        pytest.skip(f"needs Debian's installer: apt-get install {PACKAGE}")
    if packages := missing():
        pytest.skip(f"needs what installers are made of: apt-get install {' '.join(packages)}")
    project = made_project(tmp_path / "project", FLEET, {"debian": made_installer(tmp_path / "debian.iso")})
    project.fetch()
    iso, medium = project.built("depot", "n1", ".iso"), tmp_path / "cdrom"
    for folder in ("edgefleet", "isolinux"):
        tool("xorriso", "-osirrox", "on", "-indev", iso, "-extract", f"/{folder}", medium / folder)
    words = re.search(r"APPEND initrd=\S+ (.*)", (medium / "isolinux" / "isolinux.cfg").read_text())
    assert words is not None
    files = {
        f"cdrom/{path.relative_to(medium)}": path.read_bytes() for path in medium.rglob("*") if path.is_file()
    }
    files["cdrom/asked"] = "".join(f"{name}\n" for name in WANTED).encode()
    files["lib/debian-installer-startup.d/S99watch"] = (INSIDE / "installer_watch.sh").read_bytes()
    initrd = added(IMAGES / "initrd.gz", files, tmp_path / "initrd")
    shown = run(
        (
            "-kernel",
            IMAGES / "linux",
            "-initrd",
            initrd,
            "-append",
            f"DEBIAN_FRONTEND=text {words[1]}",
            "-nic",
            "none",
        )
    )
    said = re.findall(r"watch: (.*?)<end>", shown)
    assert any(f"successfully loaded preseed file from file://{ANSWERS}" in line for line in said), shown
    steps = [
        step for line in said for step in re.findall(r"Menu item '([^']+)' selected", line) if step in STEPS
    ]
    assert STEPS == list(dict.fromkeys(steps))
    assert set() == {f"{name}={answer}" for name, answer in WANTED.items()} - set(said)
    assert "Prompt:" not in shown
