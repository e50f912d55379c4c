"""What a seed puts on a box's disk, read back from it by the rules of whoever applies it."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import yaml

from edgefleet.images.ignition import KEPT, LOCAL
from edgefleet.images.ignition import NAME as IGNITION

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT = re.compile(r"^  (cat|base64 -d) >\"\$work/(\d+)\" <<'([^']+)'\n(.*?)^\3$", re.DOTALL | re.MULTILINE)
_LIST = re.compile(r"<<'EDGEFLEET-LIST'\n(.*?)^EDGEFLEET-LIST$", re.DOTALL | re.MULTILINE)


class OnBox(NamedTuple):
    """A file as it will be on the box."""

    mode: str
    """``0600``."""
    owner: str
    content: bytes


def on_box(files: Mapping[str, bytes]) -> dict[str, OnBox] | None:
    """dict[path -> file] that a seed puts on the box; `None` where the seed does not say it by itself.

    Args:
        files: dict[path on the medium -> content] of the seed.

    Raises:
        ValueError: the seed is not what it should be.
    """
    try:
        for ending, read in _READERS.items():
            for path, data in files.items():
                if path == ending or (ending.startswith(".") and path.endswith(ending)):
                    return read(data)
    except (yaml.YAMLError, binascii.Error, KeyError, TypeError, AttributeError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return None


def _of_cloud_config(data: bytes) -> dict[str, OnBox] | None:
    """By cloud-init's cc_write_files."""
    plain = yaml.load(data, _Loader)  # noqa: S506 - both loaders are the safe ones
    if "write_files" not in plain:
        return None
    return {
        each["path"]: OnBox(str(each["permissions"]), each["owner"], _content(each))
        for each in plain["write_files"]
    }


def _content(entry: Mapping[str, Any]) -> bytes:
    text: str = entry["content"]
    return base64.b64decode(text) if entry.get("encoding") == "b64" else text.encode()


def _of_ignition(data: bytes) -> dict[str, OnBox]:
    """By Ignition; what lies in /var/usrlocal is found below /usr/local."""
    config = json.loads(data)
    found = {}
    for each in config["storage"]["files"]:
        path = each["path"]
        path = LOCAL + path.removeprefix(KEPT) if path.startswith(KEPT) else path
        content = base64.b64decode(each["contents"]["source"].removeprefix("data:;base64,"))
        owner = f"{each['user']['name']}:{each['group']['name']}"
        found[path] = OnBox(f"{each['mode']:04o}", owner, content)
    for unit in config["systemd"]["units"]:
        found[f"/etc/systemd/system/{unit['name']}"] = OnBox("0644", "root:root", unit["contents"].encode())
    return found


def _of_script(data: bytes) -> dict[str, OnBox]:
    """By the shell: here-documents in their order, and the list that says where they go."""
    text = data.decode()
    parts = {number: (reader, body) for reader, number, _, body in _TEXT.findall(text)}
    listed = _LIST.search(text)
    found = {}
    for line in listed[1].splitlines() if listed is not None else ():
        number, mode, owner, path = line.split(" ", 3)
        reader, body = parts[number]
        content = body.encode() if reader == "cat" else base64.b64decode(body)
        found[path] = OnBox(mode, owner, content)
    return found


_READERS: Mapping[str, Callable[[bytes], dict[str, OnBox] | None]] = {
    "user-data": _of_cloud_config,
    IGNITION: _of_ignition,
    ".sh": _of_script,
}
"""dict[name of a file, or its ending -> how it is read]."""
