"""A project in a folder of its own, and an engine that plays back what a test says."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, TextIO

import pytest

from edgefleet import cli
from edgefleet.commands.session import Lines, Session
from edgefleet.engine.api import Engine, OnEvent, Options, Resource, StackState
from edgefleet.fleetfile.load import load_fleet
from edgefleet.io.emulator import Emulator
from edgefleet.keys.derivation import site_key
from edgefleet.model.site_resource import TOKEN, id_of
from edgefleet.model.steps import Operation, Outcome, Step
from edgefleet.site import stored_release
from edgefleet.site.inputs import laid_out, used
from edgefleet.site.render import rendered
from pulumi_embedded.secrets import Crypter, new_salt

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
URN = f"urn:pulumi:dev::fleet::{TOKEN}::"
SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG9uZw=="  # noqa: S105 - made up for the tests
PASSPHRASES = {"shop": "correct horse"}
"""Secrets of the stack."""
MARKED = {"key", "passphrases"}
"""Secret inputs of a site."""
FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: shops
region: dev
recipe: 1
controlPlane: {kind: none, cloud: {region: eu-central-1%s}}
images: {store: "file:images"}
profiles:
  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
sites:
  berlin: {nodes: {n1: {network: {address: 10.20.1.10/24, gateway: 10.20.1.1}}}}
  hamburg: {nodes: {n1: {network: {address: 10.20.2.10/24, gateway: 10.20.2.1}}, n2: {runtime: k3s-agent}}}
  munich: {nodes: {n1: {}}}
"""


@cache
def crypter_of(passphrase: str) -> Crypter:
    """The crypter of all projects: to derive a key is slow on purpose, so a process does it once."""
    return new_salt(passphrase)


class FakeEngine:
    """Does what the fleet file asks for, in memory."""

    name: Literal["local"] = "local"

    def __init__(self) -> None:
        self.done: list[tuple[Operation, Options]] = []
        self.resources: dict[str, Resource] = {}
        self.passphrases = dict(PASSPHRASES)
        self.change: Callable[[Outcome], Outcome] = lambda outcome: outcome
        """Applied to each outcome; may raise."""
        self.releases: dict[str, bytes] = {}
        """dict[key in a store -> release] of the sites of the last run."""

    def state(self, options: Options, *, show_secrets: bool = False) -> StackState:
        """What was brought up."""
        del options
        shown = tuple(self.resources.values())
        if not show_secrets:
            shown = tuple(
                replace(
                    each, inputs={**each.inputs, **dict.fromkeys(MARKED & each.inputs.keys(), "[secret]")}
                )
                for each in shown
            )
        return StackState(resources=shown)

    def run(self, operation: Operation, options: Options, on_event: OnEvent | None = None) -> Outcome:
        """Compare the fleet file with what was brought up."""
        del on_event
        self.done.append((operation, options))
        wanted = {} if operation == "destroy" else self._wanted(options)
        if operation == "refresh":
            wanted = dict(self.resources)
        names = dict.fromkeys((*wanted, *self.resources))
        steps = tuple(self._step(name, self.resources.get(name), wanted.get(name)) for name in names)
        outcome = self.change(
            Outcome(
                engine="local",
                stack=options.stack,
                operation=operation,
                result="succeeded",
                steps=steps,
                seconds=1.5,
            )
        )
        if operation != "preview" and outcome.result == "succeeded":
            self.resources = wanted
        return outcome

    def _wanted(self, options: Options) -> dict[str, Resource]:
        fleet = load_fleet(options.project / "stacks" / f"{options.stack}.fleet.yaml", options.project)
        made = {}
        for name, spec in fleet.sites.items():
            key = site_key(
                SECRET, fleet=spec.fleet, region=spec.region, site=name, generation=spec.key_generation
            )
            whole = rendered(spec, key, self.passphrases)
            images = {
                node: {
                    "seed": image.seed,
                    "uri": f"file:images/sites/{name}/{node}.iso",
                    "parts": image.parts,
                    "release": image.release,
                }
                for node, image in whole.images.items()
            }
            self.releases[stored_release.key(name, whole.release.digest)] = whole.release.data
            release = {"digest": whole.release.digest, "uri": f"file:images/releases/{name}/a.json"}
            made[name] = Resource(
                urn=URN + name,
                type=TOKEN,
                id=id_of(fleet.images.store, name),
                inputs=laid_out(
                    spec,
                    store=fleet.images.store,
                    key=key,
                    passphrases=used(spec, self.passphrases),
                    identity=None,
                ),
                outputs={"images": images, "release": release},
                modified="2026-11-12T12:00:00.123456789Z",
            )
        return made

    def _step(self, name: str, old: Resource | None, new: Resource | None) -> Step:
        op: Any = "create" if old is None else "delete" if new is None else "update"
        if old is not None and new is not None and old.inputs == new.inputs:
            op = "same"
        return Step(
            urn=URN + name,
            op=op,
            type=TOKEN,
            old_inputs=old.inputs if old else {},
            new_inputs=new.inputs if new else {},
            old_outputs=old.outputs if old else {},
            new_outputs=new.outputs if new else {},
        )


