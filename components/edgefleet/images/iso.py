"""Format ``iso``: an unattended installer of Debian or Ubuntu that puts the node's seed onto the node.

Sources: Debian's installation guide, appendix B (preseed); Ubuntu's autoinstall reference; both installers
mount their medium at ``/cdrom`` and the new system at ``/target``. The installer uses no network: the first
boot configures the node, with the same seed as in every other format.

Not all of Debian's media have cloud-init. On a system without it the script of format ``script`` does the
same first boot, and also sets up the network.

The base's own menus are replaced, with a kernel command line and a timeout of edgefleet's. Its checksums of
these files are updated.
"""

import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from edgefleet.errors import InvalidInput
from edgefleet.images import nocloud, script
from edgefleet.images.base.cloud_init_fallback import placed
from edgefleet.images.base.format import Flaw, Format, MediumReader
from edgefleet.images.network.networkd import networkd
from edgefleet.images.raw import SPACE
from edgefleet.io import disk, image_reading, installer_iso, tools
from edgefleet.io.gpt import wrong
from edgefleet.io.installer_iso import Addition, InstallerIso
from edgefleet.io.iso9660 import iso
from edgefleet.io.payload_listing import listed
from edgefleet.io.templates import render, unit
from edgefleet.io.yaml_text import to_yaml
from edgefleet.keys.seed_seal import NAME
from edgefleet.model.composing import Composed, Ingredients
from edgefleet.model.firstboot import File, FirstBoot, Installation
from edgefleet.model.image import Image
from edgefleet.model.listing import Entry, entry
from edgefleet.model.site import Node

HERE = "/edgefleet"
SEED, INSTALLER, PAYLOAD = f"{HERE}/seed", f"{HERE}/installer", f"{HERE}/payload"
WAIT = 15
"""Seconds in which a person can stop the installation."""
FIRST_BOOT, INSTALLED = "first-boot.sh", "edgefleet-installed.service"
OPEN = frozenset({"preseed.cfg", "grub.cfg", "isolinux.cfg"})
"""Answers and menus, which hold no secret."""
NAMES = ("edgefleet-names.path", "edgefleet-names.service")
"""Units that apply the network's name servers."""
STARTED = (
    ("systemctl", "enable", "systemd-networkd.service"),
    ("systemctl", "restart", "systemd-networkd.service", NAMES[0]),
    ("systemctl", "start", NAMES[1]),
)
"""The network of a system without cloud-init."""
WIRELESS = ("cloud-init", "wpasupplicant")
"""Debian packages that a node with Wi-Fi or 802.1X needs from its installer's medium."""
LACKS = "has no {}, which a node with Wi-Fi or 802.1X needs before it has a network"
WITH_WIFI = (
    "use a Debian medium that has it, give the node a plain wired network, or use format raw or nocloud"
)
PLACEHOLDER = "/dev/edgefleet-disk"
"""Placeholder for the disk's name; no disk has this one."""
PRIVATE, READABLE, PROGRAM = 0o400, 0o444, 0o555
CARRIED, CARRIED_PROGRAM = 0o644, 0o755
"""Modes of a payload's files, as on every medium."""
GRUB, SUMS, INFO = "/boot/grub/grub.cfg", "/md5sum.txt", "/.disk/info"
ISOLINUX = ("/isolinux/isolinux.cfg", "/boot/isolinux/isolinux.cfg", "/isolinux.cfg")
KERNELS = {
    "debian": (r"/install[^/]*/vmlinuz", r"/install[^/]*/initrd\.gz"),
    "ubuntu": (r"/casper/(hwe-)?vmlinuz", r"/casper/(hwe-)?initrd(\.gz|\.lz)?"),
}
"""dict[installer -> patterns of its kernel and its initial file system]."""
SUBIQUITY = re.compile(r"/casper/(install-sources\.yaml|.*installer.*\.squashfs)")
"""Files of Ubuntu's media that support autoinstall."""
ARCHITECTURES = {
    "amd64": ("bootx64.efi", "binary-amd64", "install.amd"),
    "arm64": ("bootaa64.efi", "binary-arm64", "install.a64"),
    "armhf": ("bootarm.efi", "binary-armhf", "install.ahf"),
}
"""dict[architecture -> names that only its media have]."""


