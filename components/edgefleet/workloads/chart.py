"""chart: a Helm chart by the digest of its archive, rendered by Helm when the fleet file is read.

So the preview has its objects, and no node needs Helm or a repository of charts. What a release by Helm does
besides has no place there: a hook runs at an installation, and `lookup` finds no cluster. A chart that makes
up a password or a certificate at each rendering is refused: each preview would change each site.
"""

import json
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem
from edgefleet.io import rendered_texts
from edgefleet.io import rendering as programs
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model import system
from edgefleet.model.names import HOST_RE, PATH_RE, reachable
from edgefleet.model.paths import leaves
from edgefleet.model.releases import FILE_RE
from edgefleet.model.spec import Written, spec
from edgefleet.model.syntax import FILE, Grammar, few, secret_name
from edgefleet.workloads.base import foreign
from edgefleet.workloads.base.foreign import DEEPEST, Foreign, Rendering, kept
from edgefleet.workloads.base.kind import Kind
from edgefleet.workloads.base.values import Plain

HOOK, TEST = "helm.sh/hook", "test"
_CHART = Grammar(
    rf"(oci|https?)://{HOST_RE}(:\d{{1,5}})?{PATH_RE}|{FILE_RE}",
    "bad-chart",
    "where a chart is found",
    "write oci://registry.example/charts/agent, the address of its .tgz, or file: and a path in the project",
    2000,
    lambda text: text if text.startswith(FILE) else reachable(text),
)
_VERSION = Grammar(
    r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?",
    "bad-version",
    "a version of a chart",
    "write it whole, such as 1.8.2",
    60,
)
_DIGEST = Grammar(
    "(sha256:)?[0-9a-f]{64}",
    "bad-digest",
    "a SHA-256",
    "write what sha256sum shows of the chart's archive; of a registry it is the digest of the chart's layer",
    71,
)
_API = Grammar(
    r"[a-z0-9.-]+/v[0-9a-z]+(/[A-Z][A-Za-z0-9]*)?",
    "bad-api",
    "a version of an API",
    "write it like monitoring.coreos.com/v1",
    300,
)


@spec
class Chart(Foreign):
    """A Helm chart."""

    kind: Annotated[Literal["chart"], Written()] = "chart"
    """chart."""
    chart: Annotated[str, _CHART]
    """Where its archive is: oci://registry.example/charts/agent, https://charts.example/agent-1.8.2.tgz, or
    file:<path in the project>."""
    version: Annotated[str, _VERSION]
    """Version of the chart, 1.8.2; another one in the archive is an error."""
    digest: Annotated[str, _DIGEST]
    """SHA-256 of the archive; another file is never used."""
    values: Plain = field(default_factory=dict)
    """Values of the chart, in whose texts values of the site may stand. A secret is none: see secrets."""
    apis: tuple[Annotated[str, _API], ...] = ()
    """Further APIs that the chart may ask the cluster for, [monitoring.coreos.com/v1]."""
    hooks: Literal["refuse", "drop"] = "refuse"
    """What happens to hooks, which run at an installation by Helm alone: the chart is refused, or they are
    left out. Tests are always left out."""


def render(chart: Chart, rendering: Rendering) -> Chart:
    """`chart` with the digest of its objects.

    Raises:
        InvalidInput: the archive, the version, the values or the objects are wrong.
        OutsideFailure: Helm is missing, or the archive cannot be downloaded.
    """
    if any(secret_name(str(value)) for _, value in leaves(chart.values)):
        problem = "a secret of the stack would be in the text of objects, and in the state"
        hint = "name it in secrets, and refer to the Secret in values (existingSecret or the like)"
        raise InvalidInput(Problem.of_value("values", "secret-in-values", problem, hint))
    inputs = programs.ChartInputs(
        archive=_archive(chart, rendering),
        release=rendering.name,
        values=json.dumps(chart.values, sort_keys=True).encode(),
        kubernetes=rendering.kubernetes,
        apis=chart.apis,
    )
    parts = [_hex(chart), rendering.name, chart.values, rendering.kubernetes, chart.apis, chart.hooks]
    text = rendered_texts.made([*parts, programs.identity()], lambda: _objects(chart, inputs))
    return replace(chart, rendered=kept(chart, rendering, {"chart": rendered_texts.read(text)}))


def _hex(chart: Chart) -> str:
    return chart.digest.removeprefix("sha256:")


def _archive(chart: Chart, rendering: Rendering) -> Path:
    try:
        return rendering.fetch(chart.chart, _hex(chart))
    except EdgefleetError as error:
        first = error.problem
        if first.code in {"digest-mismatch", "not-found"}:
            path = "digest" if first.code == "digest-mismatch" else "chart"
            problem = f"{first.where}: {first.problem}" if first.where else first.problem
            raise InvalidInput(Problem.of_value(path, first.code, problem, first.hint)) from error
        raise


def _objects(chart: Chart, inputs: programs.ChartInputs) -> str:
    """The text of the objects without hooks."""
    try:
        version, text = programs.chart_version(inputs.archive), programs.chart(inputs)
        again = programs.chart(inputs)
    except OutsideFailure as error:
        if error.problem.code != "not-rendered":
            raise
        first = error.problem
        raise InvalidInput(Problem.of_value("chart", "not-rendered", first.problem, first.hint)) from error
    if version != chart.version:
        problem = f"the archive has the version {version}"
        raise InvalidInput(Problem.of_value("version", "other-version", problem, f"write {version}"))
    documents = system.objects(text, DEEPEST)
    if text != again:
        pairs = zip(documents, system.objects(again, DEEPEST), strict=False)
        raise InvalidInput(_random([_called(one) for one, other in pairs if one != other]))
    hooks = [each for each in documents if _hook(each) and TEST not in _hook(each)]
    if hooks and chart.hooks == "refuse":
        problem = f"its hooks would not run: {few([_called(each) for each in hooks])}"
        hint = "switch them off by values, or write hooks: drop if it works without them"
        raise InvalidInput(Problem.of_value("chart", "hooks", problem, hint))
    return "---\n".join(to_yaml(each) for each in documents if not _hook(each))


def _random(names: list[str]) -> Problem:
    problem = f"each rendering gives other objects: {few(names) or 'their order'}"
    hint = "set the values that the chart makes up, such as passwords and certificates"
    return Problem.of_value("values", "random-chart", problem, hint)


def _metadata(document: Any) -> dict[str, Any]:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def _hook(document: Any) -> str:
    return str((_metadata(document).get("annotations") or {}).get(HOOK, ""))


def _called(document: Any) -> str:
    return f"{document.get('kind')} {_metadata(document).get('name')}"


KIND = Kind(name="chart", spec=Chart, objects=foreign.objects, cloud=foreign.objects, render=render)
