"""Step of a hub's server: k3s's configuration, without a secret in it.

Sources: k3s docs, cli/server, datastore/ha-embedded, cli/etcd-snapshot. Keys that must be equal on all
servers are in one file; how etcd starts is in another, which k3s ignores once etcd has data. Without keys of
S3 k3s uses the instance's role (k3s, pkg/etcd/s3).
"""

from typing import Any

from edgefleet.io.templates import render, unit
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.firstboot import File, HubServer, Step
from edgefleet.runtimes import k3s_server

PATH = "/etc/rancher/k3s/config.yaml"
START = "/etc/rancher/k3s/config.yaml.d/10-start.yaml"
WAITS = "/etc/systemd/system/k3s.service.d/20-hub.conf"
ONCE = f"/etc/systemd/system/{k3s_server.RUNTIME.installer}.d/20-hub.conf"
SNAPSHOTS = "hub/snapshots"
"""Prefix in the bucket of etcd's snapshots."""


def plan(server: HubServer) -> Step:
    """``config.yaml``, the units that k3s waits for on a hub and, in a file of its own, how etcd starts."""
    waits = render("hub/k3s.conf.j2", installer=k3s_server.RUNTIME.installer)
    common = (
        File.text(PATH, to_yaml(_config(server)), mode=0o600),
        File.text(WAITS, waits),
        File.text(ONCE, render("k3s/install-once.conf")),
    )
    commands = (("systemctl", "restart", "--no-block", k3s_server.RUNTIME.unit),)
    if server.start == "restore":
        restore = unit("hub/edgefleet-hub-restore.service.j2", snapshot=server.snapshots.restore)
        return Step(files=common, units=(restore,), commands=commands)
    start: dict[str, Any] = {"cluster-init": True}
    if server.start == "join":
        start = {"server": f"https://{server.address}:6443"}
    files = (*common, File.text(START, to_yaml(start), mode=0o600))
    return Step(files=files, commands=commands)


def _config(server: HubServer) -> dict[str, Any]:
    snapshots, k3s = server.snapshots, server.target.site.k3s
    config: dict[str, Any] = {
        "token-file": "/etc/edgefleet/hub/token",
        "agent-token-file": "/etc/edgefleet/hub/agent-token",
        "tls-san": [server.address],
        "write-kubeconfig-mode": "0600",
        "secrets-encryption": True,
        "protect-kernel-defaults": True,
        "etcd-snapshot-schedule-cron": snapshots.schedule,
        "etcd-snapshot-retention": snapshots.retention,
        "etcd-s3": True,
        "etcd-s3-bucket": server.bucket,
        "etcd-s3-region": server.aws_region,
        "etcd-s3-folder": SNAPSHOTS,
        "etcd-s3-retention": snapshots.retention,
    }
    if k3s.disable:
        config["disable"] = sorted(k3s.disable)
    return config
