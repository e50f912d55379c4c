"""What the nodes of a stack report, its rollout and its release keys, as OpenMetrics for Prometheus. Pure.

Source: OpenMetrics 1.0: one type a family, labels escaped, ``# EOF`` at the end.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgefleet.fleetfile.watched import Watched
from edgefleet.keys.delegation import Delegation
from edgefleet.report.node_statuses import DAY, WORST_FIRST, NodeRow
from edgefleet.report.release_keys import shown
from edgefleet.report.rollout_status import NOT_OPENED, OPEN, PASSED, PHASES, WATCHED, View

KIB = 1024
TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
"""Content type of the exposition."""
WAVE_PHASES = (NOT_OPENED, OPEN, WATCHED, PASSED)
Sample = tuple[Mapping[str, str], float]
"""(labels, value)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What there is to print."""

    watched: Watched
    """The nodes that there should be."""
    rows: Sequence[NodeRow]
    """Their statuses."""
    rollout: View | None = None
    """The newest rollout."""
    delegation: Delegation | None = None
    """What the store states of release keys; nothing verifies it here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A gauge."""

    name: str
    what: str
    samples: Callable[[Seen], Iterable[Sample]]
    unit: str = ""


def _of_nodes(value: Callable[[NodeRow], float | None]) -> Callable[[Seen], Iterator[Sample]]:
    """A value of each node that states one."""

    def samples(seen: Seen) -> Iterator[Sample]:
        for row in seen.rows:
            number = value(row)
            if number is not None:
                yield {"site": row.site, "node": row.node}, number

    return samples


def _stated(field: str, times: int = 1) -> Callable[[Seen], Iterator[Sample]]:
    """A number that a node states."""

    def value(row: NodeRow) -> float | None:
        found = getattr(row.status, field, None)
        return None if found is None else found * times

    return _of_nodes(value)


def _states(seen: Seen) -> Iterator[Sample]:
    for row in seen.rows:
        for state in WORST_FIRST:
            yield {"site": row.site, "node": row.node, "state": state}, int(row.state == state)


def _versions(seen: Seen) -> Iterator[Sample]:
    for row in seen.rows:
        if row.status is not None:
            runs = {"k3s": row.status.k3s, "part": row.status.part, "image": row.status.image}
            yield {"site": row.site, "node": row.node, **runs}, 1


def _offline_limits(seen: Seen) -> Iterator[Sample]:
    days = {site: of.offline_days for of in seen.watched.sites for site in of.nodes}
    for row in seen.rows:
        yield {"site": row.site, "node": row.node}, days[row.site] * DAY


def _of_rollout(samples: Callable[[View], Iterable[Sample]]) -> Callable[[Seen], Iterable[Sample]]:
    """Samples of the newest rollout, where there is one."""
    return lambda seen: () if seen.rollout is None else samples(seen.rollout)


def _phases(view: View) -> Iterator[Sample]:
    now = view.decision.phase
    for phase in PHASES:
        yield {"phase": phase}, int(phase == now)


def _wave_phases(view: View) -> Iterator[Sample]:
    for of in view.waves:
        for phase in WAVE_PHASES:
            yield {"wave": of.wave.name, "phase": phase}, int(of.phase == phase)


def _wave_sites(view: View) -> Iterator[Sample]:
    for of in view.waves:
        counts = of.counts | {"unmoved": len(of.standing.unmoved)}
        for state in ("unmoved", "open", "healthy", "failed", "back"):
            yield {"wave": of.wave.name, "state": state}, counts[state]


NODES = (
    Family(
        name="edgefleet_node_state",
        what="The state of a node: 1 for the one that it is in.",
        samples=_states,
    ),
    Family(name="edgefleet_node_version", what="What a node runs; always 1.", samples=_versions),
    Family(
        name="edgefleet_node_contact_timestamp_seconds",
        what="When the store got the last status.",
        samples=_of_nodes(lambda row: None if row.contact is None else int(row.contact.timestamp())),
        unit="seconds",
    ),
    Family(
        name="edgefleet_node_offline_limit_seconds",
        what="How long its site may be without its link.",
        samples=_offline_limits,
        unit="seconds",
    ),
    Family(
        name="edgefleet_node_sequence",
        what="The pointer that the state is about.",
        samples=_stated("sequence"),
    ),
    Family(
        name="edgefleet_node_disk_free_bytes",
        what="Free.",
        samples=_stated("disk_free", KIB),
        unit="bytes",
    ),
    Family(
        name="edgefleet_node_disk_size_bytes",
        what="Whole.",
        samples=_stated("disk_size", KIB),
        unit="bytes",
    ),
    Family(
        name="edgefleet_node_memory_free_bytes",
        what="Free.",
        samples=_stated("memory_free", KIB),
        unit="bytes",
    ),
    Family(
        name="edgefleet_node_memory_size_bytes",
        what="Whole.",
        samples=_stated("memory_size", KIB),
        unit="bytes",
    ),
    Family(name="edgefleet_node_pods", what="Pods of its workloads.", samples=_stated("pods")),
    Family(name="edgefleet_node_pods_ready", what="Those that are ready.", samples=_stated("ready")),
    Family(
        name="edgefleet_node_boots",
        what="Starts after which it has reported.",
        samples=_stated("boots"),
    ),
    Family(
        name="edgefleet_node_clock_offset_seconds",
        what="Seconds by which the store's clock was ahead.",
        samples=_stated("clock_offset"),
        unit="seconds",
    ),
    Family(
        name="edgefleet_node_certificate_end_timestamp_seconds",
        what="When the first of its certificates ends.",
        samples=_stated("certificate_ends"),
        unit="seconds",
    ),
)
CHANNEL = (
    Family(
        name="edgefleet_rollout_phase",
        what="The phase of the newest rollout as a step finds it now: 1 for the one that it is in.",
        samples=_of_rollout(_phases),
    ),
    Family(
        name="edgefleet_rollout_start_timestamp_seconds",
        what="When the newest rollout began.",
        samples=_of_rollout(lambda view: [({"rollout": view.id}, view.plan.started)]),
        unit="seconds",
    ),
    Family(
        name="edgefleet_rollout_due",
        what="What a step would write into the log now; it stays above 0 where nothing runs steps.",
        samples=_of_rollout(lambda view: [({}, len(view.decision.entries))]),
    ),
    Family(
        name="edgefleet_rollout_wave_phase",
        what="The phase of a wave: 1 for the one that it is in.",
        samples=_of_rollout(_wave_phases),
    ),
    Family(
        name="edgefleet_rollout_wave_sites",
        what="Sites of a wave by what they make of the release.",
        samples=_of_rollout(_wave_sites),
    ),
    Family(
        name="edgefleet_rollout_wave_budget",
        what="Sites of a wave that may fail before the rollout stops.",
        samples=_of_rollout(
            lambda view: [({"wave": wave.name}, wave.pace.failures) for wave in view.plan.waves]
        ),
    ),
    Family(
        name="edgefleet_release_key_end_timestamp_seconds",
        what="When a release key ends, as the delegation in the store states it.",
        samples=lambda seen: [
            ({"key": shown(each.key)}, each.expires)
            for each in (seen.delegation.keys if seen.delegation else ())
        ],
        unit="seconds",
    ),
    Family(
        name="edgefleet_gateway_revocations_end_timestamp_seconds",
        what="When the gateway's list of revoked certificates ends; it refuses all nodes then.",
        samples=lambda seen: (
            [] if seen.watched.revocations_end is None else [({}, seen.watched.revocations_end)]
        ),
        unit="seconds",
    ),
)


def lines(seen: Seen) -> Iterator[str]:
    """The exposition, a line at a time; a family without a value has its head alone."""
    place = {"fleet": seen.watched.fleet, "region": seen.watched.region}
    for family in (*NODES, *CHANNEL):
        yield f"# TYPE {family.name} gauge"
        if family.unit:
            yield f"# UNIT {family.name} {family.unit}"
        yield f"# HELP {family.name} {family.what}"
        for labels, value in family.samples(seen):
            yield f"{family.name}{{{_labels(place | {**labels})}}} {value}"
    yield "# EOF"


def _labels(values: Mapping[str, str]) -> str:
    """``site="a",node="b"``; quotes, backslashes and line breaks of a value are escaped."""
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in values.items())


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
