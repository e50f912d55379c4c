"""KubeEdge's own kinds as the fleet file declares them: applications, models of devices, devices, upgrades.

Sources: KubeEdge 1.23.1, its definitions (build/crds) and mapper-framework (cycles are milliseconds). What it
leaves open is closed here: names are checked against each other, and each text has a grammar.
"""

import re
from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from edgefleet.model.names import HOST_RE, Name, RegistryHost
from edgefleet.model.plain_data import Plain
from edgefleet.model.quantities import written_number
from edgefleet.model.releases import Digest
from edgefleet.model.schedules import Duration
from edgefleet.model.selection import Selection
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar, shown, wrong
from edgefleet.model.system import objects

LONGEST = 200 * 1024
"""Characters of a manifest: KubeEdge puts each object into an annotation of its own, of 256 KiB at most."""
TAKEN_KINDS = {"Deployment": "apps/v1", "Service": "v1"}
"""dict[kind that an EdgeApplication may have -> its version]: what KubeEdge has rights for, and overrides."""
Release = Annotated[
    str, Grammar(r"v1\.\d{1,2}\.\d{1,2}", "bad-version", "a release of KubeEdge", "write it like v1.23.1", 12)
]


def _taken(text: str) -> str:
    for document in objects(text):
        is_map = isinstance(document, dict) and isinstance(document.get("metadata"), dict)
        kind = str(document.get("kind")) if is_map else ""
        if not is_map or not isinstance(document["metadata"].get("name"), str):
            problem = "a document is no Kubernetes object: it lacks apiVersion, kind or metadata.name"
            raise wrong("bad-manifest", problem, "write whole objects, with --- between them")
        if TAKEN_KINDS.get(kind) != document.get("apiVersion"):
            problem = (
                f"an EdgeApplication of KubeEdge has Deployments (apps/v1) and Services, no {shown(kind)}"
            )
            hint = "declare it by a workload of kind manifests with where: {cloud: true}"
            raise wrong("bad-manifest", problem, hint)
    return text


_MANIFEST = Grammar(
    r"(?!file:)[^\r]*",
    "bad-manifest",
    "text of Deployments and Services",
    "write YAML without control characters, or file: and a path in the project",
    LONGEST,
    _taken,
    is_ascii=False,
    has_lines=True,
    may_be_file=True,
)
_PROPERTY = Grammar(
    r"[A-Za-z][A-Za-z0-9_-]*",
    "bad-property",
    "a name of a property or method",
    "write it like temperature: letters, digits, - and _",
    63,
)
PropertyName = Annotated[str, _PROPERTY]
_VARIABLE = Grammar(
    r"[A-Za-z_][A-Za-z0-9_]*",
    "bad-variable",
    "a name of a variable",
    "write it like LINE: letters, digits and _",
    200,
)
Variable = Annotated[str, _VARIABLE]
_TAG = Grammar(r"[A-Za-z0-9_][A-Za-z0-9._-]*", "bad-tag", "a tag of an image", "write it like 1.5.0", 128)
Tag = Annotated[str, _TAG]
_PROTOCOL = Grammar(
    r"[a-z0-9][a-z0-9._-]*", "bad-protocol", "a name of a protocol", "write it like modbus-tcp", 63
)
Protocol = Annotated[str, _PROTOCOL]
_NUMBER = Grammar(
    r"-?\d{1,15}(\.\d{1,9})?", "bad-number", "a decimal number", "write it like 120 or -0.5", 30
)
Number = Annotated[
    str,
    BeforeValidator(written_number),
    _NUMBER,
    WithJsonSchema({"type": ["string", "number"]}, "validation"),
]
_WORDS = Grammar(
    r".*", "bad-text", "one line of text", "write one line without control characters", 300, is_ascii=False
)
Words = Annotated[str, _WORDS]
_UNIT = Grammar(
    r"%|[A-Za-z0-9°µΩ²³·*/^_.-]+", "bad-unit", "a unit", "write it like °C or kW", 20, is_ascii=False
)
Unit = Annotated[str, _UNIT]
_VALUE = Grammar(r".*", "bad-text", "one line of text", "write one line of text", 4000, is_ascii=False)
Value = Annotated[
    str,
    BeforeValidator(written_number),
    _VALUE,
    WithJsonSchema({"type": ["string", "number", "boolean"]}, "validation"),
]
_CYCLE = Grammar(
    r"[1-9]\d{0,6}(ms|s|m|h)", "bad-duration", "a time between two readings", "write it like 500ms or 10s", 20
)
Cycle = Annotated[str, _CYCLE]
_PACKAGE = Grammar(
    rf"{HOST_RE}(:\d{{1,5}})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+",
    "bad-image",
    "an image's name without a tag",
    "write it like docker.io/kubeedge/installation-package; version is its tag",
    300,
)
Package = Annotated[str, _PACKAGE]
_SHARE = Grammar(r"0(\.\d{1,2})?|1", "bad-share", "a share of nodes", "write it like 0.1, a tenth", 4)
Share = Annotated[
    str,
    BeforeValidator(written_number),
    _SHARE,
    WithJsonSchema({"type": ["string", "number"]}, "validation"),
]
MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


