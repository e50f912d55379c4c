"""What the nodes of a site say of themselves, as far as a rollout reads it. Pure.

A status is untrusted: its size, form and words are checked, its clock is never read, and it counts for its
own node of its own site alone, of which the name comes from the place that the site may write.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from edgefleet.model import strict_json

State = Literal["current", "fetching", "waiting", "applying", "healthy", "failed", "rolled-back"]
Verdict = Literal["silent", "coming", "applying", "healthy", "failed"]
"""What a site's nodes make of a release: nothing is known; it is fetched, or waits for its time; it is being
applied, at one node at least; all nodes are healthy; one node failed, or took it back."""
LARGEST = 4096
"""Bytes of a status."""
_VERDICTS: dict[State, Verdict] = {
    "current": "healthy",
    "healthy": "healthy",
    "fetching": "coming",
    "waiting": "coming",
    "applying": "applying",
    "failed": "failed",
    "rolled-back": "failed",
}


@dataclass(frozen=True, slots=True)
class Status:
    """One node's status."""

    state: State
    sequence: int
    """Of the pointer that the state is about: it names what the node is to run."""


Statuses = Mapping[str, Mapping[str, Status]]
"""dict[site -> dict[node -> status]]."""


def read(data: bytes) -> Status | None:
    """The status in a document; `None` where it is none."""
    try:
        return status_of(strict_json.parse(data, limit=LARGEST))
    except ValueError:
        return None


def status_of(document: Any) -> Status | None:
    """The status in plain data, of which other keys are ignored; `None` where it is none."""
    if not isinstance(document, dict):
        return None
    state = next((known for known in _VERDICTS if known == document.get("state")), None)
    sequence = document.get("sequence")
    if state is None or not isinstance(sequence, int) or isinstance(sequence, bool):
        return None
    return Status(state, sequence) if sequence in range(2**53) else None


def verdict(nodes: Mapping[str, Status], names: tuple[str, ...], sequences: range) -> Verdict:
    """What the nodes `names` of a site make of the release to which the pointers `sequences` lead.

    A status about another pointer is none.
    """
    verdicts = {_of_node(nodes.get(name), sequences) for name in names}
    if "failed" in verdicts:
        return "failed"
    if verdicts == {"healthy"}:
        return "healthy"
    if verdicts & {"applying", "healthy"}:
        return "applying"
    return "coming" if "coming" in verdicts else "silent"


def _of_node(status: Status | None, sequences: range) -> Verdict:
    return "silent" if status is None or status.sequence not in sequences else _VERDICTS[status.state]
