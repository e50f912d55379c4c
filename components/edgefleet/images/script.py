"""Format ``script``: one shell script for a node that runs Linux with systemd already.

It puts the same files there as every other format, keeps what it replaces, and can take all of it back. It
leaves the network alone: whoever runs it may be connected through it.
"""

import base64
import re
import shlex
from collections.abc import Mapping
from typing import Any

from edgefleet.images.base.cloud_init_fallback import INSTANCE, instance, of_the_system, placed
from edgefleet.images.base.format import Format, NodeFile
from edgefleet.images.nocloud import commands
from edgefleet.io.templates import render
from edgefleet.model.firstboot import File, FirstBoot
from edgefleet.model.image import Image

END = "EDGEFLEET-END"
RELOADED = (
    "sh",
    "-c",
    "for unit in ssh sshd; do systemctl try-reload-or-restart $unit 2>/dev/null || true; done",
)
"""So that host keys and rules hold, whichever name a system has for it."""


def build(boot: FirstBoot) -> Image:
    """The script of one node."""
    name = f"{boot.node}.sh"
    files = [*placed(boot), *of_the_system(boot)]
    told = instance(boot, repr((files, boot.commands, boot.users, boot.timezone)))
    files.append(File(path=INSTANCE, content=f"{told}\n".encode()))
    text = render(
        "formats/script.sh.j2",
        name=f"{boot.node} of {boot.site}, {boot.fleet} in {boot.region}",
        file=name,
        facts=_facts(boot, told),
        files=[_embedded(file) for file in files],
        keys=[(user.name, key) for user in boot.users for key in user.ssh_keys],
        commands=[shlex.join(each) for each in (*commands(boot), RELOADED)],
    )
    data = text.encode()
    return Image(
        name=name, data=data, files={name: data}, private_files=frozenset({name}), placed=tuple(files)
    )


def _facts(boot: FirstBoot, told: str) -> dict[str, str]:
    return {
        "told": told,
        "arch": boot.arch,
        "hostname": boot.hostname,
        "timezone": boot.timezone,
        "mac": (boot.network.mac or "").lower(),
        "address": boot.network.ip or "",
        "enabled": " ".join(unit.name for unit in boot.units if unit.is_enabled),
    }


def _embedded(file: File) -> dict[str, Any]:
    """A file as a text in the script; as base64 where it is none."""
    end, reader, text = END, "cat", file.content.decode(errors="ignore")
    if text.encode() != file.content or not text.endswith("\n") or "\0" in text:
        reader, text = "base64 -d", base64.encodebytes(file.content).decode()
    while end in text:
        end += "-"
    return {
        "path": file.path,
        "mode": f"{file.mode:04o}",
        "owner": file.owner,
        "text": text,
        "end": end,
        "reader": reader,
    }


_TEXT = re.compile(r"^  (cat|base64 -d) >\"\$work/(\d+)\" <<'([^']+)'\n(.*?)^\3$", re.DOTALL | re.MULTILINE)
_LIST = re.compile(r"<<'EDGEFLEET-LIST'\n(.*?)^EDGEFLEET-LIST$", re.DOTALL | re.MULTILINE)


def _node_files(files: Mapping[str, bytes]) -> dict[str, NodeFile]:
    """What the shell puts on the node: here-documents, and the list of where they go."""
    (data,) = files.values()
    text = data.decode()
    parts = {number: (reader, body) for reader, number, _, body in _TEXT.findall(text)}
    listed = _LIST.search(text)
    there = {}
    for line in listed[1].splitlines() if listed is not None else ():
        number, mode, owner, path = line.split(" ", 3)
        reader, body = parts[number]
        content = body.encode() if reader == "cat" else base64.b64decode(body)
        there[path] = NodeFile(mode, owner, content)
    return there


FORMAT = Format(
    name="script",
    seed=build,
    suffix=".sh",
    mode="",
    node_files=_node_files,
    medium="a file on the node",
    keeps_network=True,
)