def seed(boot: FirstBoot) -> Image:
    """The node's seed, and the answers, programs and menus for the installer.

    Raises:
        InvalidInput: no installer is named.
    """
    if boot.installation is None:
        hint = "add image.installer: debian or ubuntu"
        problem = "format iso needs the name of its installer"
        raise InvalidInput.at(boot.site, "installer", problem, hint)
    files = {**nocloud.contents(boot), **_for_installer(boot, boot.installation)}
    return Image(
        data=iso("cidata", files),
        files=files,
        secret_files=nocloud.guessable(boot),
        private_files=frozenset({"user-data", FIRST_BOOT}),
        placed=placed(boot),
    )


def _flaws(node: Node) -> Iterator[Flaw]:
    """Debian's smallest medium is known by its name; `_check_packages` reads any other one's contents."""
    base = node.image.base
    is_small = base is not None and "netinst" in base.source.rpartition("/")[2]
    if node.image.installer == "debian" and node.network.beyond_wires and is_small:
        yield f"Debian's netinst medium {LACKS.format('cloud-init')}", WITH_WIFI
    if node.image.renderer == "NetworkManager":
        problem = "the installers of Debian and Ubuntu set up a server without NetworkManager"
        yield problem, "remove image.renderer, or use format raw or nocloud with a base that has it"


def _for_installer(boot: FirstBoot, how: Installation) -> dict[str, bytes]:
    port, _, rate = (how.console or "").partition(",")
    number = port.removeprefix("ttyS")
    values: dict[str, Any] = {
        "title": f"Install {boot.node} of {boot.site}: erases {how.disk or 'the disk of this node'}",
        "wait": WAIT,
        "words": [
            *_words(boot, how),
            *(["console=tty0", f"console={port},{rate or 115200}"] if port else []),
        ],
        "unit": int(number) if number.isdigit() else None,
        "rate": rate or "115200",
        "disk": how.disk or "",
        "kept": how.kept or "",
        "airgap": "yes" if how.is_airgapped else "no",
        "wifi": bool(boot.network.beyond_wires),
        "hostname": boot.hostname,
        "timezone": boot.timezone,
    }
    texts = {
        "grub.cfg": render("installer/grub.cfg.j2", **values),
        "isolinux.cfg": render("installer/isolinux.cfg.j2", **values),
        "choose-disk": render("installer/choose-disk.sh.j2", **values),
        "finish": render("installer/finish.sh.j2", **values),
    }
    if how.installer == "debian":
        texts["preseed.cfg"] = render("installer/preseed.cfg.j2", **values)
        texts[INSTALLED] = render(f"installer/{INSTALLED}")
    else:
        texts["autoinstall.yaml"] = "#cloud-config\n" + to_yaml({"autoinstall": _autoinstall(boot)})
    files = {name: text.encode() for name, text in texts.items()}
    if how.installer == "debian" and not boot.network.beyond_wires:
        files[FIRST_BOOT] = _without_cloud_init(boot)
    return files


def _without_cloud_init(boot: FirstBoot) -> bytes:
    """The first boot as a script that also sets up the network."""
    network = (File(path=path, content=content) for path, content in networkd(boot.network).items())
    units = (unit(f"installer/{name}", is_enabled=name == NAMES[0]) for name in NAMES)
    whole = replace(
        boot,
        files=(*boot.files, *network),
        units=(*boot.units, *units),
        commands=(*STARTED, *boot.commands),
    )
    return script.build(whole).data


def _words(boot: FirstBoot, how: Installation) -> list[str]:
    """Words of the kernel's command line; d-i asks for language and keyboard before it reads its answers."""
    if how.installer == "ubuntu":
        return ["autoinstall", f"ds=nocloud;s=/cdrom{INSTALLER}/", "noprompt"]
    return [
        *("auto=true", "priority=critical", f"preseed/file=/cdrom{INSTALLER}/preseed.cfg"),
        *("locale=en_US.UTF-8", "keymap=us", f"hostname={boot.hostname}", "netcfg/enable=false"),
    ]


