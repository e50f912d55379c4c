"""Step: when the base system updates itself, in the node's own time zone.

Without a setting each does as it is delivered: cloud images of Debian and Ubuntu install security updates at
any time and do not restart, Flatcar and Fedora CoreOS update and restart at any time, and Raspberry Pi OS
does not update. Each system reads its own file: apt's, that of update-engine and locksmith, zincati's
(Debian, README of unattended-upgrades; Flatcar docs and zincati docs, update strategies).
"""

from dataclasses import replace
from typing import get_args

from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.updates import OsUpdates, Weekday, Window
from edgefleet.model.writers.configuration import quotation, remainder, setting
from edgefleet.runtimes.base import k3s_servers

APT = "/etc/apt/apt.conf.d/52-edgefleet-updates"
TIMER = "/etc/systemd/system/apt-daily-upgrade.timer.d/edgefleet.conf"
FLATCAR = "/etc/flatcar/update.conf"
ZINCATI = "/etc/zincati/config.d/55-edgefleet.toml"
DAY = 24 * 60
"""Minutes."""
RELOADED = (
    "systemctl daemon-reload; "
    "for unit in apt-daily-upgrade.timer update-engine.service locksmithd.service zincati.service; "
    "do systemctl try-restart --no-block $unit 2>/dev/null || true; done"
)


def plan(target: Target) -> Step:
    """The files of all systems; where there is no setting, those of an earlier seed are removed."""
    updates = target.node.os_updates
    if updates is None:
        return Step.removal(APT, f"rm -f {APT} {TIMER} {FLATCAR} {ZINCATI}", RELOADED)
    updates = _own_part(target, updates)
    files = [File.text(APT, _apt(updates)), File.text(FLATCAR, _flatcar(updates))]
    files.append(File.text(ZINCATI, _zincati(updates)))
    if updates.enabled and updates.window is not None:
        files.append(File.text(TIMER, _timer(updates.window)))
    return Step(files=tuple(files), commands=(("sh", "-c", RELOADED),))


def _own_part(target: Target, updates: OsUpdates) -> OsUpdates:
    """`updates` with the part of the window in which this one of several servers may restart."""
    place, number = k3s_servers.position(target)
    if updates.window is None or number == 1:
        return updates
    hours, minutes = map(int, updates.window.start.split(":"))
    length = updates.window.length // number
    begin = (hours * 60 + minutes + place * length) % DAY
    start = f"{begin // 60:02}:{begin % 60:02}"
    return replace(updates, window=replace(updates.window, start=start, length=length))


def _apt(updates: OsUpdates) -> str:
    enabled = "1" if updates.enabled else "0"
    values = {
        f"APT::Periodic::{key}": enabled for key in ("Enable", "Update-Package-Lists", "Unattended-Upgrade")
    }
    if updates.enabled:
        reboot = "Unattended-Upgrade::Automatic-Reboot"
        values |= {reboot: "true", f"{reboot}-WithUsers": "true", f"{reboot}-Time": "now"}
    return "".join(f"{remainder(key)} {quotation(value)};\n" for key, value in values.items())


def _timer(window: Window) -> str:
    """It begins in the first half of the window, and never outside of it after a time without power."""
    days = f"{','.join(window.days)} " if window.days else ""
    values = {
        "OnCalendar": f"{days}*-*-* {window.start}:00",
        "RandomizedDelaySec": f"{window.length // 2}min",
        "Persistent": "false",
    }
    lines = (f"{remainder(key)}={setting(value)}" for key, value in values.items())
    return "\n".join(["# Written by edgefleet.", "[Timer]", "OnCalendar=", *lines, ""])


def _flatcar(updates: OsUpdates) -> str:
    if not updates.enabled:
        values = {"SERVER": "disabled", "REBOOT_STRATEGY": "off"}
    else:
        values = {"REBOOT_STRATEGY": "reboot"}
        if (window := updates.window) is not None:
            (day,) = window.days if len(window.days) == 1 else ("",)
            start = f"{day} {window.start}".strip()
            values["LOCKSMITHD_REBOOT_WINDOW_START"] = start
            values["LOCKSMITHD_REBOOT_WINDOW_LENGTH"] = f"{window.length}m"
    return "".join(f"{remainder(key)}={remainder(value)}\n" for key, value in values.items())


def _zincati(updates: OsUpdates) -> str:
    lines = ["# Written by edgefleet.", "[updates]", f"enabled = {str(updates.enabled).lower()}"]
    if updates.enabled and (window := updates.window) is not None:
        days = ", ".join(map(quotation, window.days or get_args(Weekday)))
        lines += ['strategy = "periodic"', "[updates.periodic]", 'time_zone = "localtime"']
        lines += ["[[updates.periodic.window]]", f"days = [{days}]"]
        lines += [f"start_time = {quotation(window.start)}", f"length_minutes = {window.length:d}"]
    return "\n".join([*lines, ""])
