"""Format ``iso``: an installer with its boot records, the node's seed and all that it would ask."""

import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tests.images import small_installer
from tests.images.conftest import MIB, needs, run
from tests.images.elsewhere import ELSEWHERE, LATER, NOW, mounting, printed, replaced, without_room
from tests.images.on_disk import of_script
from tests.images.small_installer import Kind, made_installer
from tests.images.test_formats import BESIDE, CASES, boot_of, steps_of
from tests.images.test_nocloud import boot

from edgefleet.errors import InvalidInput
from edgefleet.images import iso
from edgefleet.model.composing import Ingredients
from edgefleet.model.firstboot import FirstBoot, Installation

pytestmark = pytest.mark.slow

MISSING = small_installer.missing()
composing = pytest.mark.skipif(bool(MISSING), reason=f"needs tools: apt-get install {' '.join(MISSING)}")
Make = Callable[..., Ingredients]
KINDS: tuple[Kind, ...] = ("debian", "ubuntu")


def installed(kind: Kind = "debian", **others: object) -> FirstBoot:
    """A first boot whose medium is an installer."""
    how = Installation(installer=kind, **others)  # type: ignore[arg-type]  # a test names what differs
    return replace(boot(), installation=how)


@pytest.fixture
def parts(ingredients: Make) -> Make:
    """What an image of a kind is composed of."""

    def make(base: Path, kind: Kind = "debian", **others: object) -> Ingredients:
        files = iso.seed(installed(kind)).files
        return ingredients(base, **{"seed": files, "installer": kind, **others})

    return make


def listing(image: Path) -> dict[str, tuple[str, str]]:
    """dict[path -> (mode, owner)] of an ISO."""
    lines = run("xorriso", "-indev", image, "-find", "/", "-exec", "lsdl").splitlines()
    return {shlex.split(line)[-1]: (line.split()[0], line.split()[2]) for line in lines}


def content(image: Path, path: str, at: Path) -> str:
    """A file of an ISO."""
    at.unlink(missing_ok=True)
    run("xorriso", "-osirrox", "on", "-indev", image, "-extract_single", path, at)
    return at.read_text()


def records(image: Path) -> list[str]:
    """What makes an ISO boot; positions, sizes of what grows, and the disk's own UUIDs aside."""
    said = run("xorriso", "-indev", image, "-report_el_torito", "plain", "-report_system_area", "plain")
    moved = (
        r"El Torito catalog|ISO image size|GPT lba range|GPT disk GUID|GPT partition GUID|MBR partition  +: "
    )
    lines = [line for line in said.splitlines() if not re.match(f"{moved}|GPT start|GPT .*:   3 ", line)]
    return [" ".join(line.split()[:-1] if "boot img :" in line else line.split()) for line in lines]


@composing
@pytest.mark.parametrize("kind", KINDS)
def test_a_medium_has_the_seed_and_what_makes_it_boot(
    kind: Kind, payload: Path, parts: Make, tmp_path: Path
) -> None:
    """Files of root alone, readable ones for the installer; boot records and all else as in the base."""
    base, out = made_installer(tmp_path / "base.iso", kind), tmp_path / "n1.iso"
    made = iso.compose(parts(base, kind, payload=payload), out)
    assert (hashlib.sha256(out.read_bytes()).hexdigest(), out.stat().st_size) == (made.sha256, made.size)
    assert {"xorriso"} == set(made.tools)
    assert {"BIOS", "UEFI", "GPT"} <= set(" ".join(records(base)).split())
    assert records(base) == records(out)
    before, after = listing(base), listing(out)
    assert {path: after[path][0] for path in before} == {path: said[0] for path, said in before.items()}
    new = {path: said for path, said in after.items() if path not in before}
    assert {"0"} == {owner for _, owner in new.values()}
    seed = {path for path, (mode, _) in new.items() if mode.startswith("-r--------")}
    names = {"user-data", "meta-data", "network-config", "edgefleet-seal"}
    names |= {"first-boot.sh"} if kind == "debian" else set()
    assert {f"/edgefleet/seed/{name}" for name in names} == seed
    assert "-rwxr-xr-x" == new["/edgefleet/payload/bin/k3s"][0]
    wanted = iso.seed(installed(kind)).files["user-data"].decode()
    assert wanted == content(out, "/edgefleet/seed/user-data", tmp_path / "found")