def milliseconds(cycle: str) -> int:
    """Of ``500ms`` or ``10s``."""
    number, unit = re.findall(r"\d+|[a-z]+", cycle)
    return int(number) * MILLISECONDS[unit]


def manifest_objects(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """The objects of an application's manifests, each with metadata and a name."""
    return [document for text in texts for document in objects(text)]


@spec
class Overrides:
    """What an application has at a group of nodes in the place of what its manifests say."""

    replicas: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """How many Pods each Deployment has there. By default as many as in its manifest, else one."""
    registry: RegistryHost | None = None
    """Registry of all images there, registry.example:5000."""
    tag: Tag | None = None
    """Tag of all images there, 1.5.0."""
    environment: dict[Name, Annotated[dict[Variable, Value], Field(min_length=1)]] = field(
        default_factory=dict
    )
    """dict[container -> dict[variable -> its value there]]."""


@spec
class Application:
    """An EdgeApplication: Deployments and Services, made once for each of some groups of nodes."""

    manifests: Annotated[tuple[Annotated[str, _MANIFEST], ...], Field(min_length=1)]
    """YAML of Deployments and Services, or file:<path in the project>. Their namespace is the application."""
    node_groups: Annotated[dict[Name, Overrides], Field(min_length=1)]
    """dict[one of nodeGroups -> what differs there]; {} where nothing does."""
    security: Literal["restricted", "baseline", "privileged"] = "restricted"
    """Level of Pod Security that its namespace admits."""


@spec
class ModelProperty:
    """A property that all devices of a model have."""

    type: Literal["int", "float", "double", "string", "boolean", "bytes", "stream"]
    """Type of its values."""
    access: Literal["readOnly", "readWrite"] = "readOnly"
    """Whether a device may give a desired value."""
    minimum: Number | None = None
    """Smallest value of a number."""
    maximum: Number | None = None
    """Largest value of a number."""
    unit: Unit | None = None
    """Unit of its values, °C."""
    description: Words = ""
    """What it is, in a line."""


@spec
class DeviceModel:
    """What devices of one make have in common."""

    protocol: Protocol
    """Protocol by which a mapper talks to them: modbus-tcp."""
    properties: Annotated[dict[PropertyName, ModelProperty], Field(min_length=1)]
    """dict[name -> property]."""


@spec
class DeviceProperty:
    """A property of one device."""

    desired: Value | None = None
    """The value that it shall have, for a property of access readWrite."""
    collect_cycle: Cycle | None = None
    """Time between two readings, 500ms or 10s. By default the mapper's, a second."""
    report_cycle: Cycle | None = None
    """Time between two reports. By default the mapper's, a second."""
    report_to_cloud: bool = True
    """Whether CloudCore gets its values, too."""
    visitor: Plain = field(default_factory=dict)
    """How the mapper reads it, by keys of the protocol: {register: HoldingRegister, offset: 2}."""


@spec
class DeviceMethod:
    """A method by which programs at the edge call a device."""

    properties: Annotated[tuple[PropertyName, ...], Field(min_length=1)]
    """Properties of the device that it sets."""
    description: Words = ""
    """What it does, in a line."""


@spec
class Device:
    """A device at a node."""

    site: Name
    """The site where it is."""
    node: Name | None = None
    """The node that it is attached to. By default the site's only one."""
    model: Name
    """One of deviceModels."""
    config: Plain = field(default_factory=dict)
    """How the mapper reaches it, by keys of the model's protocol: {ip: 10.0.0.9, port: 502}."""
    properties: dict[PropertyName, DeviceProperty] = field(default_factory=dict)
    """dict[property of the model -> how it is read here]."""
    methods: dict[PropertyName, DeviceMethod] = field(default_factory=dict)
    """dict[name -> method]."""


@spec
class Upgrade:
    """A NodeUpgradeJob: another release of edgecore for nodes."""

    where: Selection = Selection()
    """Its nodes, those with KubeEdge for which all listed conditions hold. By default all."""
    version: Release
    """Release of edgecore, v1.23.1: not newer than CloudCore, not older than that of the sites."""
    image: Package = "docker.io/kubeedge/installation-package"
    """Image with keadm and edgecore, without a tag."""
    sha256: dict[Literal["amd64", "arm64"], Digest] = field(default_factory=dict)
    """dict[architecture -> hex SHA-256 of the image's manifest], which each node compares."""
    concurrency: Annotated[int, Field(ge=1, le=500)] = 1
    """Nodes at a time."""
    timeout: Duration = "10m"
    """Time that a step may take at a node, until the node counts as failed."""
    failure_tolerate: Share = "0"
    """Share of nodes that may fail before the job counts as failed, 0.1."""
    checks: tuple[Literal["cpu", "mem", "disk"], ...] = ("cpu", "mem", "disk")
    """What is below 80 % at a node before it begins."""
    require_confirmation: bool = False
    """Whether each node waits for keadm ctl confirm."""
