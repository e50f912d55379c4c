"""Playing a scenario with one of the two engines; all is compared but what no two runs share."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.cluster.api import Cluster, Refused
from tests.cluster.parity.scenarios import Run, Scenario
from tests.pulumi_embedded.conftest import PASSPHRASE, SALT
from tests.pulumi_embedded.parity import levelling

from edgefleet.engine.api import Engine, Options
from edgefleet.errors import EdgefleetError
from pulumi_embedded.secrets import open_salt

PROGRAM = """
import json
from importlib.metadata import version
from pathlib import Path

import pulumi

VERSION = version("pulumi-kubernetes")
PLAN = json.loads(Path("plan.json").read_text())
OF_VERSION = pulumi.ResourceOptions(version=VERSION)
PROVIDER = pulumi.ProviderResource("kubernetes", "hub", PLAN["provider"], OF_VERSION)
MADE = {}
for name, (item, options) in PLAN["resources"].items():
    api, secrets = item["apiVersion"], ["data", "stringData"] if item["kind"] == "Secret" else None
    token = f"kubernetes:{api if '/' in api else f'core/{api}'}:{item['kind']}"
    item |= {key: pulumi.Output.secret(item[key]) for key in secrets or () if key in item}
    if "custom_timeouts" in options:
        options["custom_timeouts"] = pulumi.CustomTimeouts(**options["custom_timeouts"])
    options["depends_on"] = [MADE[each] for each in options.get("depends_on", ())]
    own = pulumi.ResourceOptions(
        provider=PROVIDER, version=VERSION, additional_secret_outputs=secrets, **options
    )
    MADE[name] = pulumi.CustomResource(token, name, item, own)
"""
"""Registers as the typed classes of pulumi_kubernetes do (tests/fleet/test_workload.py compares the two)."""
_VOLATILE = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "(uid)"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "(time)"),
    (re.compile(r"pulumi-kubernetes-[0-9a-f]{8}"), "(manager)"),
    (re.compile(r"\bit-[0-9a-f]{8}\b"), "it-(random)"),
    (re.compile(r"10\.43\.\d+\.\d+"), "(address)"),
)
_OF_SERVER = ("resourceVersion", "generation")
NODE = "(node)"
"""In place of the name of a Pod's node, which is one of the cluster's."""
Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Playground:
    """A project on disk with a namespace of its own, and the engine that works on it."""

    root: Path
    namespace: str
    cluster: Cluster
    engine_at: Callable[[], Engine]

    def handed_to(self, heir: "Playground") -> "Playground":
        """Hand the project to the engine of another."""
        return Playground(self.root, self.namespace, self.cluster, heir.engine_at)

    def play(self, scenario: Scenario, number: int) -> Shown:
        """Make one of a scenario's runs; return all there is to compare of it."""
        run = scenario.runs[number]
        if run.outside:
            run.outside(self.cluster, self.namespace)
        self._write(scenario, run)
        plan = self.run("preview") if run.operation == "up" else {}
        done = self.run(run.operation)
        found = {"operation": run.operation, "plan": plan, "done": done, "state": self._state()}
        return self._levelled({**found, "live": dict(self._live())})

    def look(self) -> Shown:
        """What a preview of what a scenario ended with finds; often nothing to do."""
        found = self.run("preview")
        return self._levelled({key: found[key] for key in ("result", "steps", "errors")})

    def run(self, operation: Any) -> Shown:
        """Run the engine; return what it reports."""
        told: dict[str, list[Any]] = {}
        wanted = Options(stack="dev", project=self.root)
        try:
            outcome = self.engine_at().run(operation, wanted, partial(levelling.note, told))
        except EdgefleetError as error:
            return {"result": "raised", "steps": [], "errors": [], "events": {}, "messages": [str(error)]}
        return {
            "result": outcome.result,
            "steps": [step[:3] for step in levelling.steps(outcome)],
            "errors": [urn for urn in levelling.failed(outcome) if "kubernetes:" in urn],
            "events": {urn: events for urn, events in told.items() if "kubernetes:" in urn},
            "messages": [item.message for item in outcome.diagnostics if item.severity == "error"],
        }

    def _write(self, scenario: Scenario, run: Run) -> None:
        provider = {"kubeconfig": str(self.cluster.kubeconfig), "namespace": self.namespace}
        resources = {name: (each.object, each.options) for name, each in run.resources.items()}
        plan = json.dumps({"provider": {**provider, **scenario.provider}, "resources": resources})
        (self.root / "plan.json").write_text(plan.replace("NAMESPACE", self.namespace))

    def _state(self) -> list[Any]:
        """The resources on record, those of this package."""
        path = self.root / ".pulumi" / "stacks" / "shops" / "dev.json"
        if not path.exists():
            return []
        state = levelling.state(json.loads(path.read_text()), _decrypt)
        return [each for each in state["resources"] if "kubernetes:" in each["type"]]

    def _live(self) -> Iterator[tuple[str, Any]]:
        """(URN, object) of what is on record and exists."""
        for each in self._state():
            outputs = each.get("outputs", {})
            if "metadata" in outputs:
                with suppress(Refused):
                    yield each["urn"], self.cluster.read(outputs)

    def _levelled(self, found: Shown) -> Shown:
        text = json.dumps(found).replace(self.namespace, "NAMESPACE")
        text = text.replace(str(self.cluster.kubeconfig), "KUBECONFIG")
        for pattern, word in _VOLATILE:
            text = pattern.sub(word, text)
        return dict(_without_times(json.loads(text)))


def _without_times(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_times(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _without_times(each) for key, each in value.items() if key not in _OF_SERVER}
    if "managedFields" in found:
        # Which controllers wrote a status by then depends on the moment.
        found["managedFields"] = sorted(
            f"{each['manager']} {each['operation']}"
            for each in found["managedFields"]
            if "subresource" not in each
        )
    if "nodeName" in found:
        found["nodeName"] = NODE
    if isinstance(found.get("status"), dict):
        found["status"] = "(status)"
    if "initErrors" in found:
        found["initErrors"] = "(reasons)"
    return found


def _decrypt(salt: str, text: str) -> str:
    return (SALT if salt == SALT.salt else open_salt(PASSPHRASE, salt)).decrypt(text)


def make_project(root: Path) -> Path:
    """Make a project whose program registers what ``plan.json`` has."""
    root.mkdir(parents=True)
    (root / "Pulumi.yaml").write_text("name: shops\nruntime: python\nbackend: {url: 'file://.'}\n")
    (root / "Pulumi.dev.yaml").write_text(f"encryptionsalt: {SALT.salt}\nconfig: {{}}\n")
    (root / "__main__.py").write_text(PROGRAM)
    return root


def differences(expected: Any, actual: Any) -> list[str]:
    """Name each place where two values differ."""
    return levelling.differences(expected, actual)


def without_messages(runs: list[Shown]) -> list[Shown]:
    """The same without the words of errors, which each provider has its own of."""

    def bare(run: Mapping[str, Any]) -> Shown:
        return {key: each for key, each in run.items() if key != "messages"}

    return [{**bare(run), "plan": bare(run["plan"]), "done": bare(run["done"])} for run in runs]
