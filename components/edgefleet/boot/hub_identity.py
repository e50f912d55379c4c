"""Step of a hub's server: the program that fetches its certificates, tokens and manifests, and its units.

User-data is readable by everyone on the machine, so it contains no secret: the program fetches them with the
instance's role. k3s waits for it; at later boots it continues with the stored files if AWS does not answer.
"""

import json

from edgefleet.io.templates import render
from edgefleet.model.firstboot import File, HubServer, Step, Unit

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
            File(path=PROGRAM, content=render("hub/edgefleet-hub.py.j2").encode(), mode=0o755),
            File(path=CONFIG, content=(json.dumps(config, indent=2) + "\n").encode()),
            File(path="/etc/systemd/system/k3s.service.d/10-hub.conf", content=waits.encode()),
        ),
        units=(
            Unit(name=SECRETS_UNIT, text=render("hub/edgefleet-hub-secrets.service")),
            Unit(
                name="edgefleet-hub-sync.service",
                text=render("hub/edgefleet-hub-sync.service"),
                is_enabled=False,
            ),
            Unit(name=SYNC_TIMER, text=render("hub/edgefleet-hub-sync.timer")),
        ),
        commands=(("systemctl", "start", "--no-block", SYNC_TIMER),),
    )
