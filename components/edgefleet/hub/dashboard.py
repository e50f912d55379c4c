"""A dashboard of Grafana for what `edgefleet sites metrics` prints. Pure.

Source: Grafana docs, dashboards/build-dashboards/view-dashboard-json-model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

HALF, WHOLE, HEIGHT = 12, 24, 8
"""Of Grafana's grid of 24 columns."""
SOURCE = {"type": "prometheus", "uid": "${source}"}
CHOSEN = 'fleet=~"$fleet", region=~"$region"'
SCHEMA = 39


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel with one query."""

    title: str
    type: Literal["stat", "table", "timeseries", "bargauge"]
    expr: str
    legend: str = ""
    """How a series is called."""
    unit: str = "short"
    width: int = HALF
    limits: Mapping[str, float] = field(default_factory=dict)
    """dict[colour -> from which value it holds], above green."""


PANELS = (
    Panel(
        title="Nodes by state",
        type="stat",
        expr=f"sum by (state) (edgefleet_node_state{{{CHOSEN}}}) > 0",
        legend="{{state}}",
        width=WHOLE,
    ),
    Panel(
        title="Rollout",
        type="stat",
        expr=f"edgefleet_rollout_phase{{{CHOSEN}}} == 1",
        legend="{{fleet}} / {{region}}: {{phase}}",
    ),
    Panel(
        title="What a step would do now",
        type="timeseries",
        expr=f"edgefleet_rollout_due{{{CHOSEN}}}",
        legend="{{fleet}} / {{region}}",
    ),
    Panel(
        title="Sites of each wave",
        type="bargauge",
        expr=f"edgefleet_rollout_wave_sites{{{CHOSEN}}}",
        legend="{{region}} {{wave}}: {{state}}",
    ),
    Panel(
        title="Failed sites and the budget of each wave",
        type="table",
        expr=f'edgefleet_rollout_wave_sites{{{CHOSEN}, state="failed"}}'
        f" or edgefleet_rollout_wave_budget{{{CHOSEN}}}",
    ),
    Panel(
        title="Silent for the largest share of what their site may be",
        type="table",
        expr=f"topk(20, (time() - edgefleet_node_contact_timestamp_seconds{{{CHOSEN}}})"
        f" / edgefleet_node_offline_limit_seconds{{{CHOSEN}}})",
        unit="percentunit",
        limits={"orange": 0.5, "red": 1},
    ),
    Panel(
        title="Failed and rolled back nodes",
        type="table",
        expr=f'edgefleet_node_state{{{CHOSEN}, state=~"failed|rolled-back|unreadable"}} == 1',
    ),
    Panel(
        title="Least free disk",
        type="table",
        expr=f"bottomk(20, edgefleet_node_disk_free_bytes{{{CHOSEN}}}"
        f" / edgefleet_node_disk_size_bytes{{{CHOSEN}}})",
        unit="percentunit",
    ),
    Panel(
        title="Least free memory",
        type="table",
        expr=f"bottomk(20, edgefleet_node_memory_free_bytes{{{CHOSEN}}}"
        f" / edgefleet_node_memory_size_bytes{{{CHOSEN}}})",
        unit="percentunit",
    ),
    Panel(
        title="Pods that are not ready",
        type="table",
        expr=f"edgefleet_node_pods{{{CHOSEN}}} - edgefleet_node_pods_ready{{{CHOSEN}}} > 0",
    ),
    Panel(
        title="Clocks that are off most",
        type="table",
        expr=f"topk(20, abs(edgefleet_node_clock_offset_seconds{{{CHOSEN}}}))",
        unit="s",
        limits={"orange": 60, "red": 300},
    ),
    Panel(
        title="Certificates of nodes that end first",
        type="table",
        expr=f"bottomk(20, edgefleet_node_certificate_end_timestamp_seconds{{{CHOSEN}}} - time())",
        unit="s",
    ),
    Panel(
        title="Release keys, and the gateway's list of revoked certificates",
        type="stat",
        expr=f"edgefleet_release_key_end_timestamp_seconds{{{CHOSEN}}} - time()"
        f" or edgefleet_gateway_revocations_end_timestamp_seconds{{{CHOSEN}}} - time()",
        legend="{{region}} {{key}}",
        unit="s",
    ),
    Panel(
        title="Nodes by release of k3s",
        type="timeseries",
        expr=f"count by (k3s) (edgefleet_node_version{{{CHOSEN}}})",
        legend="{{k3s}}",
        width=WHOLE,
    ),
)


def dashboard() -> dict[str, Any]:
    """The dashboard, to import or to provision; its source of data is chosen in Grafana."""
    return {
        "uid": "edgefleet-channel",
        "title": "edgefleet: nodes and rollouts",
        "tags": ["edgefleet"],
        "schemaVersion": SCHEMA,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [_source(), _variable("fleet"), _variable("region")]},
        "panels": _placed(PANELS),
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _variable(label: str) -> dict[str, Any]:
    """A choice of values of a label, by default all."""
    query = f"label_values(edgefleet_node_state, {label})"
    return {
        "name": label,
        "label": label.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": label},
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
    }


def _placed(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """The panels on the grid, row after row."""
    placed: list[dict[str, Any]] = []
    x = y = 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > WHOLE:
            x, y = 0, y + HEIGHT
        placed.append(_panel(number, panel) | {"gridPos": {"x": x, "y": y, "w": panel.width, "h": HEIGHT}})
        x += panel.width
    return placed


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    is_table = panel.type == "table"
    target = {"refId": "A", "datasource": SOURCE, "expr": panel.expr, "instant": panel.type != "timeseries"}
    target |= {"format": "table"} if is_table else {"legendFormat": panel.legend}
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [{"color": colour, "value": value} for colour, value in panel.limits.items()]
    return {
        "id": number,
        "title": panel.title,
        "type": panel.type,
        "datasource": SOURCE,
        "targets": [target],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": {},
    }
