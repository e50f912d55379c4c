"""Step: a data disk, formatted if it is blank, and unlocked by the node's TPM if encrypted.

cloud-init writes files before anything is mounted, so files below the disk's path move onto the disk. From
the second boot on the disk is mounted before cloud-init writes. k3s does not start without the disk: it would
begin with an empty data directory.
"""

from edgefleet.io.templates import render, unit
from edgefleet.keys.disk_recovery import recovery_public_key
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.runtimes import runtime_of

SCRIPT = "/usr/local/lib/edgefleet/data-disk"
UNIT = "edgefleet-data-disk.service"


def plan(target: Target) -> Step:
    """The script and its unit, and a drop-in that keeps k3s from starting without the disk."""
    disk, runtime = target.node.hardware.data_disk, runtime_of(target.node)
    drop_in, *others = (
        f"/etc/systemd/system/{service}.d/data-disk.conf" for service in (runtime.unit, *runtime.beside)
    )
    if disk is None:
        return Step.removal(
            drop_in, f"systemctl disable {UNIT}", f"rm -f {drop_in}", "systemctl daemon-reload"
        )
    recovery = recovery_public_key(target.key, node=target.name) if disk.encryption == "tpm2" else ""
    script = render("hardware/data-disk.sh.j2", disk=disk, recovery=recovery)
    return Step(
        files=(
            File.program(SCRIPT, script),
            *(
                File.text(path, render("hardware/needs-disk.conf.j2", path=disk.path))
                for path in (drop_in, *others)
            ),
        ),
        units=(unit(f"hardware/{UNIT}.j2", path=disk.path),),
        commands=(("systemctl", "start", UNIT),),
    )