def _autoinstall(boot: FirstBoot) -> dict[str, object]:
    """Ubuntu's answers; older installers ignore unknown names."""
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
        InvalidInput: the base is not an installer of this kind and architecture.
        OutsideFailure: xorriso is missing or failed, or the disk is full.
    """
    base = _base(of.base, disk.state(of.base))
    kernel, initrd = _kernel(base, of)
    _check_arch(base, of)
    _check_packages(base, of)
    added = dict(_added(base, of, kernel, initrd))
    _check_fits(of, base, added)
    disk_uuid = str(uuid.uuid5(SPACE, f"{of.parts}/disk"))
    written = installer_iso.remaster(base, added, disk_uuid=disk_uuid, out=out)
    return Composed(
        size=written.size,
        sha256=written.sha256,
        tools={"xorriso": tools.version("xorriso")},
        files=(*_listed(added), *(listed(of.payload) if of.payload is not None else ())),
    )


@lru_cache(maxsize=8)
def _base(image: Path, _state: tuple[int, ...]) -> InstallerIso:
    """The content of a base, read once for all its images."""
    return installer_iso.read_installer(image, (INFO, SUMS))


def _listed(added: Mapping[str, Addition]) -> Iterator[Entry]:
    """The added files, without the payload."""
    for path, addition in sorted(added.items()):
        if not path.startswith(f"{PAYLOAD}/"):
            content = disk.read(addition.source) or b""
            yield entry(path.lstrip("/"), content, mode=f"{addition.mode:04o}", owner="root:root")


def _kernel(base: InstallerIso, of: Ingredients) -> tuple[str, str]:
    """Paths of the installer's kernel and initial file system."""
    kind = of.installer or "debian"
    matches = [sorted(path for path in base.files if re.fullmatch(rule, path)) for rule in KERNELS[kind]]
    is_one = all(matches) and (kind == "debian" or any(SUBIQUITY.fullmatch(path) for path in base.files))
    if is_one:
        return matches[0][-1], matches[1][-1]
    other = {"debian": "ubuntu", "ubuntu": "debian"}[kind]
    is_other = any(re.fullmatch(KERNELS[other][0], path) for path in base.files)
    problem = f"holds no installer of {kind.capitalize()} that edgefleet can automate"
    media = {"debian": "a netinst or DVD image of Debian", "ubuntu": "the live-server image of Ubuntu"}
    hint = f"set image.installer: {other}" if is_other else f"use {media[kind]}"
    raise wrong(of.base, "base-no-installer", problem, hint)


def _check_arch(base: InstallerIso, of: Ingredients) -> None:
    """Check the architecture by the names of files and by the medium's own description."""
    parts = {part.lower() for path in base.files for part in path.split("/")}
    architectures = {arch for arch, names in ARCHITECTURES.items() if parts & set(names)}
    words = base.texts.get(INFO, b"").decode(errors="replace").split()
    architectures |= ARCHITECTURES.keys() & set(words)
    if architectures and of.arch not in architectures:
        problem = f"is for {' and '.join(sorted(architectures))}, and the node is {of.arch}"
        raise wrong(of.base, "base-arch", problem, f"use the installer for {of.arch}, and its digest")


def _check_packages(base: InstallerIso, of: Ingredients) -> None:
    """Check that the medium has what a node without a cable needs: the installer erases the disk first."""
    if of.installer != "debian" or FIRST_BOOT in of.seed:
        return
    lacking = [name for name in WIRELESS if not any(f"/{name}_" in path for path in base.files)]
    if lacking:
        raise wrong(of.base, "base-without-wifi", LACKS.format(" and no ".join(lacking)), WITH_WIFI)