@composing
@pytest.mark.parametrize("kind", KINDS)
def test_its_menus_start_the_installer_by_themselves(kind: Kind, parts: Make, tmp_path: Path) -> None:
    """With the base's own kernel; and its checksums are those of what is there now."""
    base, out = made_installer(tmp_path / "base.iso", kind), tmp_path / "n1.iso"
    iso.compose(parts(base, kind), out)
    menu = content(out, "/boot/grub/grub.cfg", tmp_path / "menu")
    kernel = {"debian": "/install.amd/vmlinuz", "ubuntu": "/casper/vmlinuz"}[kind]
    words = {
        "debian": "preseed/file=/cdrom/edgefleet/installer/preseed.cfg",
        "ubuntu": '"ds=nocloud;s=/cdrom/edgefleet/installer/"',
    }[kind]
    assert f"linux {kernel} " in menu
    assert words in menu
    assert "set timeout=15" in menu
    sums = content(out, "/md5sum.txt", tmp_path / "sums")
    assert f"{hashlib.md5(menu.encode()).hexdigest()}  ./boot/grub/grub.cfg" in sums  # noqa: S324 - Debian's
    assert f"{'1' * 32}  .{kernel}" in sums
    if kind == "debian":
        old = content(out, "/isolinux/isolinux.cfg", tmp_path / "old")
        assert f"KERNEL {kernel}\n  APPEND initrd=/install.amd/initrd.gz auto=true" in old
        assert "TIMEOUT 150\n" in old


@composing
def test_another_architecture_is_composed_on_any_machine(parts: Make, tmp_path: Path) -> None:
    """Nothing of it is started."""
    base, out = made_installer(tmp_path / "base.iso", arch="arm64"), tmp_path / "n1.iso"
    iso.compose(parts(base, arch="arm64"), out)
    assert records(base) == records(out)
    assert "linux /install.a64/vmlinuz" in content(out, "/boot/grub/grub.cfg", tmp_path / "menu")


@composing
def test_a_base_that_was_replaced_is_looked_at_again(parts: Make, tmp_path: Path) -> None:
    """What is known of one is of that file, and not of its name."""
    of = parts(made_installer(tmp_path / "base.iso"))
    iso.compose(of, tmp_path / "n1.iso")
    made_installer(tmp_path / "another.iso", arch="arm64").replace(of.base)
    with pytest.raises(InvalidInput, match="is for arm64, and the node is amd64"):
        iso.compose(of, tmp_path / "n2.iso")


BUILD = """
import sys
from pathlib import Path
from tests.images.test_iso import installed
from edgefleet.images import iso
from edgefleet.model.composing import Ingredients
base, payload, work, kind = map(Path, sys.argv[1:])
made = iso.compose(Ingredients(node="n1", arch="amd64", disk=2**26, parts="sha256:" + "a" * 64,
    seed=iso.seed(installed(kind.name)).files, base=base, base_digest="sha256:0", payload=payload,
    payload_digest="sha256:" + "b" * 64, installer=kind.name, scratch=work, shared=work / "shared"),
    work / "n1.iso")
print(made.sha256)
"""


@composing
@needs("faketime")
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_parts_give_the_same_bytes(kind: Kind, payload: Path, tmp_path: Path) -> None:
    """In another directory, zone, locale and year; of files in another order, with other modes and owners."""
    base = made_installer(tmp_path / "base.iso", kind)
    arguments = (tmp_path / "one", kind)
    one = printed(BUILD, base, payload, *arguments, at=tmp_path / "one", date=NOW)
    other = tmp_path / "payload again"
    for path in sorted((each for each in payload.rglob("*") if each.is_file()), reverse=True):
        copied = other / path.relative_to(payload)
        copied.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(path, copied)
        copied.chmod(0o640)
        os.utime(copied, (1, 1))
        if os.geteuid() == 0:
            os.chown(copied, 1234, 1234)
    moved = (tmp_path / "elsewhere").with_suffix(".iso")
    base.rename(moved)
    arguments = (tmp_path / "an other", kind)
    again = printed(
        BUILD,
        *(moved, other, *arguments),
        at=tmp_path / "an other",
        around=ELSEWHERE,
        umask=0o077,
        date=LATER,
    )
    assert one == again


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (lambda image: os.truncate(image, 3 * MIB), "is cut off: it has 3,145,728 bytes.*download it"),
    "cut off early": (
        lambda image: os.truncate(image, MIB // 100),
        "is cut off: it has 10,485 bytes",
    ),
    "gzip": (lambda image: replaced(image, 0, b"\x1f\x8b"), "compressed with gzip.*gzip -dk"),
    "xz": (lambda image: replaced(image, 0, b"\xfd7zXZ\x00"), "compressed with xz.*xz -dk"),
    "zstd": (lambda image: replaced(image, 0, b"\x28\xb5\x2f\xfd"), "compressed with zstd"),
    "web page": (lambda image: image.write_bytes(b"<!DOCTYPE html><html>404</html>" * 40), "is a web page"),
    "disk image": (lambda image: replaced(image, 32768, bytes(2048)), "use the format raw"),
    "nothing": (lambda image: image.write_bytes(b"x" * MIB), "is not an ISO 9660 image; use the ISO of"),
}


