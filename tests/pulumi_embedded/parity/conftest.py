"""Projects for the scenarios, one for each engine, with the stand-in as their provider."""

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2_grpc
from tests.inline_programs import InlineCli, require_cli
from tests.pulumi_embedded.conftest import ENVIRON, PASSPHRASE, SALT

from edgefleet.engine.api import Engine, Options
from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.errors import EdgefleetError
from pulumi_embedded import checkpoint as checkpoints
from pulumi_embedded.secrets import open_salt

HERE = Path(__file__).parent
STANDIN = HERE / "standin"
GOLDEN = HERE.parents[1] / "golden" / "parity"
HEAD = "from things import *\nimport pulumi\n"
CONFIG = {"fleet:secret": {"secure": "hush"}, "fleet:region": "eu"}


def load(path: Path) -> Any:
    """Load a Python file that is no part of a package."""
    spec = importlib.util.spec_from_file_location(f"parity_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_scenarios() -> dict[str, Any]:
    """Load each scenario by name; one with cases is as many scenarios, ``<name>-<case>``."""
    scenarios: dict[str, Any] = {}
    for path in sorted((HERE / "scenarios").glob("*.py")):
        scenario = load(path)
        cases = getattr(scenario, "CASES", None)
        if cases is None:
            scenarios[path.stem] = scenario
            continue
        for case, variables in cases.items():
            runs = [
                (operation, {**more, **variables})
                for operation, more in scenario.RUNS[: scenario.LENGTH.get(case)]
            ]
            scenarios[f"{path.stem}-{case}"] = SimpleNamespace(PROGRAM=scenario.PROGRAM, RUNS=runs)
    return scenarios


SCENARIOS = load_scenarios()
SERVICER = load(STANDIN / "servicer.py").Servicer
LEVEL = load(HERE / "levelling.py")


@dataclass(frozen=True, slots=True)
class Playground:
    """A project on disk, and the engine that works on it."""

    root: Path
    engine_at: Callable[[Path], Engine]
    """Makes the engine for a project's folder."""

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.engine_at(self.root)

    def write(self, program: str, variables: Mapping[str, Any]) -> None:
        """Write the program; each variable is a line of it."""
        lines = "".join(f"{name} = {value!r}\n" for name, value in variables.items())
        (self.root / "__main__.py").write_text(HEAD + lines + program)

    def configure(self, config: Mapping[str, Any]) -> None:
        """Write the stack's file; `{"secure": text}` is encrypted."""
        document = {"encryptionsalt": SALT.salt, "config": LEVEL.sealed(config, SALT.encrypt)}
        (self.root / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document))

    def run(self, operation: Any, **options: Any) -> dict[str, Any]:
        """Run the engine; return what it said, without what two runs never share."""
        words = operation.rstrip("!").split()
        told: dict[str, list[Any]] = {}
        wanted = Options(stack="dev", project=self.root, refresh="--refresh" in words, **options)
        try:
            outcome = self.engine.run(words[0], wanted, partial(LEVEL.note, told))
        except EdgefleetError as error:
            return {"result": "raised", "where": [item.where for item in error.problems], "events": told}
        return {
            "result": outcome.result,
            "steps": LEVEL.steps(outcome),
            "errors": LEVEL.failed(outcome),
            "outputs": LEVEL.plain(outcome.outputs),
            "events": told,
        }

    def handed_to(self, heir: "Playground") -> "Playground":
        """Hand the project to the engine of another."""
        return Playground(self.root, heir.engine_at)

    def outside(self, changes: Mapping[str, Any]) -> None:
        """Change things behind the engine's back; None deletes."""
        for id_, inputs in changes.items():
            path = self.root / ".standin" / "things" / f"{id_}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            if inputs is None:
                path.unlink()
            else:
                path.write_text(json.dumps(inputs))

    def things(self) -> dict[str, Any]:
        """Return what exists."""
        folder = self.root / ".standin" / "things"
        return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}

    def calls(self) -> list[str]:
        """Return the calls but for checks and previews, in an order that parallel runs share."""
        path = self.root / ".standin" / "calls.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return sorted(f"{call['call']} {call['id']}" for call in map(json.loads, lines))

    def state(self) -> dict[str, Any]:
        """Return the checkpoint's documents in clear, but for what two runs never share."""
        document = json.loads((self.root / ".pulumi" / "stacks" / "fleet" / "dev.json").read_text())
        return dict(LEVEL.state(document, self._decrypt))

    def _decrypt(self, salt: str, text: str) -> str:
        return (SALT if salt == SALT.salt else open_salt(PASSPHRASE, salt)).decrypt(text)


