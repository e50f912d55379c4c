"""What the nodes of a stack report, as OpenMetrics for Prometheus. Pure.

Source: OpenMetrics 1.0: one type a family, labels escaped, ``# EOF`` at the end.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edgefleet.report.node_statuses import WORST_FIRST, NodeRow

KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A gauge with a value for each node that states one."""

    name: str
    what: str
    value: Callable[[NodeRow], float | None]
    unit: str = ""


def _of(field: str, times: int = 1) -> Callable[[NodeRow], float | None]:
    """A number that a node states."""

    def value(row: NodeRow) -> float | None:
        found = getattr(row.status, field, None)
        return None if found is None else found * times

    return value


FAMILIES = (
    Family(
        name="edgefleet_node_contact_timestamp_seconds",
        what="When the store got the last status.",
        value=lambda row: None if row.contact is None else int(row.contact.timestamp()),
        unit="seconds",
    ),
    Family(
        name="edgefleet_node_sequence",
        what="The pointer that the state is about.",
        value=_of("sequence"),
    ),
    Family(name="edgefleet_node_disk_free_bytes", what="Free.", value=_of("disk_free", KIB), unit="bytes"),
    Family(name="edgefleet_node_disk_size_bytes", what="Whole.", value=_of("disk_size", KIB), unit="bytes"),
    Family(
        name="edgefleet_node_memory_free_bytes", what="Free.", value=_of("memory_free", KIB), unit="bytes"
    ),
    Family(
        name="edgefleet_node_memory_size_bytes", what="Whole.", value=_of("memory_size", KIB), unit="bytes"
    ),
    Family(name="edgefleet_node_pods", what="Pods of its workloads.", value=_of("pods")),
    Family(name="edgefleet_node_pods_ready", what="Those that are ready.", value=_of("ready")),
    Family(name="edgefleet_node_boots", what="Starts after which it has reported.", value=_of("boots")),
    Family(
        name="edgefleet_node_clock_offset_seconds",
        what="Seconds by which the store's clock was ahead.",
        value=_of("clock_offset"),
        unit="seconds",
    ),
    Family(
        name="edgefleet_node_certificate_end_timestamp_seconds",
        what="When the first of its certificates ends.",
        value=_of("certificate_ends"),
        unit="seconds",
    ),
)
"""All but the states."""


def lines(fleet: str, region: str, rows: Sequence[NodeRow]) -> Iterator[str]:
    """The exposition, a line at a time; a node that states no value has no line in its family."""
    labels = {row: _labels(fleet=fleet, region=region, site=row.site, node=row.node) for row in rows}
    yield from _head("edgefleet_node_state", "The state of a node: 1 for the one that it is in.")
    for row in rows:
        for state in WORST_FIRST:
            yield f'edgefleet_node_state{{{labels[row]},state="{state}"}} {int(row.state == state)}'
    yield from _head("edgefleet_node_version", "What a node runs; always 1.")
    for row in rows:
        if row.status is not None:
            of = _labels(k3s=row.status.k3s, part=row.status.part, image=row.status.image)
            yield f"edgefleet_node_version{{{labels[row]},{of}}} 1"
    for family in FAMILIES:
        yield from _head(family.name, family.what, family.unit)
        for row in rows:
            value = family.value(row)
            if value is not None:
                yield f"{family.name}{{{labels[row]}}} {value}"
    yield "# EOF"


def _head(name: str, what: str, unit: str = "") -> Iterator[str]:
    yield f"# TYPE {name} gauge"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {what}"


def _labels(**values: str) -> str:
    """``site="a",node="b"``; quotes, backslashes and line breaks of a value are escaped."""
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in values.items())


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
