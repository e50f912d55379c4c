"""What each format puts on a node's disk: read back from its image, by the rules of who applies it."""

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import yaml

from edgefleet.io.archives import Found, read_tar
from edgefleet.io.iso9660 import read_iso


class OnDisk(NamedTuple):
    """A file as it is on the node."""

    mode: int
    owner: str
    content: bytes


Files = dict[str, OnDisk]
"""dict[path -> file]."""


def of_cloud_config(text: bytes) -> Files:
    """By cloud-init's cc_write_files."""
    return {
        each["path"]: OnDisk(int(each["permissions"], 8), each["owner"], _content(each))
        for each in yaml.safe_load(text)["write_files"]
    }


def _content(entry: dict[str, Any]) -> bytes:
    if entry.get("encoding") == "b64":
        return base64.b64decode(entry["content"])
    text: str = entry["content"]
    return text.encode()


def of_ignition(text: bytes) -> Files:
    """By Ignition; what lies in /var/usrlocal is found below /usr/local."""
    config = json.loads(text)
    found = {}
    for each in config["storage"]["files"]:
        content = base64.b64decode(each["contents"]["source"].removeprefix("data:;base64,"))
        owner = f"{each['user']['name']}:{each['group']['name']}"
        found[each["path"].replace("/var/usrlocal/", "/usr/local/")] = OnDisk(each["mode"], owner, content)
    for unit in config["systemd"]["units"]:
        path = f"/etc/systemd/system/{unit['name']}"
        found[path] = OnDisk(0o644, "root:root", unit["contents"].encode())
    return found


def of_script(data: bytes) -> Files:
    """By the shell: here-documents in their order, and the list that says where they go."""
    text = data.decode()
    parts = re.findall(
        r"^  (cat|base64 -d) >\"\$work/(\d+)\" <<'([^']+)'\n(.*?)^\3$", text, re.DOTALL | re.MULTILINE
    )
    contents = {number: body for _, number, _, body in parts}
    readers = {number: reader for reader, number, _, _ in parts}
    listed = re.search(
        r"work/list\" <<'EDGEFLEET-LIST'\n(.*?)^EDGEFLEET-LIST$", text, re.DOTALL | re.MULTILINE
    )
    assert listed is not None
    found = {}
    for line in listed[1].splitlines():
        number, mode, owner, path = line.split(" ")
        body = contents[number].encode()
        content = base64.b64decode(body) if readers[number] != "cat" else body
        found[path] = OnDisk(int(mode, 8), owner, content)
    return found


def contents(files: Iterable[Found]) -> dict[str, bytes]:
    """dict[path -> content] of the files of a seed."""
    return {file.path: b"".join(file.pieces) for file in files}


READERS: dict[str, Callable[[bytes], Files]] = {
    "nocloud": lambda data: of_cloud_config(contents(read_iso(data))["user-data"]),
    "raw": lambda data: of_cloud_config(contents(read_iso(data))["user-data"]),
    "iso": lambda data: of_cloud_config(contents(read_iso(data))["user-data"]),
    "nocloud-dir": lambda data: of_cloud_config(contents(read_tar(data))["user-data"]),
    "ipxe": lambda data: of_cloud_config(contents(read_tar(data))["user-data"]),
    "ignition": of_ignition,
    "script": of_script,
}
"""dict[format -> what its seed puts on the disk]."""
