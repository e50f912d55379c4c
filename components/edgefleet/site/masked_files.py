"""A site's rendered files, each with its secrets masked.

Secrets are found without knowing any file's format: the same site is rendered a second time with other
secrets, and every difference comes from them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import yaml

from edgefleet.model.site_resource import SiteInputs
from edgefleet.model.stack_secrets import disguised
from edgefleet.model.steps import SECRET
from edgefleet.site.render import render_tree

OTHER_KEY = "A" * 43 + "="
"""A key of no site."""
USER_DATA = "cidata/user-data"
SHOWN_ELSEWHERE = "write_files"
"""Key of user-data whose files are listed one by one."""
Files = Mapping[str, bytes]
"""dict[path -> content]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedFile:
    """One file of an image, or of the node that the image makes."""

    data: bytes = field(repr=False)
    """Its content."""
    shown: bytes | None
    """The content with its secrets masked; `None` if all of it is secret."""


def masked_files(inputs: SiteInputs) -> dict[str, dict[str, MaskedFile]]:
    """dict[node -> dict[path -> file]] of the media of a site and of the nodes that they make."""
    spec, key, passphrases = inputs.spec, inputs.key, inputs.passphrases
    masked = render_tree(spec, key, passphrases)
    whole = render_tree(spec, key, passphrases, shows_secrets=True)
    others = {name: disguised(secret) for name, secret in passphrases.items()}
    other = render_tree(spec, OTHER_KEY, others, shows_secrets=True)
    return {
        node: {
            path: MaskedFile(data=data, shown=_shown(path, data, other[node][path], masked[node]))
            for path, data in files.items()
        }
        for node, files in whole.items()
    }


def _shown(path: str, data: bytes, other: bytes, masked: Files) -> bytes | None:
    if path == USER_DATA:
        return without_secrets(_user_data(data), _user_data(other))
    return data if masked.get(path) == data else without_secrets(data, other)


def without_secrets(data: bytes, other: bytes) -> bytes | None:
    """`data` with each word masked that differs in `other`, the same file with other secrets.

    Returns:
        `None` if the two cannot be compared line by line.
    """
    lines, others = data.decode("utf-8", "replace").split("\n"), other.decode("utf-8", "replace").split("\n")
    if len(lines) != len(others):
        return None
    return "\n".join(map(_masked, lines, others)).encode()


def _masked(line: str, other: str) -> str:
    """`line`, masked from the first word that differs from `other`."""
    if line == other:
        return line
    same = takewhile(lambda pair: pair[0] == pair[1], zip(line, other, strict=False))
    alike = "".join(mine for mine, _ in same)
    start = max((found.end() for found in re.finditer(r"[\s\"'=]", alike)), default=0)
    return line[:start] + SECRET


def _user_data(data: bytes) -> bytes:
    """The rest of user-data beside its files."""
    document: dict[str, Any] = yaml.safe_load(data)
    document.pop(SHOWN_ELSEWHERE, None)
    return yaml.safe_dump(document, sort_keys=False, width=1_000).encode()
