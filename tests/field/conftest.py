"""The table of the field: small programs on both engines, against an emulated AWS in this process.

Each file of this folder is one kind of mistake. Its docstring names the kind and a public source; its tests
write the smallest program that shows it, run it and compare with the right result. The fixture `stack` gives
each test both engines in turn; `make test` runs the embedded one, `make test-parity` the Pulumi CLI as well.
"""

import io
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.field import cloud as clouds
from tests.field.cloud import Call, Cloud
from tests.fleetfile.conftest import load, problems
from tests.inline_programs import InlineCli, require_cli
from tests.pulumi_embedded.conftest import ENVIRON, PASSPHRASE, SALT
from tests.pulumi_embedded.parity.conftest import LEVEL

from edgefleet import cli as command_line
from edgefleet.commands.session import Lines, Session
from edgefleet.engine.api import Engine, Options
from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.errors import EdgefleetError, Problem
from edgefleet.io.emulator import Emulator
from edgefleet.model.steps import Diagnostic, Operation, Step
from edgefleet.plugin import COMPONENTS
from edgefleet.provider.servicer import Servicer
from edgefleet.provider.serving import listen
from pulumi_embedded import checkpoint as checkpoints
from pulumi_embedded.secrets import open_salt

__all__ = ["load", "problems"]  # fixtures, for what a fleet file alone decides
ENGINES = ["embedded", pytest.param("cli", marks=pytest.mark.pulumi_cli)]
Command = Callable[..., tuple[int, str]]
"""Runs a command line on a stack's engine: its exit code and what it prints."""
PLUGIN = """#!/bin/bash
# The CLI starts this for each instance of the provider; the test serves one for as long as this runs.
exec 3<>/dev/tcp/127.0.0.1/{port}
head -n 1 <&3
exec cat <&3 >/dev/null
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run did, of either engine."""

    result: str
    """``succeeded``, ``failed``, or ``refused`` where it ended without steps: program, project or guard."""
    steps: tuple[Step, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Why it was refused."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    events: Mapping[str, list[Any]] = field(default_factory=dict)
    """dict[urn -> what the engine's events report: operation, keys, diffs, detailed diff]."""

    @cached_property
    def ops(self) -> dict[str, str]:
        """dict[name of a resource -> operation], without what stays the same."""
        return {step.name: step.op for step in self.steps if step.op != "same"}

    @cached_property
    def diffs(self) -> dict[str, list[str]]:
        """dict[name of a resource -> paths that differ]."""
        return {step.name: list(step.diff) for step in self.steps if step.diff}

    @cached_property
    def text(self) -> str:
        """Everything that a person reads: diagnostics and problems, a line for each."""
        lines = [item.message for item in self.diagnostics]
        lines += [f"{item.where} {item.path}: {item.problem}; {item.hint}" for item in self.problems]
        return "\n".join(line.strip() for line in lines)


@dataclass(frozen=True)
class Stack:
    """A project on disk with one stack, an engine and an emulated AWS."""

    root: Path
    engine: Engine
    cloud: Cloud
    name: str = "dev"

    @property
    def calls(self) -> list[Call]:
        """The calls to AWS so far."""
        return self.cloud.calls

    @property
    def is_cli(self) -> bool:
        """Whether the engine is the Pulumi CLI."""
        return self.engine.name == "pulumi"

    def write(self, program: str, **variables: Any) -> None:
        """Write the program; each variable is a line before it."""
        lines = "".join(f"{name} = {value!r}\n" for name, value in variables.items())
        (self.root / "__main__.py").write_text(f"import pulumi\nimport edgefleet\n{lines}{program}")

    def configure(self, **config: Any) -> None:
        """Write the stack's configuration: ``key=value``, or ``key={"secure": text}`` for a secret."""
        values = {name if ":" in name else f"field:{name}": value for name, value in config.items()}
        document = {"encryptionsalt": SALT.salt, "config": LEVEL.sealed(values, SALT.encrypt)}
        (self.root / f"Pulumi.{self.name}.yaml").write_text(yaml.safe_dump(document))

    def run(self, operation: Operation, program: str | None = None, **options: Any) -> Run:
        """Run an operation; `options` are those of the engine (`targets`, `refresh`, `parallel`)."""
        if program is not None:
            self.write(program)
        events: dict[str, list[Any]] = {}
        chosen = Options(stack=self.name, project=self.root, **options)
        try:
            outcome = self.engine.run(operation, chosen, partial(LEVEL.note, events))
        except EdgefleetError as error:
            return Run(result="refused", problems=tuple(error.problems), events=events)
        return Run(
            result=outcome.result,
            steps=outcome.steps,
            diagnostics=outcome.diagnostics,
            outputs=clouds.plain(outcome.outputs),
            events=events,
        )

    def preview(self, program: str | None = None, **options: Any) -> Run:
        """Preview."""
        return self.run("preview", program, **options)

    def up(self, program: str | None = None, **options: Any) -> Run:
        """Bring up; the run may fail."""
        return self.run("up", program, **options)

    def refresh(self, **options: Any) -> Run:
        """Refresh."""
        return self.run("refresh", **options)

    def destroy(self, **options: Any) -> Run:
        """Destroy."""
        return self.run("destroy", **options)

    def state(self) -> dict[str, dict[str, Any]]:
        """dict[name of a resource -> its document in the checkpoint], secrets in clear, without providers."""
        document = json.loads(checkpoint_of(self.root, self.name).read_text())
        level = LEVEL.state(document, lambda salt, text: opened(salt).decrypt(text))
        found = [item for item in level["resources"] if not item["type"].startswith("pulumi:")]
        return {item["urn"].rpartition("::")[2]: item for item in found}

    def another(self, name: str) -> "Stack":
        """Another stack of the same project, empty, with the same engine."""
        make_stack(self.root, name)
        return replace(self, name=name)


@pytest.fixture(scope="session")
def served_cloud() -> Iterator[Cloud]:
    """The emulated AWS of this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
    with clouds.serving() as cloud:
        yield cloud


@pytest.fixture
def cloud(served_cloud: Cloud) -> Cloud:
    """The same, empty."""
    served_cloud.reset()
    return served_cloud


@pytest.fixture(params=ENGINES)
def stack(
    request: pytest.FixtureRequest, tmp_path: Path, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stack]:
    """An empty project with the stack `dev`, on each engine."""
    if request.param == "cli":
        require_cli()
    for name, value in cloud.variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    root = tmp_path / "field"
    make_project(root)
    with ExitStack() as servers:
        provider = partial(make_provider, root, cloud)
        yield Stack(root, ENGINE_OF[request.param](root, provider, servers), cloud)


@pytest.fixture
def command(stack: Any) -> Command:
    """Runs a command line on the stack's engine: its exit code and what it prints."""

    def run(*arguments: str) -> tuple[int, str]:
        out, err = io.StringIO(), io.StringIO()
        session = Session(
            project=stack.root,
            out=Lines(file=out, width=80, highlight=False),
            err=Lines(file=err, width=80, highlight=False),
            stdin=io.StringIO(),
            environment=dict(ENVIRON),
            choose=lambda _: stack.engine,
        )
        code = command_line.run(arguments if "-s" in arguments else [*arguments, "-s", "dev"], session)
        return code, out.getvalue() + err.getvalue()

    return run


def make_project(root: Path) -> None:
    """Write a project with the stack `dev`."""
    root.mkdir()
    (root / "Pulumi.yaml").write_text(
        "name: field\nruntime: python\nbackend: {url: 'file://.'}\n"
        "plugins: {providers: [{name: edgefleet, path: ./plugin}]}\n"
    )
    make_stack(root, "dev")
    (root / ".pulumi" / "meta.yaml").write_text("version: 1\n")


def make_stack(root: Path, name: str) -> None:
    """Write an empty stack: to have the CLI make one takes half a second."""
    checkpoint = checkpoint_of(root, name)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write_bytes(checkpoints.write(checkpoints.Checkpoint(), f"organization/field/{name}", SALT))
    (root / f"Pulumi.{name}.yaml").write_text(f"encryptionsalt: {SALT.salt}\nconfig: {{}}\n")


def checkpoint_of(root: Path, name: str) -> Path:
    """The file of a stack's state."""
    return root / ".pulumi" / "stacks" / "field" / f"{name}.json"


@cache
def opened(salt: str) -> Any:
    """The crypter of a salt: the CLI writes one of its own into a state."""
    return SALT if salt == SALT.salt else open_salt(PASSPHRASE, salt)


def make_provider(root: Path, cloud: Cloud) -> Servicer:
    """One instance of edgefleet's provider."""
    url = cloud.url["emulated"].replace("//", "//emulated@")
    return Servicer(
        components=COMPONENTS,
        project=root,
        start_emulator=lambda _project: Emulator(url=url, pid=0),
    )


def embedded(_root: Path, provider: Any, _servers: ExitStack) -> Engine:
    """The embedded engine."""
    return EmbeddedEngine(factories={"edgefleet": provider}, environ=ENVIRON)


def cli(root: Path, provider: Any, servers: ExitStack) -> Engine:
    """The Pulumi CLI; its plugins are instances of the provider in this process."""
    port = servers.enter_context(starting(provider))
    program = root / "plugin" / "pulumi-resource-edgefleet"
    program.parent.mkdir()
    program.write_text(PLUGIN.format(port=port))
    program.chmod(0o755)
    environ = {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "PULUMI_HOME": str(root.parent / "home")}
    return InlineCli(environ=environ)


ENGINE_OF = {"embedded": embedded, "cli": cli}


@contextmanager
def starting(provider: Any) -> Iterator[int]:
    """Serve a new instance of the provider for each connection to a port, until the connection ends."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        server, port = listen(provider())
        with connection:
            connection.sendall(f"{port}\n".encode())
            connection.recv(1)
        server.stop(None)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
