"""Format ``iso``: an installer of Debian or Ubuntu that asks nothing, and puts the node's seed onto the node.

Sources: Debian's installation guide, appendix B (preseed); Ubuntu's autoinstall reference; both installers
mount their medium at ``/cdrom`` and the new system at ``/target``. The installer uses no network: a node
becomes what it is at its first boot, by the same seed as in every other format.

Not all of Debian's media have cloud-init. On a system without it the same first boot is done by the script of
format ``script``, which has the network besides.

The base's own menus are replaced: the kernel's words are ours, and so is the time after which it begins. What
its checksums say of these files is brought up to date.
"""

import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from edgefleet.errors import InvalidInput, Problem
from edgefleet.images import nocloud, script
from edgefleet.images.base.cloud_init_fallback import placed
from edgefleet.images.base.format import Format, MediumReader
from edgefleet.images.network.networkd import networkd
from edgefleet.io import disk, image_reading, installer_iso, tools
from edgefleet.io.installer_iso import Addition, InstallerIso, wrong
from edgefleet.io.iso9660 import iso
from edgefleet.io.payload_listing import entry, listed
from edgefleet.io.templates import render
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.composing import Composed, Ingredients
from edgefleet.model.firstboot import File, FirstBoot, Installation, Unit
from edgefleet.model.image import Image
from edgefleet.model.listing import Entry

HERE = "/edgefleet"
SEED, INSTALLER, PAYLOAD = f"{HERE}/seed", f"{HERE}/installer", f"{HERE}/payload"
WAIT = 15
"""Seconds in which a person can stop it."""
FIRST_BOOT, INSTALLED = "first-boot.sh", "edgefleet-installed.service"
OPEN = frozenset({"preseed.cfg", "grub.cfg", "isolinux.cfg"})
"""Answers and menus, which hold no secret."""
NAMES = ("edgefleet-names.path", "edgefleet-names.service")
"""Units that take the network's name servers."""
STARTED = (
    ("systemctl", "enable", "systemd-networkd.service"),
    ("systemctl", "restart", "systemd-networkd.service", NAMES[0]),
    ("systemctl", "start", NAMES[1]),
)
"""The network of a system without cloud-init."""
PLACEHOLDER = "/dev/edgefleet-disk"
"""Where the disk's name comes to stand; no disk has this one."""
SPACE = uuid.UUID("4a1f9f3e-6d6b-5b43-9d67-0d5a3c2c7c11")
PRIVATE, READABLE, PROGRAM = 0o400, 0o444, 0o555
CARRIED, CARRIED_PROGRAM = 0o644, 0o755
"""Modes of a payload's files, as on every medium."""
GRUB, SUMS, INFO = "/boot/grub/grub.cfg", "/md5sum.txt", "/.disk/info"
ISOLINUX = ("/isolinux/isolinux.cfg", "/boot/isolinux/isolinux.cfg", "/isolinux.cfg")
KERNELS = {
    "debian": (r"/install[^/]*/vmlinuz", r"/install[^/]*/initrd\.gz"),
    "ubuntu": (r"/casper/(hwe-)?vmlinuz", r"/casper/(hwe-)?initrd(\.gz|\.lz)?"),
}
"""dict[installer -> how its kernel and its initial file system are called]."""
SUBIQUITY = re.compile(r"/casper/(install-sources\.yaml|.*installer.*\.squashfs)")
"""What Ubuntu's media have that know autoinstall."""
ARCHITECTURES = {
    "amd64": ("bootx64.efi", "binary-amd64", "install.amd"),
    "arm64": ("bootaa64.efi", "binary-arm64", "install.a64"),
    "armhf": ("bootarm.efi", "binary-armhf", "install.ahf"),
}
"""dict[architecture -> names in a medium that only its has]."""


