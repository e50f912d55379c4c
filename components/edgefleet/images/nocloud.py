"""Format ``nocloud``: a seed ISO that cloud-init finds by its label ``cidata``.

Sources: cloud-init, datasources/nocloud and the module reference. The instance id is a digest of the seed, so
a node applies a changed seed as a new first boot and an unchanged one never twice.
"""

import base64
from collections.abc import Mapping
from typing import Any

import yaml

from edgefleet.images.base.cloud_init_fallback import commands, instance, placed
from edgefleet.images.base.format import Format, NodeFile
from edgefleet.images.network.netplan import netplan
from edgefleet.io.iso9660 import iso
from edgefleet.io.yaml_text import to_yaml
from edgefleet.keys.seed_seal import NAME, seal
from edgefleet.model.firstboot import File, FirstBoot
from edgefleet.model.image import Image
from edgefleet.model.site import User

LABEL = "cidata"
USER_DATA = "user-data"
OPEN = frozenset({"meta-data", "network-config"})
"""Files of a seed without a secret, unless their digests are salted."""
NOBODY = {"name": "root", "lock_passwd": True}
"""The only entry if there is no user: without one cloud-init creates its default user, and some releases
(22.4) reject an empty list."""


def build(boot: FirstBoot) -> Image:
    """The seed of one node: ``user-data``, ``meta-data`` and ``network-config``."""
    files = contents(boot)
    return Image(
        data=iso(LABEL, files),
        files=files,
        secret_files=guessable(boot),
        placed=placed(boot),
    )


def contents(boot: FirstBoot) -> dict[str, bytes]:
    """dict[name -> content] of a seed's files, on whatever medium."""
    user_data = "#cloud-config\n" + to_yaml(_cloud_config(boot))
    network = to_yaml(netplan(boot.network, boot.renderer))
    meta_data = {
        "instance-id": instance(boot, f"{user_data}\0{network}\0{boot.hostname}"),
        "local-hostname": boot.hostname,
    }
    files = {
        USER_DATA: user_data.encode(),
        "meta-data": to_yaml(meta_data).encode(),
        "network-config": network.encode(),
    }
    return {**files, NAME: seal(boot.seal_key, files)}


def guessable(boot: FirstBoot) -> frozenset[str]:
    """Files of a seed with a secret that could be guessed."""
    return frozenset({"network-config"}) if boot.is_network_secret else frozenset()


def _cloud_config(boot: FirstBoot) -> dict[str, Any]:
    config = _names(boot)
    if not boot.grows_root:
        config |= {"growpart": {"mode": "off"}, "resize_rootfs": False}
    return config | {
        "preserve_hostname": False,
        "manage_etc_hosts": "localhost",
        "timezone": boot.timezone,
        "users": [_user(user) for user in boot.users] or [NOBODY],
        "ssh_pwauth": False,
        "disable_root": True,
        "ssh_deletekeys": True,
        "ssh_keys": {
            f"{kind}_{half}": key
            for kind, pair in sorted(boot.ssh_host_keys.items())
            for half, key in zip(("private", "public"), pair, strict=True)
        },
        "write_files": written_files(boot),
        "runcmd": commands(boot),
    }


def _names(boot: FirstBoot) -> dict[str, Any]:
    """The host name, which is as the fleet file has it on any base system, and the name with the domain."""
    short, _, domain = boot.hostname.partition(".")
    config: dict[str, Any] = {"hostname": short}
    if full := domain or next(iter(boot.network.search), ""):
        config |= {"fqdn": f"{short}.{full}", "prefer_fqdn_over_hostname": bool(domain)}
    return config


def _user(user: User) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": user.name, "shell": "/bin/bash", "lock_passwd": True}
    if user.is_admin:
        entry["sudo"] = "ALL=(ALL) NOPASSWD:ALL"  # cloud-init 22 takes no list here
    entry["ssh_authorized_keys"] = list(user.ssh_keys)
    return entry


def written_files(boot: FirstBoot) -> list[dict[str, str]]:
    """Files and units as entries of ``write_files``."""
    return [_file(file) for file in placed(boot)]


def _file(file: File) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": file.path, "owner": file.owner, "permissions": f"{file.mode:04o}"}
    if file.owner != "root:root":
        entry["defer"] = True  # users are created after the other files are written
    try:
        return {**entry, "content": file.content.decode()}
    except UnicodeDecodeError:
        return {**entry, "encoding": "b64", "content": base64.b64encode(file.content).decode()}


def node_files(files: Mapping[str, bytes]) -> dict[str, NodeFile] | None:
    """The files that a seed writes to the node by cloud-init's cc_write_files."""
    plain = yaml.load(files.get(USER_DATA, b"{}"), yaml.CSafeLoader)
    if "write_files" not in plain:
        return None
    return {
        entry["path"]: NodeFile(str(entry["permissions"]), entry["owner"], _content(entry))
        for entry in plain["write_files"]
    }


def _content(entry: Mapping[str, Any]) -> bytes:
    text: str = entry["content"]
    return base64.b64decode(text) if entry.get("encoding") == "b64" else text.encode()


FORMAT = Format(
    name="nocloud",
    seed=build,
    suffix=".iso",
    mode="0400",
    node_files=node_files,
    shows=OPEN.__contains__,
    is_for_disks=True,
    medium="USB stick",
)