def _check_fits(of: Ingredients, base: InstallerIso, added: Mapping[str, Addition]) -> None:
    """Check the size before gigabytes are written; replaced files are small, and counted twice."""
    size = sum(file.stat().st_size for file in (base.path, *(addition.source for addition in added.values())))
    if of.disk is not None and size > of.disk:
        problem = f"{of.node}'s installer has {size:,} bytes, and its medium has {of.disk:,}"
        hint = "use a larger medium (image.size), or put less into the payload"
        raise InvalidInput.at("", "medium-too-small", problem, hint, path="image.size")


def _added(base: InstallerIso, of: Ingredients, kernel: str, initrd: str) -> Iterator[tuple[str, Addition]]:
    """(path in the image, added file)."""
    replaced = _replaced(base, of, kernel, initrd)
    for contents, mode in ((replaced, READABLE), *_placed(of)):
        for path, content in contents.items():
            source = of.scratch / "tree" / path.lstrip("/")
            disk.write(source, content)
            yield path, Addition(source=source, mode=mode)
    for file in sorted(of.payload.rglob("*")) if of.payload is not None else ():
        if file.is_file():
            inside = file.relative_to(of.payload or file).as_posix()
            mode = CARRIED_PROGRAM if inside.startswith("bin/") else CARRIED
            yield f"{PAYLOAD}/{inside}", Addition(source=file, mode=mode)


def _placed(of: Ingredients) -> Iterator[tuple[dict[str, bytes], int]]:
    """(dict[path -> content], mode) of new files."""
    names = ("user-data", "meta-data", "network-config", NAME, FIRST_BOOT)
    yield {f"{SEED}/{name}": of.seed[name] for name in names if name in of.seed}, PRIVATE
    yield {f"{INSTALLER}/{name}": of.seed[name] for name in ("choose-disk", "finish")}, PROGRAM
    places = {"preseed.cfg": "preseed.cfg", "autoinstall.yaml": "user-data", INSTALLED: INSTALLED}
    answers = {f"{INSTALLER}/{place}": of.seed[name] for name, place in places.items() if name in of.seed}
    yield (
        {**answers, f"{INSTALLER}/meta-data": to_yaml({"instance-id": f"edgefleet-{of.node}"}).encode()},
        READABLE,
    )


def _replaced(base: InstallerIso, of: Ingredients, kernel: str, initrd: str) -> dict[str, bytes]:
    """dict[path -> content] of the base's menus and checksums."""
    menus = [(GRUB, "grub.cfg"), *((path, "isolinux.cfg") for path in ISOLINUX)]
    replaced = {
        path: of.seed[name].replace(b"@KERNEL@", kernel.encode()).replace(b"@INITRD@", initrd.encode())
        for path, name in menus
        if path in base.files
    }
    if not replaced:
        problem = f"has no supported boot menu ({GRUB}, {ISOLINUX[0]})"
        raise wrong(of.base, "base-no-menu", problem, "use an image as Debian or Ubuntu publish it")
    sums = base.texts.get(SUMS)
    return {**replaced, **({SUMS: _sums(sums, replaced)} if sums else {})}


def _sums(sums: bytes, replaced: dict[str, bytes]) -> bytes:
    """The medium's md5sum file, updated for the replaced files."""
    new = {
        path: f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}  .{path}"
        for path, content in replaced.items()
    }
    lines = sums.decode(errors="replace").splitlines()
    return "".join(f"{new.get(line[34:].removeprefix('.'), line)}\n" for line in lines).encode()


def _shows(path: str) -> bool:
    name = PurePosixPath(path).name
    return name in nocloud.OPEN | OPEN or path.startswith(f"{INSTALLER.lstrip('/')}/")


FORMAT = Format(
    name="iso",
    seed=seed,
    suffix=".seed.iso",
    compose=compose,
    whole=".iso",
    needs=frozenset({"base", "installer"}),
    erases=True,
    flaws=_flaws,
    node_files=nocloud.node_files,
    reader=MediumReader(seed=image_reading.read_medium, payload=image_reading.read_carried),
    shows=_shows,
    is_for_disks=True,
    medium="USB stick",
)
