"""A site's rendered files beside what may be shown of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgefleet.planning.steps import SECRET
from edgefleet.report.filediff import Rendered

if TYPE_CHECKING:
    from edgefleet.model.site import SiteSpec

USER_DATA = "cidata/user-data"
SHOWN_ELSEWHERE = "write_files"
"""Key of user-data whose files are listed one by one."""


def rendered(spec: "SiteSpec", key: str, passphrases: Mapping[str, str]) -> dict[str, dict[str, Rendered]]:
    """dict[node -> dict[path -> file]] of the media of a site and of the boxes that they make."""
    from edgefleet.sites.render import render_tree

    masked = render_tree(spec, key, passphrases)
    whole = render_tree(spec, key, passphrases, shows_secrets=True)
    return {
        node: {
            path: Rendered(data=data, shown=_shown(path, data, masked[node], passphrases))
            for path, data in files.items()
        }
        for node, files in whole.items()
    }


def _shown(
    path: str, data: bytes, masked: Mapping[str, bytes], passphrases: Mapping[str, str]
) -> bytes | None:
    if path == USER_DATA:
        return _user_data(data)
    if masked.get(path) == data:
        return data
    if path.startswith("cidata/"):
        return _without(data, passphrases)
    return None


def _without(data: bytes, passphrases: Mapping[str, str]) -> bytes | None:
    """`data` with passphrases masked; `None` where they cannot be found in it."""
    if not any(each.encode() in data for each in passphrases.values()):
        return None
    for each in passphrases.values():
        data = data.replace(each.encode(), SECRET.encode())
    return data


def _user_data(data: bytes) -> bytes:
    """What user-data says beside the files that it carries; private keys are masked."""
    import yaml

    document: dict[str, Any] = yaml.safe_load(data)
    document.pop(SHOWN_ELSEWHERE, None)
    for name in document.get("ssh_keys", {}):
        if name.endswith("_private"):
            document["ssh_keys"][name] = SECRET
    return yaml.safe_dump(document, sort_keys=False, width=1_000).encode()
