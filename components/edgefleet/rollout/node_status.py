"""All that a node reports of itself, as people read it. Pure.

It is untrusted: a value of another form is left out, and a text is printable and short. The state and the
sequence are what a rollout reads, too (`edgefleet.rollout.statuses`); without them it is no status.
"""

from dataclasses import dataclass
from typing import Any

from edgefleet.model import strict_json
from edgefleet.rollout.statuses import LARGEST, State, status_of

LONGEST = 400
"""Characters of a text."""
MOST = 2**53
MOST_WAITING = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatus:
    """One node's status; what it does not state, or states wrongly, is `None` or empty."""

    state: State
    sequence: int
    """Of the pointer that the state is about."""
    reason: str = ""
    part: str = ""
    """Hex digest of the node's part of the release that it runs."""
    fixed: str = ""
    """Digest of what its image alone sets up."""
    image: str = ""
    k3s: str = ""
    """Version."""
    boots: int | None = None
    """Starts of the node after which it has reported."""
    uptime: int | None = None
    """Seconds."""
    ready: int | None = None
    """Pods of its workloads that are ready."""
    pods: int | None = None
    waiting: tuple[str, ...] = ()
    """Names of some that are not."""
    disk_free: int | None = None
    """KiB, as the next three."""
    disk_size: int | None = None
    memory_free: int | None = None
    memory_size: int | None = None
    clock_offset: int | None = None
    """Seconds by which the store's clock was ahead of the node's."""
    certificate_ends: int | None = None
    """When the first of its certificates ends, seconds since 1970."""


def read(data: bytes) -> NodeStatus | None:
    """The status in a document; `None` where it is none."""
    try:
        document = strict_json.parse(data, limit=LARGEST)
    except ValueError:
        return None
    status = status_of(document)
    if status is None:
        return None
    workloads, ends = _map(document.get("workloads")), _map(document.get("certificateEnds"))
    names = workloads.get("waiting")
    return NodeStatus(
        state=status.state,
        sequence=status.sequence,
        reason=_text(document.get("reason")),
        part=_text(document.get("part")),
        fixed=_text(document.get("fixed")),
        image=_text(document.get("image")),
        k3s=_text(document.get("k3s")),
        boots=_number(document.get("boots")),
        uptime=_number(document.get("uptime")),
        ready=_number(workloads.get("ready")),
        pods=_number(workloads.get("all")),
        waiting=tuple(filter(None, map(_text, names[:MOST_WAITING]))) if isinstance(names, list) else (),
        disk_free=_number(document.get("diskFree")),
        disk_size=_number(document.get("diskSize")),
        memory_free=_number(document.get("memoryFree")),
        memory_size=_number(document.get("memorySize")),
        clock_offset=_number(document.get("clockOffset"), -MOST),
        certificate_ends=min(filter(None, map(_number, ends.values())), default=None),
    )


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() and len(value) <= LONGEST else ""


def _number(value: Any, least: int = 0) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and least <= value < MOST
    return int(value) if is_number else None
