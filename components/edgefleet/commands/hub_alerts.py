"""`edgefleet hub alerts`: rules for a Prometheus and a dashboard for a Grafana; no fleet file is read."""

import json
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands.screen import show
from edgefleet.commands.session import session_of
from edgefleet.hub.alerts import rules
from edgefleet.hub.dashboard import dashboard
from edgefleet.io import disk
from edgefleet.io.yaml_text import to_yaml


def alerts(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where to write them.")] = Path(
        ".edgefleet/alerts"
    ),
) -> None:
    """Write alert rules and a dashboard for the metrics of sites.

    Prometheus reads the one by rule_files, Grafana imports the other.
    """
    session = session_of(context)
    texts = {
        "edgefleet.rules.yaml": to_yaml(rules()),
        "edgefleet.dashboard.json": json.dumps(dashboard(), indent=2) + "\n",
    }
    for name, text in texts.items():
        disk.write(session.writable(out / name), text.encode(), mode=0o644)
        show(session, [str(out / name)])
