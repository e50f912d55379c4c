"""Alerts on what `edgefleet sites metrics` prints, as rules of Prometheus. Pure.

Each has what to do in its description. Sources: Prometheus docs, alerting_rules; Prometheus Operator,
monitoring.coreos.com/v1.
"""

from dataclasses import dataclass
from typing import Any, Literal

DAY = 86_400
GROUP = "edgefleet"
SITE = "{{ $labels.site }}"
NODE = f"{{{{ $labels.node }}}} of {SITE}"
REGION = "{{ $labels.fleet }} / {{ $labels.region }}"
AGE = "{{ $value | humanizeDuration }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule."""

    name: str
    expr: str
    """PromQL; each sample that it gives is an alert."""
    after: str
    """How long it must hold."""
    severity: Literal["critical", "warning"]
    summary: str
    runbook: str
    """What to do."""


ALERTS = (
    Alert(
        name="EdgefleetMetricsMissing",
        expr="absent(edgefleet_node_state)",
        after="15m",
        severity="critical",
        summary="There are no metrics of any fleet",
        runbook="Look at the log of the Deployment metrics in the namespace edgefleet-channel: the store "
        "does not answer, or the Pod has no credentials. None of the other alerts can fire until "
        "then.",
    ),
    Alert(
        name="EdgefleetRolloutPaused",
        expr='edgefleet_rollout_phase{phase="paused"} == 1',
        after="1m",
        severity="critical",
        summary=f"The rollout of {REGION} is paused",
        runbook="edgefleet rollout status names the sites that failed and the budget. Correct the release "
        "and run edgefleet up, or order edgefleet rollout resume, promote or rollback.",
    ),
    Alert(
        name="EdgefleetRolloutNotStepped",
        expr="edgefleet_rollout_due > 0",
        after="45m",
        severity="warning",
        summary=f"Nothing runs the steps of the rollout of {REGION}",
        runbook="Look at the CronJob edgefleet-channel-step and the log of its last Job, or at the "
        "schedule that runs edgefleet rollout step. To run one by hand does no harm.",
    ),
    Alert(
        name="EdgefleetNodeFailed",
        expr='edgefleet_node_state{state=~"failed|rolled-back"} == 1',
        after="1m",
        severity="warning",
        summary=f"The node {NODE} is {{{{ $labels.state }}}}",
        runbook="edgefleet sites status --state failed --state rolled-back shows the reason. A node that "
        "rolled back runs the release before; one that failed needs a newer release or a visit.",
    ),
    Alert(
        name="EdgefleetNodeUnreadable",
        expr='edgefleet_node_state{state="unreadable"} == 1',
        after="15m",
        severity="warning",
        summary=f"What the node {NODE} reports is no status",
        runbook="Its disk is broken, or somebody else writes with the certificate of the site. Look at "
        "the node; if the certificate is stolen, add the site to revoked and run edgefleet up.",
    ),
    Alert(
        name="EdgefleetNodeSilent",
        expr="time() - edgefleet_node_contact_timestamp_seconds > edgefleet_node_offline_limit_seconds",
        after="1h",
        severity="critical",
        summary=f"The node {NODE} has been silent for {AGE}",
        runbook="Its site is without its link for longer than link.maxOffline, or than the class of its "
        "link says. Look at the link and the power of the site; a node that is gone for good: "
        "remove it and run edgefleet up.",
    ),
    Alert(
        name="EdgefleetCertificateEnds",
        expr=f"edgefleet_node_certificate_end_timestamp_seconds - time() < {14 * DAY}",
        after="1h",
        severity="critical",
        summary=f"A certificate of the node {NODE} ends in {AGE}",
        runbook="The status of the node, edgefleet sites status --json, has the end of each. k3s renews "
        "its own when it starts. For the site's own set a later controlPlane.identity.validUntil "
        "and run edgefleet up: a site whose certificate has ended needs a visit.",
    ),
    Alert(
        name="EdgefleetReleaseKeyEnds",
        expr=f"max by (fleet, region) (edgefleet_release_key_end_timestamp_seconds) - time() < {30 * DAY}",
        after="1h",
        severity="critical",
        summary=f"The last release key of {REGION} ends in {AGE}",
        runbook="Run edgefleet keys rotate with a root key, and name the new key as channel.signKey. "
        "Nodes take no release after the end.",
    ),
    Alert(
        name="EdgefleetClockOff",
        expr="abs(edgefleet_node_clock_offset_seconds) > 300",
        after="1h",
        severity="warning",
        summary=f"The clock of the node {NODE} is off by {AGE}",
        runbook="Look at its servers of time (ntp) and the battery of its clock. Certificates and the "
        "ends of pointers are read by that clock.",
    ),
    Alert(
        name="EdgefleetDiskLow",
        expr="edgefleet_node_disk_free_bytes / edgefleet_node_disk_size_bytes < 0.1",
        after="1h",
        severity="warning",
        summary=f"The disk of the node {NODE} has {{{{ $value | humanizePercentage }}}} left",
        runbook="Updates wait for room on the disk. Look for what grows: volumes of workloads, logs, images.",
    ),
    Alert(
        name="EdgefleetRevocationsEnd",
        expr=f"edgefleet_gateway_revocations_end_timestamp_seconds - time() < {14 * DAY}",
        after="1h",
        severity="critical",
        summary=f"The list of revoked certificates of {REGION} ends in {AGE}",
        runbook="Run edgefleet up: the first one of a week renews the list. When it ends, the gateway "
        "refuses all nodes until then.",
    ),
)


def rules() -> dict[str, Any]:
    """The content of a file of rules, and the specification of a PrometheusRule."""
    listed = [
        {
            "alert": alert.name,
            "expr": alert.expr,
            "for": alert.after,
            "labels": {"severity": alert.severity},
            "annotations": {"summary": alert.summary, "description": alert.runbook},
        }
        for alert in ALERTS
    ]
    return {"groups": [{"name": GROUP, "rules": listed}]}