@composing
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_base_that_cannot_be_used_is_one_clear_sentence(damage: str, parts: Make, tmp_path: Path) -> None:
    """What it is, and what to do; nothing half-made stays."""
    base = made_installer(tmp_path / "base.iso")
    change, said = DAMAGES[damage]
    change(base)
    with pytest.raises(InvalidInput, match=said) as caught:
        iso.compose(parts(base), tmp_path / "n1.iso")
    assert 1 == len(caught.value.problems)
    assert not (tmp_path / "n1.iso").exists()


@composing
def test_an_installer_of_another_kind_or_architecture_is_refused(parts: Make, tmp_path: Path) -> None:
    """And what it is instead is reported."""
    debian = made_installer(tmp_path / "debian.iso")
    with pytest.raises(InvalidInput, match=r"no installer of Ubuntu.*set image.installer: debian"):
        iso.compose(parts(debian, "ubuntu"), tmp_path / "n1.iso")
    with pytest.raises(InvalidInput, match="is for amd64, and the node is arm64"):
        iso.compose(parts(debian, arch="arm64"), tmp_path / "n1.iso")
    arm = made_installer(tmp_path / "arm.iso", arch="arm64")
    with pytest.raises(InvalidInput, match="is for arm64, and the node is amd64"):
        iso.compose(parts(arm), tmp_path / "n1.iso")
    run("xorriso", "-dev", debian, "-rm_r", "/install.amd", "--", "-commit")
    with pytest.raises(InvalidInput, match=r"no installer of Debian.*use a netinst or DVD image"):
        iso.compose(parts(debian), tmp_path / "n1.iso")


@composing
def test_a_medium_smaller_than_its_content_is_refused(parts: Make, tmp_path: Path) -> None:
    """Before anything is written; where nobody reports how large it is, nothing is refused."""
    base = made_installer(tmp_path / "base.iso")
    with pytest.raises(
        InvalidInput, match=r"n1's installer has 6,\d+,\d+ bytes, and its medium has 1,048,576"
    ):
        iso.compose(parts(base, disk=MIB), tmp_path / "n1.iso")
    assert not (tmp_path / "n1.iso").exists()
    assert iso.compose(parts(base, disk=None), tmp_path / "n1.iso").size


@composing
@mounting
def test_a_full_disk_leaves_no_image(payload: Path, tmp_path: Path) -> None:
    """On a file system with room for the seed and not for the image."""
    kernel = tmp_path / "kernel"
    kernel.write_bytes(os.urandom(4 * MIB))
    base = made_installer(tmp_path / "base.iso", kernel=kernel)
    said, left = without_room(BUILD, base, payload, "{}", "debian", at=tmp_path / "small", mebibytes=2)
    assert "the disk is full; free some space" in said
    assert "n1.iso" not in left


