"""Projects for the scenarios, one for each engine, with the stand-in as their provider."""

import dataclasses
import importlib.util
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgefleet.engine import Engine, Local, Options, PulumiCli
from edgefleet.engine.pulumi_cli import find_command
from edgefleet.local import checkpoint as checkpoints
from edgefleet.local.secrets import new_salt, open_salt
from edgefleet.planning.steps import Outcome

HERE = Path(__file__).parent
STANDIN = HERE / "standin"
SCENARIOS = sorted(path.stem for path in (HERE / "scenarios").glob("*.py"))
PASSPHRASE = "correct horse"  # noqa: S105 - of stacks that live as long as a test
HEAD = "from things import *\nimport pulumi\n"


def load(path: Path) -> Any:
    """Load a Python file that is no part of a package."""
    spec = importlib.util.spec_from_file_location(f"parity_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SERVICER = load(STANDIN / "servicer.py").Servicer
SALT = new_salt(PASSPHRASE)


@dataclass(frozen=True, slots=True)
class Playground:
    """A project on disk, and the engine that works on it."""

    root: Path
    engine: Engine

    def write(self, program: str, variables: Mapping[str, Any]) -> None:
        """Write the program; each variable is a line of it."""
        lines = "".join(f"{name} = {value!r}\n" for name, value in variables.items())
        (self.root / "__main__.py").write_text(HEAD + lines + program)

    def run(self, operation: Any, *, targets: tuple[str, ...] = ()) -> Outcome:
        """Run the engine."""
        return self.engine.run(operation, Options(stack="dev", project=self.root, targets=targets))

    def with_engine(self, engine: Engine) -> "Playground":
        """Hand the project to another engine."""
        return Playground(self.root, engine)

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
        """Return the calls that changed something, in order of ids."""
        path = self.root / ".standin" / "calls.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return sorted(f"{call['call']} {call['id']}" for call in map(json.loads, lines))

    def state(self) -> dict[str, Any]:
        """Return the checkpoint in clear, without times and traces, by URN; ids of providers are levelled."""
        path = self.root / ".pulumi" / "stacks" / "fleet" / "dev.json"
        found = checkpoints.read(path.read_bytes(), str(path), lambda salt: open_salt(PASSPHRASE, salt))
        ids = {item.id: f"id of {item.name}" for item in found.resources if item.is_provider}
        resources = [level(item, ids) for item in found.resources]
        return {
            "resources": sorted(resources, key=lambda item: (item["urn"], item["delete"], item["id"])),
            "pending": sorted(f"{item.type} {item.resource.urn}" for item in found.pending),
        }


def level(state: checkpoints.State, ids: Mapping[str, str]) -> dict[str, Any]:
    """Spell a state without what two runs never share."""
    fields = {
        name.name: getattr(state, name.name)
        for name in dataclasses.fields(state)
        if name.name not in {"created", "modified", "recorded", "alias"}
    }
    fields["inputs"], fields["outputs"] = state.inputs.data, state.outputs.data
    fields["id"] = ids.get(state.id, state.id)
    urn, _, id_ = state.provider.rpartition("::")
    fields["provider"] = f"{urn}::{ids.get(id_, id_)}" if state.provider else ""
    if state.type == checkpoints.STACK_TYPE:
        fields["source_position"] = ""
    for key in ("dependencies",):
        fields[key] = sorted(fields[key])
    fields["property_dependencies"] = {key: sorted(urns) for key, urns in state.property_dependencies.items()}
    fields["has_times"] = bool(state.created) and bool(state.modified)
    return fields


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
        "plugins: {providers: [{name: edgefleet, path: ./plugin}]}\n"
    )
    (root / "stacks").mkdir()
    secret = SALT.encrypt("hush")
    (root / "stacks" / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {SALT.salt}\nconfig:\n  fleet:secret:\n    secure: {secret}\n  fleet:region: eu\n"
    )
    checkpoint = root / ".pulumi" / "stacks" / "fleet" / "dev.json"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(checkpoints.write(checkpoints.Checkpoint(), "organization/fleet/dev", SALT))
    (root / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    return root


@pytest.fixture
def local(tmp_path: Path) -> Playground:
    """A project of the embedded engine."""
    engine = Local(factories={"edgefleet": SERVICER}, environ={"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE})
    return Playground(make_project(tmp_path / "local"), engine)


@pytest.fixture
def cli(tmp_path: Path) -> Playground:
    """A project of the Pulumi CLI; the test is skipped where there is none."""
    command = find_command()
    if command is None:
        pytest.skip("the Pulumi CLI is not on PATH, or is too old: parity was not checked")
    environ = {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "PULUMI_HOME": str(tmp_path / "home")}
    return Playground(make_project(tmp_path / "cli"), PulumiCli(command=command, environ=environ))


@pytest.fixture(params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> Any:
    """Each scenario in turn."""
    return load(HERE / "scenarios" / f"{request.param}.py")
