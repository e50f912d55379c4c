"""Step: a node that hangs is restarted by its watchdog (systemd-system.conf, ``RuntimeWatchdogSec``).

A Raspberry Pi's watchdog counts to 15 seconds at most (Linux, drivers/watchdog/bcm2835_wdt.c). Without a
watchdog, systemd logs that and continues.
"""

from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.writers.configuration import remainder

PATH = "/etc/systemd/system.conf.d/50-edgefleet-watchdog.conf"
HEAD = "# Written by edgefleet.\n[Manager]\n"
USUAL, RASPBERRY_PI = "30s", "15s"


def plan(target: Target) -> Step:
    """A drop-in for systemd itself, which reads it when it is re-executed."""
    hardware = target.node.hardware
    within = hardware.watchdog or (RASPBERRY_PI if hardware.raspberry_pi is not None else USUAL)
    text = f"{HEAD}RuntimeWatchdogSec={remainder(within)}\nRebootWatchdogSec=10min\n"
    return Step(files=(File.text(PATH, text),), commands=(("systemctl", "daemon-reexec"),))