def seed(boot: FirstBoot) -> Image:
    """The node's seed, and the answers, programs and menus for the installer.

    Raises:
        InvalidInput: no installer is said.
    """
    if boot.installation is None:
        hint = "add image.installer: debian or ubuntu"
        problem = "format iso needs the name of its installer"
        raise InvalidInput(Problem(code="installer", where=boot.site, problem=problem, hint=hint))
    files = {**nocloud.contents(boot), **_for_installer(boot, boot.installation)}
    return Image(
        name=f"{boot.node}.iso",
        data=iso("cidata", files),
        files=files,
        secret_files=nocloud.guessable(boot),
        private_files=frozenset({"user-data", FIRST_BOOT}),
        placed=placed(boot),
    )


def _for_installer(boot: FirstBoot, how: Installation) -> dict[str, bytes]:
    port, _, rate = (how.console or "").partition(",")
    unit = port.removeprefix("ttyS")
    known: dict[str, Any] = {
        "title": f"Install {boot.node} of {boot.site}: erases {how.disk or 'the disk of this node'}",
        "wait": WAIT,
        "words": [*_words(boot, how), *([f"console=tty0 console={port},{rate or 115200}"] if port else [])],
        "unit": int(unit) if unit.isdigit() else None,
        "rate": rate or "115200",
        "disk": how.disk or "",
        "kept": how.kept or "",
        "airgap": "yes" if how.is_airgapped else "no",
        "hostname": boot.hostname,
        "timezone": boot.timezone,
    }
    texts = {
        "grub.cfg": render("installer/grub.cfg.j2", **known),
        "isolinux.cfg": render("installer/isolinux.cfg.j2", **known),
        "choose-disk": render("installer/choose-disk.sh.j2", **known),
        "finish": render("installer/finish.sh.j2", **known),
    }
    if how.installer == "debian":
        texts["preseed.cfg"] = render("installer/preseed.cfg.j2", **known)
        texts[INSTALLED] = render(f"installer/{INSTALLED}")
    else:
        texts["autoinstall.yaml"] = "#cloud-config\n" + to_yaml({"autoinstall": _autoinstall(boot)})
    made = {name: text.encode() for name, text in texts.items()}
    if how.installer == "debian" and boot.network.wifi is None:
        made[FIRST_BOOT] = _without_cloud_init(boot)
    return made


def _without_cloud_init(boot: FirstBoot) -> bytes:
    """The first boot as a script, with what brings the network up."""
    network = (File(path=path, content=content) for path, content in networkd(boot.network).items())
    units = (Unit(name=name, text=render(f"installer/{name}"), is_enabled=name == NAMES[0]) for name in NAMES)
    whole = replace(
        boot,
        files=(*boot.files, *network),
        units=(*boot.units, *units),
        commands=(*STARTED, *boot.commands),
    )
    return script.build(whole).data


def _words(boot: FirstBoot, how: Installation) -> list[str]:
    """Of the kernel's command line; d-i asks for language and keyboard before it has read its answers."""
    if how.installer == "ubuntu":
        return ["autoinstall", f"ds=nocloud;s=/cdrom{INSTALLER}/", "noprompt"]
    return [
        *("auto=true", "priority=critical", f"preseed/file=/cdrom{INSTALLER}/preseed.cfg"),
        *("locale=en_US.UTF-8", "keymap=us", f"hostname={boot.hostname}", "netcfg/enable=false"),
    ]


def _autoinstall(boot: FirstBoot) -> dict[str, object]:
    """Ubuntu's answers; names that older installers do not know, they leave alone."""
    return {
        "version": 1,
        "early-commands": [f"sh /cdrom{INSTALLER}/choose-disk ubuntu"],
        "refresh-installer": {"update": False},
        "locale": "en_US.UTF-8",
        "keyboard": {"layout": "us"},
        "source": {"search_drivers": False},
        "network": {"version": 2, "ethernets": {}},
        "apt": {"geoip": False, "fallback": "offline-install"},
        "storage": {"layout": {"name": "direct", "match": {"path": PLACEHOLDER}}},
        "ssh": {"install-server": True, "allow-pw": False},
        "codecs": {"install": False},
        "drivers": {"install": False},
        "user-data": {"hostname": boot.hostname, "disable_root": True},
        "late-commands": [f"sh /cdrom{INSTALLER}/finish"],
        "shutdown": "poweroff",
    }


