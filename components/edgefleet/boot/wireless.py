"""Step: the regulatory country of a wireless interface; without one only common channels are used.

Raspberry Pi OS keeps Wi-Fi blocked until a country is known (Raspberry Pi documentation, configuration).
"""

from edgefleet.model.firstboot import BootStep, File, Step, Target
from edgefleet.model.writers.configuration import remainder
from edgefleet.model.writers.shell import sh

PATH = "/etc/modprobe.d/edgefleet-wifi.conf"


def plan(target: Target) -> Step:
    """The country for the kernel, now and at each boot; nothing without Wi-Fi or a country."""
    wifi = target.node.network.wireless
    if wifi is None or wifi.country is None:
        return Step()
    country = wifi.country
    text = f"# Written by edgefleet.\noptions cfg80211 ieee80211_regdom={remainder(country)}\n"
    unblock = "if command -v rfkill >/dev/null 2>&1; then rfkill unblock wifi; fi"
    set_country = f"if command -v iw >/dev/null 2>&1; then iw reg set {sh(country)}; fi"
    return Step(files=(File.text(PATH, text),), commands=(("sh", "-c", f"{set_country}; {unblock}"),))


STEP = BootStep(name="wireless", plan=plan)
