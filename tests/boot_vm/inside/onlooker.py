#!/usr/bin/python3
"""Part of the base that boot tests start, not of a node: what can be seen only from inside a machine.

It waits until a boot is over, writes down what it sees, and turns the machine off.
A boot is over when cloud-init is done, systemd has nothing left to do, and the node says that it is well; or
when none of that comes true in `LONGEST` seconds.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LONGEST = 400
OUT = Path("/var/lib/onlooker/facts.json")
K3S = Path("/run/k3s-stand-in.json")
STATUS = Path("/var/lib/edgefleet/status.json")
FOR_A_PERSON = Path("/var/lib/edgefleet/problems/data-disk")
"""Where this stands, a node waits for somebody to come, and not for itself."""
SYSCTLS = Path("/etc/sysctl.d")
VISITOR = Path("/dev/disk/by-id/virtio-visitor")
"""A medium that says that somebody is going to log in at the console."""
VISITED = Path("/home", "rescue", "visited")
"""What that one leaves behind, in the end."""


PLUGGED = "cable-comes-late"
"""A word for the kernel: the node starts without a cable, and gets an address later."""
FALLBACK = "203.0.113.254"


def asked(*command: str) -> str:
    """What a program prints; nothing where it fails, or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def told(file: Path) -> Any:
    """A JSON file; `None` where there is none."""
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return None


def is_over() -> bool:
    """Whether nothing is to come."""
    jobs = [
        line for line in asked("systemctl", "list-jobs", "--no-legend").splitlines() if "onlooker" not in line
    ]
    status = told(STATUS) or {"state": "healthy"}
    visitors = VISITOR.exists() and not VISITED.exists()
    waits = PLUGGED in Path("/proc/cmdline").read_text() and (told(K3S) or {}).get("address") == FALLBACK
    return not jobs and not visitors and not waits and (status["state"] == "healthy" or FOR_A_PERSON.exists())


def awaited(holds: Callable[[], bool]) -> bool:
    """Whether it comes true in time, and is so still two seconds later."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        if holds():
            time.sleep(2)
            if holds():
                return True
        time.sleep(1)
    return False


def units() -> dict[str, dict[str, str]]:
    """dict[unit -> how it is] of ours and what they lean on."""
    wanted = (
        "edgefleet-*",
        "k3s*.service",
        "ssh.service",
        "systemd-timesyncd.service",
        "cloud-final.service",
    )
    fields = (
        "Id",
        "UnitFileState",
        "ActiveState",
        "SubState",
        "Result",
        "NRestarts",
        "ExecMainStartTimestamp",
    )
    names = asked("systemctl", "list-unit-files", "--no-legend", "--plain", *wanted).splitlines()
    found = {}
    for name in (line.split()[0] for line in names):
        lines = asked("systemctl", "show", name, *(f"--property={each}" for each in fields)).splitlines()
        found[name] = dict(line.partition("=")[::2] for line in lines)
    return found


def sysctls() -> dict[str, str]:
    """dict[name -> value in the kernel] of all that our files set."""
    found = {}
    for file in sorted(SYSCTLS.glob("9*.conf")):
        for line in file.read_text().splitlines():
            name = line.partition("=")[0].strip()
            if name and not name.startswith("#"):  # `-net.ipv4.conf.*.name` is several, which may be equal
                paths = Path("/proc/sys").glob(name.lstrip("-").replace(".", "/"))
                found[name] = " ".join(sorted({path.read_text().strip() for path in paths}))
    return found


def facts(*, is_settled: bool) -> dict[str, Any]:
    """All commands for a running machine."""
    return {
        "settled": is_settled,
        "hostname": os.uname().nodename,
        "fqdn": asked("hostname", "--fqdn"),
        "timezone": str(Path("/etc/localtime").readlink()),
        "uefi": Path("/sys/firmware/efi").exists(),
        "cmdline": Path("/proc/cmdline").read_text().strip(),
        "addresses": json.loads(asked("ip", "-json", "address") or "[]"),
        "routes": json.loads(asked("ip", "-json", "route") or "[]"),
        "units": units(),
        "failed": asked("systemctl", "list-units", "--failed", "--no-legend", "--plain").splitlines(),
        "sysctls": sysctls(),
        "firewall": asked("nft", "list", "table", "inet", "edgefleet"),
        "sshd": asked("sshd", "-T").splitlines(),
        "cloud-init": told(Path("/run/cloud-init/result.json")),
        "k3s": told(K3S),
        "status": asked("edgefleet-status"),
        "watchdog": asked("systemctl", "show", "--property=RuntimeWatchdogUSec", "--value"),
        "timers": asked("systemctl", "list-timers", "--all", "--output=json"),
        "mounts": asked(
            "findmnt", "--noheadings", "--list", "--output", "TARGET,SOURCE,FSTYPE,OPTIONS"
        ).splitlines(),
        "journal": asked(
            "journalctl", "--boot", "--no-pager", "--quiet", "--output=short-monotonic"
        ).splitlines(),
        "seconds": int(time.monotonic()),
    }


if __name__ == "__main__":
    OUT.unlink(missing_ok=True)
    subprocess.run(
        ["cloud-init", "status", "--wait"], stdout=subprocess.DEVNULL, check=False, timeout=LONGEST
    )
    seen = facts(is_settled=awaited(is_over))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(seen))
    os.sync()
    Path("/dev/console").write_text(f"onlooker: this boot is over after {seen['seconds']} s\n")
    subprocess.run(["systemctl", "poweroff"], check=True)
