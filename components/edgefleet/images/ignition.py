"""Format ``ignition``: an Ignition configuration for Flatcar and Fedora CoreOS, one for both.

Source: coreos/ignition, docs/configuration-v3_3; 3.3.0 is read by every release of either since 2022. A unit
runs the commands of cloud-init's runcmd at each start until all of them are done. Ignition itself runs once
in the life of a node: a changed seed requires a new installation. Flatcar adds kernel arguments from 3185 on.

``/usr/local`` is read-only in Flatcar, and a link to ``/var/usrlocal`` in Fedora CoreOS. So its files are in
``/var/usrlocal``, which is mounted there if there is no link. Each system reads its own network's files,
networkd's or NetworkManager's.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from edgefleet.errors import InvalidInput
from edgefleet.images.base.cloud_init_fallback import INSTANCE, commands, instance, of_the_system
from edgefleet.images.base.format import OTHERS, Flaw, Format, NodeFile
from edgefleet.images.network.network_manager import network_manager
from edgefleet.images.network.networkd import networkd
from edgefleet.io.templates import render, unit
from edgefleet.model import strict_json
from edgefleet.model.firstboot import File, FirstBoot
from edgefleet.model.image import Image
from edgefleet.model.network import Network
from edgefleet.model.site import Node, User

VERSION = "3.3.0"
NAME = "config.ign"
LOCAL, KEPT = "/usr/local/", "/var/usrlocal/"
SCRIPT = "/usr/local/lib/edgefleet/first-boot"
UNITS = ("usr-local.mount", "edgefleet-first-boot.service")


def build(boot: FirstBoot) -> Image:
    """The configuration of one node.

    Raises:
        InvalidInput: the node's network is wireless, or asks for a login.
    """
    _check(boot)
    files, units = [*_files(boot)], [*boot.units, *(unit(f"formats/{name}") for name in UNITS)]
    words = boot.kernel_arguments
    zone = f"../usr/share/zoneinfo/{boot.timezone}"
    config = {
        "ignition": {"version": VERSION},
        **({"kernelArguments": {"shouldExist": list(words)}} if words else {}),
        "passwd": {"users": [_user(user) for user in boot.users]},
        "storage": {
            "files": [_file(file) for file in files],
            "links": [{"path": "/etc/localtime", "target": zone, "overwrite": True}],
        },
        "systemd": {
            "units": [
                {"name": part.name, "enabled": part.is_enabled, "contents": part.text} for part in units
            ]
        },
    }
    data = (json.dumps(config, indent=1, ensure_ascii=True) + "\n").encode()
    return Image(
        data=data,
        files={NAME: data},
        private_files=frozenset({NAME}),
        placed=(*files, *map(File.unit, units)),
    )


def unsupported(network: Network) -> str:
    """What a node with `network` cannot have on these systems; empty if they support all of it."""
    lacking = " and no ".join(network.beyond_wires)
    return f"edgefleet sets up no {lacking} on Flatcar and Fedora CoreOS" if lacking else ""


def _check(boot: FirstBoot) -> None:
    if problem := unsupported(boot.network):
        path = f"sites.{boot.site}.nodes.{boot.node}.network"
        hint = "give the node a wired network, or use a format for Debian, Ubuntu or Raspberry Pi OS"
        raise InvalidInput.at("", "format-network", problem, hint, path=path)


def _files(boot: FirstBoot) -> Iterator[File]:
    yield from boot.files
    yield from of_the_system(boot)
    yield File.program(SCRIPT, _script(boot))
    yield from (File(path=path, content=content) for path, content in networkd(boot.network).items())
    for path, content in network_manager(boot.network).items():
        yield File(path=path, content=content, mode=0o600)
    parts = [(file.path, repr(file.content)) for file in boot.files]
    parts += [(part.name, part.text) for part in boot.units]
    configuration = "\0".join([boot.hostname, _script(boot), *("\0".join(part) for part in parts)])
    yield File.text(INSTANCE, f"{instance(boot, configuration)}\n")


def _script(boot: FirstBoot) -> str:
    return render("formats/first-boot.sh.j2", commands=commands(boot))


def _user(user: User) -> dict[str, Any]:
    return {"name": user.name, "shell": "/bin/bash", "sshAuthorizedKeys": list(user.ssh_keys)}


def _file(file: File) -> dict[str, Any]:
    user, _, group = file.owner.partition(":")
    path = file.path
    return {
        "path": KEPT + path.removeprefix(LOCAL) if path.startswith(LOCAL) else path,
        "mode": file.mode,
        "user": {"name": user},
        "group": {"name": group},
        "overwrite": True,
        "contents": {"source": "data:;base64," + base64.b64encode(file.content).decode()},
    }


def _node_files(files: Mapping[str, bytes]) -> dict[str, NodeFile]:
    """The files that Ignition writes to the node; those in /var/usrlocal are found below /usr/local."""
    config = strict_json.parse(files[NAME])
    node_files = {}
    for entry in config["storage"]["files"]:
        path = entry["path"]
        path = LOCAL + path.removeprefix(KEPT) if path.startswith(KEPT) else path
        content = base64.b64decode(entry["contents"]["source"].removeprefix("data:;base64,"))
        owner = f"{entry['user']['name']}:{entry['group']['name']}"
        node_files[path] = NodeFile(f"{entry['mode']:04o}", owner, content)
    for part in config["systemd"]["units"]:
        path = f"/etc/systemd/system/{part['name']}"
        node_files[path] = NodeFile("0644", "root:root", part["contents"].encode())
    return node_files


def _flaws(node: Node) -> Iterator[Flaw]:
    if node.arch == "armhf":
        yield "neither Flatcar nor Fedora CoreOS supports armhf", OTHERS
    if problem := unsupported(node.network):
        yield problem, OTHERS


FORMAT = Format(
    name="ignition",
    seed=build,
    suffix=".ign",
    mode="",
    only=NAME,
    purpose=": only Flatcar and Fedora CoreOS read it",
    flaws=_flaws,
    takes_packages=False,
    takes_extensions=True,
    node_files=_node_files,
    has_netplan=False,
)
