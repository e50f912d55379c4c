"""The objects of the example in docs/examples, as the golden files have them."""

from pathlib import Path
from typing import Any

from edgefleet.io.yaml_text import from_yaml

GOLDEN = Path(__file__).resolve().parents[1] / "golden/workloads"
ELSEWHERE = {"cert-manager.io/v1", "core.spinkube.dev/v1alpha1"}
"""API versions whose schema is another project's; Kubernetes' own has none."""
RENDERED: dict[str, list[dict[str, Any]]] = {
    path.stem: [
        thing for thing in from_yaml(path.read_text(encoding="utf-8")) if thing["apiVersion"] not in ELSEWHERE
    ]
    for path in sorted(GOLDEN.glob("*.yaml"))
}
"""dict[workload -> its objects]; what all workloads share has a name of its own."""
