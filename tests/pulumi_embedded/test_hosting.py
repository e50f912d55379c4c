"""The engine hosts the providers that it is handed, whatever their packages, and no others."""

from typing import Any

import pytest
from pulumi.automation.events import EngineEvent
from pulumi.runtime.proto import engine_pb2
from tests.pulumi_embedded.conftest import ENVIRON, SERVICER, Project

from pulumi_embedded.errors import Refused
from pulumi_embedded.run import Request, run

TWO_PACKAGES = """
pulumi.CustomResource("first:test:Thing", "one", {"value": 1})
cloud = pulumi.ProviderResource("second", "cloud", {})
pulumi.CustomResource("second:test:Thing", "two", {"value": 2}, Opts(provider=cloud))
"""


@pytest.fixture
def hosted(project: Project) -> Any:
    """Runs the engine itself with the stand-in under two packages' names."""
    events: list[EngineEvent] = []
    factories = {"first": SERVICER, "second": SERVICER}

    def perform(program: str, **options: Any) -> tuple[str, list[EngineEvent]]:
        project.write(program)
        request = Request(operation="up", stack="dev", root=project.root, environ=ENVIRON, **options)
        return run(request, factories, events.append).result, events

    return perform


def test_each_package_that_is_handed_in_is_hosted(project: Project, hosted: Any) -> None:
    """With a default provider, and with one of the program's own."""
    assert "succeeded" == hosted(TWO_PACKAGES)[0]
    assert ["one", "two"] == project.recorded()


class Talking(SERVICER):  # type: ignore[misc]  # the stand-in is loaded at run time
    """A servicer that reports what it checks."""

    def attach_engine(self, engine: Any) -> None:
        self._engine = engine

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        self._engine.Log(
            engine_pb2.LogRequest(severity=engine_pb2.WARNING, message="checked", urn=request.urn)
        )
        self._engine.Log(engine_pb2.LogRequest(severity=engine_pb2.DEBUG, message="dull", urn=request.urn))
        return super().Check(request, context)


def test_a_provider_reports_beside_the_resource_that_it_is_about(project: Project) -> None:
    """As through the service at the CLI's address; what is only for debugging is dropped."""
    project.write("Thing('a', {'value': 1})")
    events: list[EngineEvent] = []
    request = Request(operation="preview", stack="dev", root=project.root, environ=ENVIRON)
    run(request, {"example": Talking}, events.append)
    diagnostics = [event.diagnostic_event for event in events if event.diagnostic_event is not None]
    urn = "urn:pulumi:dev::fleet::example:test:Thing::a"
    assert [("warning", "checked", urn)] == [(item.severity, item.message, item.urn) for item in diagnostics]


@pytest.mark.parametrize(
    "line",
    [
        'pulumi.CustomResource("third:a:B", "b", {})',
        'pulumi.ProviderResource("third", "b", {})',
        'pulumi.CustomResource("third:a:B", "b", {}, Opts(id="x"))',
        'pulumi.runtime.invoke("third:a:b", {})',
    ],
)
def test_another_package_is_refused_with_those_that_are_hosted(hosted: Any, line: str) -> None:
    """Whatever of it the program uses."""
    with pytest.raises(
        Refused, match="the embedded engine hosts first, second, not the package 'third' used here"
    ):
        hosted(line)


def test_a_provider_that_the_project_declares_is_one_of_those(project: Project, hosted: Any) -> None:
    """Pulumi.yaml may name each package that is hosted, and no other."""
    text = (project.root / "Pulumi.yaml").read_text()
    plugins = "plugins: {providers: [{name: first, path: a}, {name: third, path: b}]}\n"
    (project.root / "Pulumi.yaml").write_text(text + plugins)
    with pytest.raises(Refused) as caught:
        hosted("")
    assert ["the provider 'third' is not one the embedded engine hosts"] == [
        item.problem for item in caught.value.problems
    ]


def test_an_exception_that_the_host_lets_pass_is_raised_as_it_is(project: Project, hosted: Any) -> None:
    """A guard of the host's own library ends the run with its own words."""
    with pytest.raises(LookupError, match=r"^'a guard'$|^a guard$"):
        hosted('Thing = None\nraise LookupError("a guard")', passes=(LookupError,))
    assert not project.journal.exists()


def test_the_host_names_the_command_that_forgets(project: Project, hosted: Any) -> None:
    """A creation of unknown outcome is reported with what its user types."""
    assert "succeeded" == hosted(TWO_PACKAGES)[0]
    project.leave_pending("creating", "one", as_name="lost")
    result, events = hosted(TWO_PACKAGES, clear_command="ship forget")
    messages = [event.diagnostic_event.message for event in events if event.diagnostic_event is not None]
    assert "succeeded" == result
    assert 1 == len(messages)
    assert "then `ship forget` forgets the attempt" in messages[0]
