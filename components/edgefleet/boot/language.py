"""Step: language and keyboard of the base system.

Debian and its descendants have them in /etc/default, others in /etc/locale.conf and /etc/vconsole.conf, and
Debian 13 has one as a link to the other: so both have the same text (locale.conf(5), vconsole.conf(5),
keyboard(5)). A base system without the tools for them, as cloud images are, keeps its own.
"""

from edgefleet.model.base_system import Keyboard
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.writers.configuration import remainder
from edgefleet.model.writers.systemd import quoted

LOCALES = ("/etc/locale.conf", "/etc/default/locale")
KEYBOARDS = ("/etc/vconsole.conf", "/etc/default/keyboard")
GENERATED = (
    "if command -v locale-gen >/dev/null 2>&1; then "
    'grep -qx "$1 UTF-8" /etc/locale.gen 2>/dev/null || echo "$1 UTF-8" >>/etc/locale.gen; locale-gen; fi; '
    'mkdir -p "${2%/*}"; if [ "$(LC_ALL=$1 locale charmap 2>/dev/null)" = UTF-8 ]; then rm -f "$2"; '
    'else echo "The base system has no locale $1: add the package locales to it." >"$2"; fi'
)
PROBLEM = "/var/lib/edgefleet/problems/locale"
APPLIED = (
    "if command -v setupcon >/dev/null 2>&1; then setupcon --force --save --keyboard-only || true; fi; "
    "systemctl try-restart --no-block systemd-vconsole-setup.service || true"
)


def plan(target: Target) -> Step:
    """Their files, and commands that make them hold; nothing where the base system's own are kept."""
    locale, keyboard = target.node.locale, target.node.keyboard
    steps = [] if locale is None else [_locale(locale)]
    return Step.joined(*steps, *([] if keyboard is None else [_keyboard(keyboard)]))


def _locale(name: str) -> Step:
    return Step(
        files=tuple(File.text(path, f"LANG={remainder(name)}\n") for path in LOCALES),
        commands=(("sh", "-c", GENERATED, "sh", name, PROBLEM),),
    )


def _keyboard(keyboard: Keyboard) -> Step:
    variant = keyboard.variant or ""
    values = {
        "KEYMAP": f"{keyboard.layout}-{variant}" if variant else keyboard.layout,
        "XKBMODEL": "pc105",
        "XKBLAYOUT": keyboard.layout,
        "XKBVARIANT": variant,
        "XKBOPTIONS": "",
    }
    text = "".join(f"{remainder(name)}={quoted(value)}\n" for name, value in values.items())
    return Step(
        files=tuple(File.text(path, text) for path in KEYBOARDS),
        commands=(("sh", "-c", APPLIED),),
    )
