#!/usr/bin/python3
"""Part of the base that boot tests start, not of a node: what can be seen only from inside a machine.

It waits until a boot is over, writes down what it sees, and turns the machine off.
A boot is over when cloud-init is done, systemd has nothing left to do, and the node says that it is well; or
when none of that comes true in `LONGEST` seconds, times the patience of the kernel's command line.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

OUT = Path("/var/lib/onlooker/facts.json")
K3S = Path("/run/k3s-stand-in.json")
STATUS = Path("/var/lib/edgefleet/status.json")
FOR_A_PERSON = Path("/var/lib/edgefleet/problems/data-disk")
"""Where this stands, a node waits for somebody to come, and not for itself."""
CHECK = "edgefleet-health.service"
CHECKS: set[str] = set()
"""Those that were seen in this boot."""
RECURRING = ("onlooker", "edgefleet-health", "edgefleet-heartbeat", "edgefleet-probes")
"""Units that timers start again and again: on a slow machine one of them runs at most times."""
SYSCTLS = Path("/etc/sysctl.d")
VISITOR = Path("/dev/disk/by-id/virtio-visitor")
"""A medium that says that somebody is going to log in at the console."""
VISITED = Path("/home", "rescue", "visited")
"""What that one leaves behind, in the end."""


PATIENCE = "patience"
"""A word for the kernel, ``patience=3``: how many times as long as on a machine of its own this one waits."""
SERVERS = "servers-know"
"""A word for the kernel, ``servers-know=3``: the node is a server that waits until it knows as many."""
WORDS = dict(word.partition("=")[::2] for word in Path("/proc/cmdline").read_text().split())
"""The kernel's command line."""
TIMES = int(WORDS.get(PATIENCE, 1))
LONGEST = 400 * TIMES
CHECKING = Path("/run/onlooker.env")
"""For the node's health check: it may take less time than on a node, and servers take shorter turns."""


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
    listed = asked("systemctl", "list-jobs", "--no-legend").splitlines()
    jobs = [line for line in listed if not any(unit in line for unit in RECURRING)]
    status = told(STATUS) or {"state": "healthy"}
    visitors = VISITOR.exists() and not VISITED.exists()
    waits = len((told(K3S) or {}).get("members", ())) < int(WORDS.get(SERVERS, 0))
    is_well = status["state"] == "healthy" and is_checked()
    return not jobs and not visitors and not waits and (is_well or FOR_A_PERSON.exists())


def is_checked() -> bool:
    """Whether a health check has ended in this boot, as its status may be that of the one before."""
    fields = ("LoadState", "ActiveState", "InvocationID")
    lines = asked("systemctl", "show", CHECK, *(f"--property={each}" for each in fields)).splitlines()
    check = dict(line.partition("=")[::2] for line in lines)
    if check.get("LoadState") != "loaded":
        return True
    CHECKS.update({check["InvocationID"]} - {""})
    return len(CHECKS) > 1 or (bool(CHECKS) and check["ActiveState"] != "activating")


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
    if sys.argv[1:] == ["prepare"]:
        seconds = {"WITHIN": 30 * TIMES, "TURN_SECONDS": 30 * TIMES, "PAUSE_SECONDS": 2}
        CHECKING.write_text("".join(f"EDGEFLEET_{name}={value}\n" for name, value in seconds.items()))
        raise SystemExit
    subprocess.run(
        ["cloud-init", "status", "--wait"], stdout=subprocess.DEVNULL, check=False, timeout=LONGEST
    )
    seen = facts(is_settled=awaited(is_over))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(seen))
    os.sync()
    Path("/dev/console").write_text(f"onlooker: this boot is over after {seen['seconds']} s\n")
    subprocess.run(["systemctl", "poweroff"], check=True)
