"""Configuration files that have no escapes: a value is plain, or it is refused."""

from collections.abc import Iterable
from ipaddress import ip_network

from edgefleet.model.writers.written import LINE, Syntax, Written

SSHD = Syntax("sshd's configuration", "safety/sshd.conf")
WIREGUARD = Syntax("WireGuard's configuration", "safety/wireguard.conf")
CHRONY = Syntax("chrony's configuration", "hardware/chrony.conf")
TMPFILES = Syntax("a file of systemd-tmpfiles", "safety/tmpfiles.conf")
NFTABLES = Syntax("an nftables ruleset", "*.nft")
INI = Syntax("a configuration of networkd or NetworkManager")
APT = Syntax("apt's configuration")
SETTING = Syntax("a line of settings")
SUDOERS = Syntax("a file of sudoers")
IPXE = Syntax("an iPXE script")


@SSHD.writer
def user(text: str) -> str:
    """A user, without the signs of a pattern (ssh_config, PATTERNS)."""
    return SSHD.check(text, "[A-Za-z0-9_][A-Za-z0-9._-]*")


users = SSHD.words(user, "users")


@WIREGUARD.writer
def wg(text: str) -> str:
    """A key, an address or an endpoint (wg(8))."""
    return WIREGUARD.check(text, r"[A-Za-z0-9+/=.:\[\]-]+")


@CHRONY.writer
def host(text: str) -> str:
    """A host name, an address or a subnet."""
    return CHRONY.check(text, "[A-Za-z0-9][A-Za-z0-9.:/-]*|:[0-9A-Fa-f:/]+")


@TMPFILES.writer
def path(text: str) -> str:
    """A path (tmpfiles.d: a percent sign begins a specifier, a blank ends the path)."""
    return TMPFILES.check(text, "/[A-Za-z0-9/._-]+")


def addresses(values: Iterable[object], side: str = "saddr") -> Written:
    """The match of packets by addresses and subnets of one family; nothing where there are none."""
    texts = [NFTABLES.check(str(text), "[0-9A-Fa-f.:/]+") for text in values]
    families = {ip_network(text, strict=False).version for text in texts}
    if not families:
        return Written("", NFTABLES.title)
    (family,) = families
    match = f"{'ip' if family == 4 else 'ip6'} {NFTABLES.check(side, 'saddr|daddr')}"  # noqa: PLR2004
    return Written(f"{match} {{ {', '.join(texts)} }} ", NFTABLES.title)


NFTABLES.writers["addresses"] = addresses


@NFTABLES.writer
def word(text: str) -> str:
    """A protocol, a port or a range of ports."""
    return NFTABLES.check(text, "tcp|udp|[0-9]{1,5}(-[0-9]{1,5})?")


@NFTABLES.writer
def string(text: str) -> str:
    """A comment or the name of an interface; nft has no escapes."""
    return '"' + NFTABLES.check(text, r"[A-Za-z0-9 ',;.*_-]{1,127}") + '"'


@INI.writer
def setting(text: str) -> str:
    """The value after ``key=``, without the escapes of systemd.syntax and of GLib's key files."""
    return INI.check(text, r"(?![#; ])[ -\[\]-~]*(?<! )")


@APT.writer
def quotation(text: str) -> str:
    """A value in quotes (apt.conf)."""
    return '"' + APT.check(text, r"[!#-\[\]-~]+") + '"'


@SUDOERS.writer
def sudoer(text: str) -> str:
    """A user, without the signs of groups, aliases and hosts (sudoers(5))."""
    return SUDOERS.check(text, "[a-z_][a-z0-9_-]*")


@IPXE.writer
def ipxe(text: str) -> str:
    """Words of a command, without settings and conditions (ipxe.org, scripting)."""
    return IPXE.check(text, "[A-Za-z0-9._:/,;=+@{}-]+( [A-Za-z0-9._:/,;=+@{}-]+)*")


@SETTING.writer
def remainder(text: str) -> str:
    """The rest of a line of sysctl.d, modprobe.d or systemd's own configuration."""
    return SETTING.check(text, rf"(?!\s){LINE}(?<!\s)(?<!\\)")
