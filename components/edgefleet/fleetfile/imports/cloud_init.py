"""``user-data`` of cloud-init (cloud-init docs, module reference)."""

import shlex
from typing import Any

from edgefleet.fleetfile.imports.documents import listed, records, within
from edgefleet.fleetfile.imports.file_kind import FileKind, Left, Place, Setting, Settings, secret

VALUES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("timezone",): ("timezone",),
    ("locale",): ("locale",),
    ("keyboard", "layout"): ("keyboard", "layout"),
    ("keyboard", "variant"): ("keyboard", "variant"),
    ("ntp", "servers"): ("ntp",),
    ("ntp", "pools"): ("ntp",),
    ("package_upgrade",): ("packages", "upgrade"),
}
"""dict[path in user-data -> path in the settings of all sites]: the value is the same."""
SAME: dict[str, Any] = {
    "disable_root": True,
    "manage_etc_hosts": True,
    "package_update": True,
    "preserve_hostname": False,
    "ssh_pwauth": False,
}
"""What each seed does anyway."""
ADMINS = frozenset({"admin", "sudo", "wheel"})
"""Groups whose members may become root on one of the base systems."""
KEYS = frozenset(("bootcmd", "fqdn", "package_update", "packages", "runcmd", "users", "write_files"))


def settings(document: Any, place: Place) -> Settings:
    """The host name of the site's node, and settings of every site."""
    is_full = document.pop("prefer_fqdn_over_hostname", False) is True
    for key in ("hostname", "fqdn") if is_full else ("fqdn", "hostname"):  # the last one counts
        yield Setting((*place.of_site, "hostname"), document.pop(key, None))
    for (*parents, last), path in VALUES.items():
        yield Setting(("defaults", *path), within(document, *parents).pop(last, None))
    for key in [key for key, value in SAME.items() if document.get(key) == value]:
        document.pop(key)
    names = ["=".join(map(str, listed(package))) for package in _all(document, "packages")]
    yield Setting(("defaults", "packages", "install"), names or None)
    sources = within(document, "apt", "sources")
    for name in sources:
        yield from _repository(name, within(sources, name))
    for user in _all(document, "users"):
        yield from _user(user) if isinstance(user, dict) else _default_user()
    for file in records(document.pop("write_files", None)):
        yield from _file(file)
    lines = _all(document, "runcmd")
    commands = [shlex.join(map(str, line)) if isinstance(line, list) else str(line) for line in lines]
    yield Setting(("defaults", "commands"), commands or None)
    if document.pop("bootcmd", None) is not None:
        yield Left("bootcmd", "commands run at the first boot alone: write a unit of systemd below files")


def _all(document: dict[str, Any], key: str) -> list[Any]:
    return listed(document.pop(key, None))


def _repository(name: str, source: dict[str, Any]) -> Settings:
    words = [
        word for word in str(source.pop("source", "")).split() if not word.startswith(("[", "signed-by"))
    ]
    at = ("defaults", "packages", "repositories", name.partition(".")[0])
    match words:
        case ["deb", address, suite, *components]:
            found = {"source": address, "suite": suite, "components": components or None}
            yield from (Setting((*at, key), value) for key, value in found.items())
            yield Setting((*at, "key"), source.pop("key", None))
        case _:
            yield Left(f"apt.sources.{name}", "write it below packages.repositories, with its key")


def _default_user() -> Settings:
    yield Left("users.default", "the user of the base system is not created: list its keys below users")


def _user(user: dict[str, Any]) -> Settings:
    name = str(user.pop("name", ""))
    at = ("defaults", "users", name)
    yield Setting((*at, "sshKeys"), listed(user.pop("ssh_authorized_keys", None)) or None)
    yield Setting((*at, "shell"), user.pop("shell", None))
    groups = user.pop("groups", None)
    split = groups.split(",") if isinstance(groups, str) else map(str, listed(groups))
    names = [group.strip() for group in split]
    is_admin = user.pop("sudo", None) not in (None, False, []) or not ADMINS.isdisjoint(names)
    yield Setting((*at, "isAdmin"), is_admin)
    yield Setting((*at, "groups"), [group for group in names if group and group not in ADMINS] or None)
    user.pop("lock_passwd", None)
    if {"passwd", "hashed_passwd", "plain_text_passwd"} & user.keys():
        for key in ("passwd", "hashed_passwd", "plain_text_passwd"):
            user.pop(key, None)
        yield from secret(
            (*at, "password"), f"{name}-password", f"users.{name}", "what openssl passwd -6 prints"
        )
    for key in user:
        yield Left(f"users.{name}.{key}", KIND.unread)


def _file(file: dict[str, Any]) -> Settings:
    path = str(file.pop("path", ""))
    if "content" not in file or {"encoding", "append", "source"} & file.keys():
        yield Left(path, "only plain content is carried over: write it below files")
        return
    at = ("defaults", "files", path)
    yield Setting((*at, "content"), file.pop("content"))
    yield Setting((*at, "mode"), file.pop("permissions", None))
    yield Setting((*at, "owner"), file.pop("owner", None))


def _fits(document: Any) -> bool:
    return isinstance(document, dict) and bool(KEYS & document.keys())


KIND = FileKind(name="cloud-init user-data", fits=_fits, settings=settings)
