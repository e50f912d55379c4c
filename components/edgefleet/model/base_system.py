"""Settings of a node's base system: its kernel and its language.

Sources: kernel documentation, admin-guide/kernel-parameters; modules-load.d(5); locale.gen(5); keyboard(5).
"""

import re
from typing import Annotated

from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar, shown, wrong

_OF_SEED = "remove it: the seed names the host, its network and where cloud-init finds it"
_OF_BASE = "remove it: the boot loader of the base system sets it"
_OF_K3S = "remove it: k3s needs all cgroups, of version 2"
OWNED = {
    **dict.fromkeys(("ds", "ip", "hostname", "systemd.hostname", "cloud-init"), _OF_SEED),
    **dict.fromkeys(("BOOT_IMAGE", "init", "initrd", "ro", "root", "rootfstype", "rw"), _OF_BASE),
    **dict.fromkeys(("cgroup_disable", "cgroup_memory=0", "systemd.unified_cgroup_hierarchy"), _OF_K3S),
}
"""dict[argument of the kernel that others set -> what to do instead]."""


def _argument(text: str) -> str:
    name = text.partition("=")[0]
    if (hint := OWNED.get(text) or OWNED.get(name)) is not None:
        raise wrong("reserved-argument", f"{shown(text)} is not a fleet file's to set", hint)
    if sysctl := re.fullmatch(r"sysctl\.(.+)", name):
        problem = f"{shown(name)} is overridden by the files of /etc/sysctl.d later"
        raise wrong("reserved-argument", problem, f"write sysctls: {{{sysctl[1]}: ...}}")
    return text


_ARGUMENT = Grammar(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(=[A-Za-z0-9._:/,=+@-]+)?",
    "bad-argument",
    "an argument of the kernel",
    "write one without blanks and quotes, such as usb-storage.quirks=152d:0578:u",
    400,
    _argument,
)
Argument = Annotated[str, _ARGUMENT]
_MODULE = Grammar(
    "[A-Za-z0-9][A-Za-z0-9_-]*", "bad-module", "a kernel module", "write its name such as i2c-dev", 60
)
Module = Annotated[str, _MODULE]
_LOCALE = Grammar(
    r"[a-z]{2,3}_[A-Z]{2}\.UTF-8|C\.UTF-8", "bad-locale", "a locale", "write it like de_DE.UTF-8", 20
)
Locale = Annotated[str, _LOCALE]
_LAYOUT = Grammar("[a-z]{2,12}", "bad-keyboard", "a keyboard layout", "write it like de or us", 12)
Layout = Annotated[str, _LAYOUT]
_VARIANT = Grammar(
    "[a-z0-9_-]+", "bad-keyboard", "a variant of a keyboard layout", "write it like nodeadkeys", 40
)
Variant = Annotated[str, _VARIANT]


@spec
class Kernel:
    """A node's kernel."""

    arguments: Annotated[tuple[Argument, ...], Effect.RESTART] = ()
    """Words added to its command line, [usb-storage.quirks=152d:0578:u]. The node restarts once for them."""
    modules: Annotated[tuple[Module, ...], Effect.LIVE] = ()
    """Modules that are loaded at each start, [i2c-dev]; settings of one are a file in /etc/modprobe.d."""


@spec
class Keyboard:
    """The keyboard at a node's console."""

    layout: Annotated[Layout, Effect.LIVE]
    """Layout, de."""
    variant: Annotated[Variant | None, Effect.LIVE] = None
    """Variant of the layout, nodeadkeys."""