def test_debian_is_asked_nothing(tmp_path: Path) -> None:
    """The answers are in debconf's form, and name what d-i asks at priority critical."""
    answers = iso.seed(installed()).files["preseed.cfg"].decode()
    tool = shutil.which("debconf-set-selections")
    if tool is not None:
        (tmp_path / "preseed.cfg").write_text(answers)
        run(tool, "-c", tmp_path / "preseed.cfg")
    lines = [line for line in answers.splitlines() if line and not line.startswith("#")]
    said = {}
    for line in lines:
        owner, question, kind, *value = line.split(" ", 3)
        assert owner in {"d-i", "popularity-contest"}
        assert kind in {"string", "boolean", "select", "multiselect", "password", "note"}
        said[question] = "".join(value)
    assert len(lines) == len(said)
    never = {
        "netcfg/enable": "false",
        "apt-setup/use_mirror": "false",
        "passwd/make-user": "false",
        "passwd/root-password-crypted": "!",
        "partman/confirm": "true",
        "partman/confirm_nooverwrite": "true",
        "debian-installer/exit/poweroff": "true",
    }
    assert never == {question: said[question] for question in never}


def test_ubuntu_is_asked_nothing() -> None:
    """The answers have the types of autoinstall's schema, and no section is left to a person."""
    answers = iso.seed(installed("ubuntu")).files["autoinstall.yaml"]
    assert answers.startswith(b"#cloud-config\n")
    ((top, said),) = yaml.safe_load(answers).items()
    assert "autoinstall" == top
    assert 1 == said["version"]
    assert "interactive-sections" not in said
    assert {} == said["network"]["ethernets"]
    assert "/dev/edgefleet-disk" == said["storage"]["layout"]["match"]["path"]
    assert "poweroff" == said["shutdown"]
    assert isinstance(said["user-data"], dict)  # so that no identity is needed
    assert [["sh", "/cdrom/edgefleet/installer/finish"]] == [each.split() for each in said["late-commands"]]


def test_a_serial_console_is_where_it_is_asked_for() -> None:
    """In both menus, and for the kernel; on a port that GRUB cannot drive, for the kernel alone."""
    files = iso.seed(installed(console="ttyS1,9600")).files
    assert b"serial --unit=1 --speed=9600\n" in files["grub.cfg"]
    assert b"SERIAL 1 9600\n" in files["isolinux.cfg"]
    assert b" console=tty0 console=ttyS1,9600\n" in files["isolinux.cfg"]
    other = iso.seed(installed(console="ttyAMA0")).files["grub.cfg"]
    assert b"serial --unit" not in other
    assert b"console=tty0 console=ttyAMA0,115200" in other
    assert b"console=" not in iso.seed(installed()).files["grub.cfg"]


def test_what_is_erased_is_reported_in_the_menu() -> None:
    """By the disk's name, where there is one."""
    files = iso.seed(installed(disk="/dev/nvme0n1")).files
    assert b"'Install n1 of alpha: erases /dev/nvme0n1'" in files["grub.cfg"]
    assert b"erases the disk of this node" in iso.seed(installed()).files["isolinux.cfg"]


def test_a_seed_without_an_installer_is_refused() -> None:
    """By a sentence."""
    with pytest.raises(InvalidInput, match=r"needs the name of its installer; add image.installer"):
        iso.seed(boot())


@pytest.mark.parametrize("case", CASES)
def test_without_cloud_init_the_same_steps_are_the_same_files(case: str) -> None:
    """And the network's besides, which cloud-init would have written."""
    made = boot_of(case)
    found = of_script(iso.seed(made).files["first-boot.sh"])
    wanted = steps_of(made)
    assert wanted == {path: file for path, file in found.items() if path in wanted}
    besides = {path for path in found.keys() - wanted if not path.startswith("/etc/systemd/network/")}
    names = {f"/etc/systemd/system/{name}" for name in iso.NAMES}
    assert names <= besides <= names | BESIDE["script"]
    assert any(path.startswith("/etc/systemd/network/") for path in found)


@composing
def test_a_debian_medium_without_the_packages_of_a_wireless_node_is_refused(
    tmp_path: Path, parts: Make
) -> None:
    """The installer would stop after it erased the disk; a node with a cable needs none of them."""
    base = made_installer(tmp_path / "base.iso")
    of = parts(base)
    wireless = replace(of, seed={name: data for name, data in of.seed.items() if name != "first-boot.sh"})
    with pytest.raises(InvalidInput) as refused:
        iso.compose(wireless, tmp_path / "n1.iso")
    assert "base-without-wifi" == refused.value.problem.code
    assert "has no cloud-init and no wpasupplicant" in refused.value.problem.problem