class Terminal(io.StringIO):
    """A stream of a terminal."""

    def isatty(self) -> bool:
        """Somebody is there."""
        return True


@dataclass
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Stdout as JSON."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass
class World:
    """A project, an engine, and the outside world of the command line."""

    project: Path
    engine: FakeEngine = field(default_factory=FakeEngine)
    real: Engine | None = None
    """Takes the place of the played engine."""
    environment: dict[str, str] = field(default_factory=dict)
    is_drawn: bool = False
    """Whether stderr is a terminal, on which progress is drawn."""
    was_lost: bool = False
    """The emulated cloud ended, and the next to ask learns of it."""
    now: datetime = NOW
    sleep: Callable[[float], None] = lambda _: None

    def run(self, *arguments: str, typed: str | None = None, piped: str = "") -> Ran:
        """Run one command line; stdin is `piped`, or a terminal on which somebody `typed`."""
        out, err = io.StringIO(), Terminal() if self.is_drawn else io.StringIO()
        session = self.session(out, err, io.StringIO(piped) if typed is None else Terminal(typed))
        code = cli.run(arguments, session)
        said = err.getvalue()
        assert "Traceback" not in said
        return Ran(code, out.getvalue(), said)

    def session(self, out: TextIO, err: TextIO, stdin: TextIO) -> Session:
        """The surroundings of a command."""
        return Session(
            project=self.project,
            out=Lines(file=out, width=80, highlight=False),
            err=Lines(file=err, width=80, highlight=False),
            stdin=stdin,
            environment=self.environment,
            choose=lambda _: self.real or self.engine,
            emulator=self._emulator,
            now=lambda: self.now,
            sleep=self.sleep,
        )

    def _emulator(self, _: Path) -> Emulator:
        lost, self.was_lost = self.was_lost, False
        return Emulator(url="http://127.0.0.1:1", pid=1, was_lost=lost)

    @property
    def operations(self) -> list[Operation]:
        """The engine's operations."""
        return [operation for operation, _ in self.engine.done]

    @property
    def fleet_file(self) -> Path:
        """The fleet file of the stack dev."""
        return self.project / "stacks" / "dev.fleet.yaml"

    def edit(self, old: str, new: str) -> None:
        """Replace a text in the fleet file."""
        text = self.fleet_file.read_text()
        assert old in text
        self.fleet_file.write_text(text.replace(old, new))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A project with one stack, three sites, never brought up."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text(
        "name: fleet\nruntime: python\nstackConfigDir: stacks\nbackend: {url: 'file://.'}\n"
    )
    made = World(tmp_path)
    made.fleet_file.write_text(FLEET % "")
    yield made
    assert not [path.name for path in tmp_path.rglob("*.tmp")]


@pytest.fixture
def up(world: World) -> World:
    """The same, brought up."""
    assert world.run("up", "-s", "dev", "-y").code == 0
    world.engine.done.clear()
    return world


@pytest.fixture
def known(up: World) -> World:
    """Brought up, with the fleet secret that the played engine uses."""
    return with_secrets(up)


def with_secrets(world: World) -> World:
    """A world whose stack has the secrets of the played engine."""
    world.environment["PULUMI_CONFIG_PASSPHRASE"] = word = "of the tests"  # noqa: S105 - made up
    crypter = crypter_of(word)
    (world.project / "stacks" / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {crypter.salt}\n"
        f"config:\n  fleet:secret: {{secure: '{crypter.encrypt(SECRET)}'}}\n"
        f"  fleet:passphrases: {{secure: '{crypter.encrypt(json.dumps(PASSPHRASES))}'}}\n"
    )
    return world
