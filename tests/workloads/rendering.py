"""What tests of charts and manifests render with: a project, a cache, and charts that the tests make."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.sourcing import Sources
from edgefleet.workloads.base.foreign import Rendering


def rendering(folder: Path, name: str = "agent", kubernetes: str = "1.36.4") -> Rendering:
    """Of the workload `name`, in the project `folder`."""
    sources = Sources(ArtifactCache(folder / "cache", project=folder), {})
    return Rendering(name=name, project=folder, kubernetes=kubernetes, fetch=sources.fetch)


def archive(path: Path, files: Mapping[str, str]) -> str:
    """Write the archive of the chart ``agent``; its hex SHA-256, which is the same each time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in sorted(files.items()):
            entry = tarfile.TarInfo(f"agent/{name}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", 0, file, mtime=0) as packed,
    ):  # 0: the same bytes always
        packed.write(buffer.getvalue())
    return sha256(path.read_bytes()).hexdigest()


CHART = {
    "Chart.yaml": "apiVersion: v2\nname: agent\nversion: 1.8.2\nappVersion: 1.8.2\n",
    "values.yaml": "image: registry.example/agent:1.8.2\nreplicas: 1\nnote: none\n",
    "crds/probes.yaml": """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: probes.agent.example}
spec:
  group: agent.example
  scope: Cluster
  names: {kind: Probe, plural: probes, singular: probe, listKind: ProbeList}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
""",
    "templates/probe.yaml": """\
apiVersion: agent.example/v1
kind: Probe
metadata: {name: {{ .Release.Name }}}
""",
    "templates/agent.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, annotations: {note: {{ .Values.note | quote }}}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent, minor: {{ .Capabilities.KubeVersion.Minor | quote }}}}
    spec: {containers: [{name: agent, image: {{ .Values.image }}}]}
""",
    "templates/tests/test.yaml": """\
apiVersion: v1
kind: Pod
metadata: {name: check, annotations: {helm.sh/hook: test}}
spec: {containers: [{name: check, image: registry.example/check:1}]}
""",
}
"""dict[path in the chart -> text] of a chart with a CRD, an object of it, a Deployment and a test."""