def compose(of: Ingredients, out: Path) -> Composed:
    """The image at `out`.

    Raises:
        InvalidInput: the base is no installer of this kind and architecture.
        OutsideFailure: xorriso is missing or failed, or the disk is full.
    """
    base = _base(of.base, disk.state(of.base))
    kernel, initrd = _kernel(base, of)
    _check_arch(base, of)
    added = dict(_added(base, of, kernel, initrd))
    _check_fits(of, base, added)
    disk_uuid = str(uuid.uuid5(SPACE, f"{of.identity}/disk"))
    written = installer_iso.remaster(base, added, disk_uuid=disk_uuid, out=out)
    return Composed(
        size=written.size,
        sha256=written.sha256,
        tools={"xorriso": tools.version("xorriso")},
        files=(*_listed(added), *(listed(of.payload) if of.payload is not None else ())),
    )


@lru_cache(maxsize=8)
def _base(image: Path, _state: tuple[int, ...]) -> InstallerIso:
    """What is in a base, which is looked at once for all its images."""
    return installer_iso.read_installer(image, (INFO, SUMS))


def _listed(added: Mapping[str, Addition]) -> Iterator[Entry]:
    """What was put on it, but for the payload."""
    for path, each in sorted(added.items()):
        if not path.startswith(f"{PAYLOAD}/"):
            content = disk.read(each.source) or b""
            yield entry(path.lstrip("/"), content, mode=f"{each.mode:04o}", owner="root:root")


def _kernel(base: InstallerIso, of: Ingredients) -> tuple[str, str]:
    """Paths of the kernel that installs, and of its initial file system."""
    kind = of.installer or "debian"
    found = [sorted(path for path in base.files if re.fullmatch(rule, path)) for rule in KERNELS[kind]]
    is_one = all(found) and (kind == "debian" or any(SUBIQUITY.fullmatch(path) for path in base.files))
    if is_one:
        return found[0][-1], found[1][-1]
    other = {"debian": "ubuntu", "ubuntu": "debian"}[kind]
    is_other = any(re.fullmatch(KERNELS[other][0], path) for path in base.files)
    problem = f"holds no installer of {kind.capitalize()} that edgefleet can automate"
    media = {"debian": "a netinst or DVD image of Debian", "ubuntu": "the live-server image of Ubuntu"}
    hint = f"set image.installer: {other}" if is_other else f"use {media[kind]}"
    raise wrong(of.base, "base-no-installer", problem, hint)


def _check_arch(base: InstallerIso, of: Ingredients) -> None:
    """By what only media of an architecture have, and by what the medium says of itself."""
    parts = {part.lower() for path in base.files for part in path.split("/")}
    there = {arch for arch, names in ARCHITECTURES.items() if parts & set(names)}
    said = base.texts.get(INFO, b"").decode(errors="replace").split()
    there |= ARCHITECTURES.keys() & set(said)
    if there and of.arch not in there:
        problem = f"is for {' and '.join(sorted(there))}, and the node is {of.arch}"
        raise wrong(of.base, "base-arch", problem, f"use the installer for {of.arch}, and its digest")


def _check_fits(of: Ingredients, base: InstallerIso, added: Mapping[str, Addition]) -> None:
    """Before gigabytes are written; what is replaced is small, and counted twice."""
    size = sum(each.stat().st_size for each in (base.path, *(one.source for one in added.values())))
    if of.disk is not None and size > of.disk:
        problem = f"{of.node}'s installer has {size:,} bytes, and its medium has {of.disk:,}"
        hint = "use a larger medium (image.size), or put less into the payload"
        raise InvalidInput(Problem(code="medium-too-small", path="image.size", problem=problem, hint=hint))


