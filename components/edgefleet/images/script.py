"""Format ``script``: one shell script for a node that already runs Linux with systemd.

It writes the same files as every other format, keeps those that it replaces, and can restore them. It does
not change the network, as the user may be connected through it.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

from edgefleet.images.base.cloud_init_fallback import INSTANCE, commands, instance, of_the_system, placed
from edgefleet.images.base.format import Format, NodeFile
from edgefleet.io.templates import render
from edgefleet.model.firstboot import File, FirstBoot
from edgefleet.model.image import Image
from edgefleet.model.writers.configuration import remainder

END = "EDGEFLEET-END"
RELOADED = (
    "sh",
    "-c",
    "for unit in ssh sshd; do systemctl try-reload-or-restart $unit 2>/dev/null || true; done",
)
"""Applies host keys and rules, whichever name sshd has."""


def build(boot: FirstBoot) -> Image:
    """The script of one node."""
    name = f"{boot.node}.sh"
    files = [*placed(boot), *of_the_system(boot)]
    instance_id = instance(boot, repr((files, boot.commands, boot.users, boot.timezone)))
    files.append(File.text(INSTANCE, f"{remainder(instance_id)}\n"))
    facts = {
        "told": instance_id,
        "arch": boot.arch,
        "hostname": boot.hostname,
        "timezone": boot.timezone,
        "mac": (boot.network.mac or "").lower(),
        "address": boot.network.ip or "",
        "enabled": " ".join(unit.name for unit in boot.units if unit.is_enabled),
    }
    text = render(
        "formats/script.sh.j2",
        name=f"{boot.node} of {boot.site}, {boot.fleet} in {boot.region}",
        file=name,
        facts=facts,
        files=[_embedded(file) for file in files],
        keys=[(user.name, key) for user in boot.users for key in user.ssh_keys],
        commands=[*commands(boot), RELOADED],
    )
    data = text.encode()
    return Image(data=data, files={name: data}, private_files=frozenset({name}), placed=tuple(files))


def _embedded(file: File) -> dict[str, Any]:
    """A file as text in the script, or as base64 if it is binary."""
    end, text = END, file.content.decode(errors="ignore")
    is_text = text.encode() == file.content and text.endswith("\n") and "\0" not in text
    text = text if is_text else base64.encodebytes(file.content).decode()
    while end in text:
        end += "-"
    return {
        "path": file.path,
        "mode": f"{file.mode:04o}",
        "owner": file.owner,
        "text": text,
        "end": end,
        "is_text": is_text,
    }


_TEXT = re.compile(r"^  (cat|base64 -d) >\"\$work/(\d+)\" <<'([^']+)'\n(.*?)^\3$", re.DOTALL | re.MULTILINE)
_LIST = re.compile(r"<<'EDGEFLEET-LIST'\n(.*?)^EDGEFLEET-LIST$", re.DOTALL | re.MULTILINE)


def _node_files(files: Mapping[str, bytes]) -> dict[str, NodeFile]:
    """The files that the script writes: here-documents, and the list of their paths."""
    (data,) = files.values()
    text = data.decode()
    parts = {number: (reader, body) for reader, number, _, body in _TEXT.findall(text)}
    listed = _LIST.search(_TEXT.sub("", text))  # a file may have such a list itself
    node_files = {}
    for line in listed[1].splitlines() if listed is not None else ():
        number, mode, owner, path = line.split(" ", 3)
        reader, body = parts[number]
        content = body.encode() if reader == "cat" else base64.b64decode(body)
        node_files[path] = NodeFile(mode, owner, content)
    return node_files


FORMAT = Format(
    name="script",
    seed=build,
    suffix=".sh",
    mode="",
    node_files=_node_files,
    medium="a file on the node",
    keeps_network=True,
    has_netplan=False,
)
