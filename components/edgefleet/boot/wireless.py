"""Step: certificates and keys of 802.1X, and the regulatory country of a wireless interface.

Without a country only common channels are used.

Raspberry Pi OS keeps Wi-Fi blocked until a country is known (Raspberry Pi documentation, configuration).
"""

from edgefleet.model.authentication import FOLDER
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.writers.configuration import remainder
from edgefleet.model.writers.shell import sh

PATH = "/etc/modprobe.d/edgefleet-wifi.conf"


RETRIED = f"""\
if grep -qs {FOLDER}/ /etc/netplan/*; then \
systemctl try-restart 'netplan-wpa-*.service' NetworkManager.service; fi"""
"""The network starts before its certificates are written; each later boot has them from the start."""


def plan(target: Target) -> Step:
    """Both parts; nothing without 802.1X or Wi-Fi."""
    return Step.joined(_certificates(target), _country(target))


def _certificates(target: Target) -> Step:
    files = [
        File.text(path, text, mode=0o600, is_secret=key == "client-key")
        for place, login in target.node.network.every_login.items()
        for key, (path, text) in login.files(place).items()
    ]
    return Step(files=tuple(files), commands=(("sh", "-c", RETRIED),)) if files else Step()


def _country(target: Target) -> Step:
    """The country for the kernel, now and at each boot."""
    wifi = target.node.network.wireless
    if wifi is None or wifi.country is None:
        return Step()
    country = wifi.country
    text = f"# Written by edgefleet.\noptions cfg80211 ieee80211_regdom={remainder(country)}\n"
    unblock = "if command -v rfkill >/dev/null 2>&1; then rfkill unblock wifi; fi"
    set_country = f"if command -v iw >/dev/null 2>&1; then iw reg set {sh(country)}; fi"
    return Step(files=(File.text(PATH, text),), commands=(("sh", "-c", f"{set_country}; {unblock}"),))
