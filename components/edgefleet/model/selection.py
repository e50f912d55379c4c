"""Conditions by which the fleet file selects nodes: of workloads, and of KubeEdge's groups and jobs."""

from dataclasses import field

from edgefleet.model.geography import Country
from edgefleet.model.names import LabelKey, LabelValue, Name
from edgefleet.model.spec import spec


@spec
class LabelRule:
    """A condition on the value of a label; all that are set hold."""

    in_: tuple[LabelValue, ...] | None = None
    """The label has one of these values."""
    not_in: tuple[LabelValue, ...] | None = None
    """The label is missing, or has none of these values."""
    exists: bool | None = None
    """Whether the label is there."""


@spec
class Selection:
    """Nodes for which all listed conditions hold."""

    sites: tuple[Name, ...] | None = None
    """Nodes of these sites."""
    groups: tuple[Name, ...] | None = None
    """Nodes of the sites of these groups."""
    profiles: tuple[Name, ...] | None = None
    """Nodes of these hardware classes."""
    countries: tuple[Country, ...] | None = None
    """Nodes of the sites in these countries, ISO 3166-1 alpha-2: [DE, AT]."""
    capabilities: tuple[Name, ...] | None = None
    """Nodes whose profile has all of these capabilities: [gpu]."""
    labels: dict[LabelKey, LabelValue | LabelRule] = field(default_factory=dict)
    """Nodes with all of these labels: a value, or {in: [a, b]}, {notIn: [c]}, {exists: true}."""