def _added(base: InstallerIso, of: Ingredients, kernel: str, initrd: str) -> Iterator[tuple[str, Addition]]:
    """(path in the image, what is put there)."""
    replaced = _replaced(base, of, kernel, initrd)
    for files, mode in ((replaced, READABLE), *_placed(of)):
        for path, content in files.items():
            source = of.scratch / "tree" / path.lstrip("/")
            disk.write(source, content)
            yield path, Addition(source=source, mode=mode)
    for each in sorted(of.payload.rglob("*")) if of.payload is not None else ():
        if each.is_file():
            inside = each.relative_to(of.payload or each).as_posix()
            mode = CARRIED_PROGRAM if inside.startswith("bin/") else CARRIED
            yield f"{PAYLOAD}/{inside}", Addition(source=each, mode=mode)


def _placed(of: Ingredients) -> Iterator[tuple[dict[str, bytes], int]]:
    """(dict[path -> content], mode) of what the base has nothing like."""
    names = ("user-data", "meta-data", "network-config", FIRST_BOOT)
    yield {f"{SEED}/{name}": of.seed[name] for name in names if name in of.seed}, PRIVATE
    yield {f"{INSTALLER}/{name}": of.seed[name] for name in ("choose-disk", "finish")}, PROGRAM
    places = {"preseed.cfg": "preseed.cfg", "autoinstall.yaml": "user-data", INSTALLED: INSTALLED}
    answers = {f"{INSTALLER}/{place}": of.seed[name] for name, place in places.items() if name in of.seed}
    yield {**answers, f"{INSTALLER}/meta-data": f"instance-id: edgefleet-{of.node}\n".encode()}, READABLE


def _replaced(base: InstallerIso, of: Ingredients, kernel: str, initrd: str) -> dict[str, bytes]:
    """dict[path -> content] of the base's menus and checksums."""
    menus = [(GRUB, "grub.cfg"), *((path, "isolinux.cfg") for path in ISOLINUX)]
    replaced = {path: _menu(of.seed[name], kernel, initrd) for path, name in menus if path in base.files}
    if not replaced:
        problem = f"has no supported boot menu ({GRUB}, {ISOLINUX[0]})"
        raise wrong(of.base, "base-no-menu", problem, "use an image as Debian or Ubuntu publish it")
    sums = base.texts.get(SUMS)
    return {**replaced, **({SUMS: _sums(sums, replaced)} if sums else {})}


def _menu(text: bytes, kernel: str, initrd: str) -> bytes:
    return text.replace(b"@KERNEL@", kernel.encode()).replace(b"@INITRD@", initrd.encode())


def _sums(sums: bytes, replaced: dict[str, bytes]) -> bytes:
    """Lines of md5sum, which media are checked by, for what is replaced."""
    made = []
    for line in sums.decode(errors="replace").splitlines():
        name = line[34:].removeprefix(".")
        if name in replaced:
            made.append(f"{hashlib.md5(replaced[name], usedforsecurity=False).hexdigest()}  .{name}")
        else:
            made.append(line)
    return ("\n".join(made) + "\n").encode()


def _shows(path: str) -> bool:
    name = PurePosixPath(path).name
    return name in nocloud.OPEN | OPEN or path.startswith(f"{INSTALLER.lstrip('/')}/")


FORMAT = Format(
    name="iso",
    seed=seed,
    suffix=".iso",
    compose=compose,
    whole=".iso",
    needs=frozenset({"base", "installer"}),
    erases=True,
    node_files=nocloud.node_files,
    reader=MediumReader(seed=image_reading.read_medium, payload=image_reading.read_carried),
    shows=_shows,
    is_for_disks=True,
    medium="USB stick",
)
