"""Step of a hub's server: the program that fetches its certificates, tokens and manifests, and its units.

User-data is readable by everyone on the machine, so it contains no secret: the program fetches them with the
instance's role. k3s waits for it; at later boots it continues with the stored files if AWS does not answer.
"""

import json

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, HubServer, Step

PROGRAM = "/usr/local/lib/edgefleet/edgefleet-hub"
CONFIG = "/etc/edgefleet/hub/config.json"
SECRETS_UNIT = "edgefleet-hub-secrets.service"
SYNC_TIMER = "edgefleet-hub-sync.timer"
MANIFESTS = "hub/manifests/"
"""Prefix in the bucket whose files the servers apply."""


def plan(server: HubServer) -> Step:
    """The program and its configuration, run before k3s and every five minutes after it."""
    config = {
        "parameters": server.parameters,
        "secrets": list(server.secrets),
        "bucket": server.bucket,
        "manifests": MANIFESTS,
    }
    waits = f"[Unit]\nRequires={SECRETS_UNIT}\nAfter={SECRETS_UNIT}\n"
    return Step(
        files=(
            File.program(PROGRAM, render("hub/edgefleet-hub.py.j2")),
            File.text(CONFIG, json.dumps(config, indent=2) + "\n"),
            File.text("/etc/systemd/system/k3s.service.d/10-hub.conf", waits),
        ),
        units=(
            unit(f"hub/{SECRETS_UNIT}"),
            unit("hub/edgefleet-hub-sync.service", is_enabled=False),
            unit(f"hub/{SYNC_TIMER}"),
        ),
        commands=(("systemctl", "start", "--no-block", SYNC_TIMER),),
    )
