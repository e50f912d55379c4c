"""Writers of values, by syntax."""

from functools import cache

from edgefleet.model.writers.boot_menus import GRUB, ISOLINUX, PRESEED
from edgefleet.model.writers.configuration import (
    APT,
    CHRONY,
    INI,
    IPXE,
    NFTABLES,
    SETTING,
    SSHD,
    SUDOERS,
    TMPFILES,
    WIREGUARD,
)
from edgefleet.model.writers.servers import MOSQUITTO, NGINX, TOML, VALKEY
from edgefleet.model.writers.shell import SHELL
from edgefleet.model.writers.systemd import ENVIRONMENT, UNIT
from edgefleet.model.writers.written import Syntax

SYNTAXES: tuple[Syntax, ...] = (
    *(SHELL, UNIT, ENVIRONMENT, APT, NFTABLES, INI, SETTING),
    *(SUDOERS, IPXE, SSHD, WIREGUARD, CHRONY, TMPFILES, GRUB, ISOLINUX, PRESEED),
    *(NGINX, VALKEY, MOSQUITTO, TOML),
)
NONE = Syntax("a template without values")


@cache
def syntax_of(template: str) -> Syntax:
    """The syntax of a template, by its path."""
    return next((syntax for syntax in SYNTAXES if syntax.has(template)), NONE)