def play(scenario: Any, playground: Playground, number: int) -> dict[str, Any]:
    """Make one of a scenario's runs; return all there is to compare of it."""
    operation, variables = scenario.RUNS[number]
    targets = tuple(getattr(scenario, "TARGETS", {}).get(number, ()))
    playground.write(scenario.PROGRAM, variables)
    playground.configure({**CONFIG, **getattr(scenario, "CONFIG", {}).get(number, {})})
    playground.outside(getattr(scenario, "OUTSIDE", {}).get(number, {}))
    plan = {}
    if operation == "up" and number == len(scenario.RUNS) - 1:
        plan = playground.run("preview", targets=targets)
    done = playground.run(operation, targets=targets)
    assert operation.endswith("!") == (done["result"] != "succeeded"), done
    return {
        "operation": operation,
        "plan": plan,
        "done": done,
        "state": playground.state(),
        "things": playground.things(),
        "calls": playground.calls(),
    }


def look(scenario: Any, playground: Playground) -> dict[str, Any]:
    """Preview what a scenario ended with; after an `up` of everything there is nothing to do."""
    operation, _ = scenario.RUNS[-1]
    found = playground.run("preview")
    if operation.partition(" ")[0] == "up" and len(scenario.RUNS) - 1 not in getattr(scenario, "TARGETS", {}):
        assert "succeeded" == found["result"], found
        assert found["steps"], "the stack itself is a step"
        assert {"same", "read"} >= {op for _, op, *_ in found["steps"]}, found["steps"]
    return {key: found.get(key) for key in ("result", "where", "steps", "errors", "outputs")}


def record(name: str, runs: list[dict[str, Any]]) -> None:
    """Keep what the CLI did."""
    GOLDEN.mkdir(exist_ok=True)
    lines = json.dumps(runs, indent=1, sort_keys=True)
    (GOLDEN / f"{name}.json").write_text(f"{lines}\n")


def recorded(name: str) -> Any:
    """Return what the CLI was recorded to do; made with UPDATE_GOLDEN=1."""
    return json.loads((GOLDEN / f"{name}.json").read_text())


def make_project(root: Path) -> Path:
    """Make a project whose provider is the stand-in."""
    root.mkdir(parents=True)
    plugin = root / "plugin"
    plugin.mkdir()
    for name in ("__main__.py", "servicer.py"):
        shutil.copy(STANDIN / name, plugin / name)
    options = json.dumps({"name": "python", "options": {"virtualenv": sys.prefix}})
    (plugin / "PulumiPlugin.yaml").write_text(f"runtime: {options}\n")
    shutil.copy(STANDIN / "things.py", root / "things.py")
    (root / "Pulumi.yaml").write_text(
        f"name: fleet\nruntime: {options}\nstackConfigDir: stacks\nbackend: {{url: 'file://.'}}\n"
        "plugins: {providers: [{name: example, path: ./plugin}]}\n"
    )
    (root / "stacks").mkdir()
    checkpoint = root / ".pulumi" / "stacks" / "fleet" / "dev.json"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(checkpoints.write(checkpoints.Checkpoint(), "organization/fleet/dev", SALT))
    (root / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    return root


@contextmanager
def serving(root: Path) -> Iterator[int]:
    """Serve a project's own stand-in, as its plugin would, on a port of the loopback."""
    server = grpc.server(ThreadPoolExecutor(max_workers=16))
    servicer = load(root / "plugin" / "servicer.py").Servicer
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer(root / ".standin"), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


def local_at(_root: Path) -> Engine:
    """Return the embedded engine."""
    return EmbeddedEngine(factories={"example": SERVICER}, environ=ENVIRON)


def cli_at(root: Path, *, home: Path, command: Any, servers: ExitStack) -> Engine:
    """Return the Pulumi CLI, with the stand-in served by this process: a plugin takes a second to start."""
    port = servers.enter_context(serving(root))
    environ = {
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_HOME": str(home),
        "PULUMI_DEBUG_PROVIDERS": f"example:{port}",
    }
    return InlineCli(command=command, environ=environ)


@pytest.fixture
def local(tmp_path: Path) -> Playground:
    """A project of the embedded engine."""
    playground = Playground(make_project(tmp_path / "local"), local_at)
    playground.configure(CONFIG)
    return playground


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Playground]:
    """A project of the Pulumi CLI; the test is skipped where there is none."""
    command = require_cli()
    with ExitStack() as servers:
        at = cache(partial(cli_at, home=tmp_path / "home", command=command, servers=servers))
        playground = Playground(make_project(tmp_path / "cli"), at)
        playground.configure(CONFIG)
        yield playground


@pytest.fixture(params=SCENARIOS)
def name(request: pytest.FixtureRequest) -> str:
    """Each scenario's name in turn."""
    return str(request.param)


@pytest.fixture
def parity() -> Any:
    """What the tests share."""
    return SimpleNamespace(
        play=play,
        look=look,
        differences=LEVEL.differences,
        record=record,
        recorded=recorded,
        GOLDEN=GOLDEN,
        SCENARIOS=SCENARIOS,
    )


@pytest.fixture
def scenario(name: str) -> Any:
    """Each scenario in turn."""
    return SCENARIOS[name]
