"""Helm and kustomize: from a chart or a folder to the text of Kubernetes objects.

Both run without a link, without plugins, and without the settings of this user: the same input gives the same
objects on each machine that has the same version of the program.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edgefleet.errors import OutsideFailure
from edgefleet.io import processes

HELM = ("helm",)
KUSTOMIZE = ("kustomize", "kubectl")
"""Programs that contain kustomize, the first one that is installed."""
NOWHERE = "http://127.0.0.1:9"
"""A proxy that does not exist (RFC 863's port): what asks for an address fails at once, and is reported."""
LONGEST = 300
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartInputs:
    """What decides the objects of a chart, besides Helm's version."""

    archive: Path
    release: str
    """Name of the release, and of its namespace."""
    values: bytes = b"{}"
    """Values as JSON."""
    kubernetes: str
    """Version, 1.36.4."""
    apis: Sequence[str] = field(default=())
    """Further APIs of the cluster, monitoring.coreos.com/v1."""


def helm() -> Path:
    """The program.

    Raises:
        OutsideFailure: it is not installed.
    """
    return _found(HELM, "charts", "install Helm 3.14 or newer (helm.sh/docs/intro/install)")


def identity() -> list[str | int]:
    """What differs where another Helm is installed."""
    found = helm().resolve().stat()
    return [str(helm()), found.st_size, found.st_mtime_ns]


def chart(inputs: ChartInputs) -> str:
    """The objects of a chart as YAML documents, with its CRDs and hooks.

    Raises:
        OutsideFailure: Helm is missing, or refuses the chart or its values.
    """
    options = ["--namespace", inputs.release, "--kube-version", inputs.kubernetes, "--include-crds"]
    options += [word for api in inputs.apis for word in ("--api-versions", api)]
    command = [str(helm()), "template", inputs.release, str(inputs.archive), "--values", "-", *options]
    return _output(command, stdin=inputs.values)


def chart_version(archive: Path) -> str:
    """The version that a chart states.

    Raises:
        OutsideFailure: Helm is missing, or it is no chart.
    """
    lines = _output([str(helm()), "show", "chart", str(archive)]).splitlines()
    return next((line.partition(":")[2].strip(" \"'") for line in lines if line.startswith("version:")), "")


def kustomized(folder: Path) -> str:
    """The objects of a kustomize folder as YAML documents.

    Raises:
        OutsideFailure: kustomize is missing, or refuses the folder.
    """
    program = _found(KUSTOMIZE, "kustomize folders", "install kustomize, or kubectl, which contains it")
    verb = "build" if program.name == KUSTOMIZE[0] else "kustomize"
    return _output([str(program), verb, str(folder)])


def _found(names: Sequence[str], what: str, hint: str) -> Path:
    for name in names:
        if program := shutil.which(name):
            return Path(program)
    problem = f"{what} are rendered by {' or '.join(names)}, and none is installed"
    raise OutsideFailure.at(names[0], "program", problem, hint)


def _output(command: Sequence[str], *, stdin: bytes = b"") -> str:
    with _alone() as environment:
        done = processes.run(command, stdin=stdin, env=environment, timeout=LONGEST)
    if done.status:
        words = " ".join(done.errors.removeprefix("Error: ").split())
        hint = f"correct it; {Path(command[0]).name} {command[1]} shows the same"
        raise OutsideFailure.at(Path(command[0]).name, "not-rendered", words[:600], hint)
    return done.output.decode(errors="replace")


@contextmanager
def _alone() -> Iterator[Mapping[str, str]]:
    """An environment without this user's settings, repositories and plugins, without git and a link."""
    with tempfile.TemporaryDirectory() as home:
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE)
        yield {"HOME": home, "TMPDIR": home, "PATH": "", **proxies}
