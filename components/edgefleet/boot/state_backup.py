"""Step: a node copies what it keeps into the store, when the link's hours allow it, and restores a copy.

The datastore of k3s (a server's SQLite, or the newest snapshot of etcd) and the volumes of workloads that the
fleet file names. The base systems have no sqlite3: k3s is stopped by a signal for as long as the copy of its
files takes, seconds at most, and SQLite recovers from such files as from a power cut. Everything goes through
the program of the channel, by its transport, its window and its rate.

The node's own password comes with the datastore, which has its hash: k3s refuses a node with another one.
Sources: k3s docs, datastore/backup-restore; SQLite docs, "Write-Ahead Logging", and "How To Corrupt" 1.2.
"""

from collections.abc import Iterator

from edgefleet.io.templates import render, unit
from edgefleet.keys.backup_encryption import backup_blocks, backup_password
from edgefleet.model.firstboot import File, Secret, Step, Target
from edgefleet.model.site import HA, SERVER, SiteSpec
from edgefleet.runtimes import runtime_of

FOLDER = "/etc/edgefleet/backup"
SCRIPT = "/usr/local/lib/edgefleet/backup"
TIMER = "edgefleet-backup.timer"
DATASTORES = {SERVER: "sqlite", HA: "etcd"}
"""dict[runtime -> what a server of it has]."""
DAY = 24 * 3600


def plan(target: Target) -> Step:
    """The program, its keys and its units; nothing without a channel."""
    site, runtime = target.site, runtime_of(target.node)
    backup = site.backup
    if backup is None or site.channel is None or site.identity is None:
        return Step()
    stage = f"{runtime.volumes.rpartition('/')[0]}/edgefleet-restore"
    script = render(
        "channel/backup.sh.j2",
        fleet=site.fleet,
        region=site.region,
        site=site.name,
        node=target.name,
        every=backup.every * DAY,
        keep=backup.keep,
        largest=backup.max_size,
        volumes=runtime.volumes,
        workloads=" ".join(backup.volumes),
        datastore=DATASTORES.get(runtime.name, ""),
        unit=runtime.unit,
    )
    password, blocks = _keys(target.key, target.name)
    return Step(
        files=(
            File.program(SCRIPT, script),
            File.text(f"{FOLDER}/key", password, mode=0o600, is_secret=True),
            File.text(f"{FOLDER}/mac", blocks, mode=0o600, is_secret=True),
        ),
        units=(
            unit("channel/edgefleet-backup.service", is_enabled=False),
            unit(f"channel/{TIMER}"),
            unit(
                "channel/edgefleet-restore.service.j2",
                product=runtime.product,
                unit=runtime.unit,
                stage=stage,
            ),
        ),
        commands=(("systemctl", "restart", "--no-block", TIMER),),
    )


def secrets(site: SiteSpec, key: str) -> Iterator[Secret]:
    """The keys of the nodes."""
    for node in site.nodes if site.channel is not None and site.backup is not None else ():
        password, blocks = _keys(key, node)
        yield "a key of backups", password.strip()
        yield from (("a key of backups", line) for line in blocks.split()[::2])


def _keys(key: str, node: str) -> tuple[str, str]:
    return f"{backup_password(key, node=node)}\n", backup_blocks(key, node=node)
