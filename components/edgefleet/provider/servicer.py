# ruff: noqa: N802 - the protocol names its calls
"""`Servicer`: Pulumi's provider protocol, for the plugin over gRPC and for the embedded engine directly.

It uses the SDK's messages but not its server, which (3.272) passes an unknown value on as its reserved
string, so that it would be hashed into an image; drops the old inputs of Diff and Update; cannot answer
DiffConfig with a detailed difference; shows tracebacks; and never reports a partly created resource.
`tests/contract` tests each of the five.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from google.protobuf.empty_pb2 import Empty
from pulumi.resource import ComponentResource
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as proto

from edgefleet.errors import InvalidInput, OutsideFailure, Refused
from edgefleet.io import emulator
from edgefleet.io.clock import RealClock
from edgefleet.io.environment import Environment, Resource, Warn
from edgefleet.io.project import project_folder
from edgefleet.io.version import version
from edgefleet.model.cloud import AMBIENT, problems_of
from edgefleet.model.differ import changes
from edgefleet.provider import properties
from edgefleet.provider.configuration import Config, Starter, connect, settings
from edgefleet.provider.constructing import Components
from edgefleet.provider.differing import answer as answer_of
from edgefleet.provider.engine_log import EngineLog, Log, silent
from edgefleet.provider.failures import answering, failures_of, type_of
from edgefleet.provider.lifecycle import Lifecycle
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.schema import schema_json
from edgefleet.provider.site_effects import SiteEffects
from edgefleet.provider.validation import check, parse


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One provider: Check to Delete of the custom resources, Construct of the components, one schema."""

    def __init__(
        self,
        *,
        resources: Iterable[Resource] = RESOURCES,
        components: Iterable[type[ComponentResource]] = (),
        project: Path | None = None,
        start_emulator: Starter = emulator.ensure,
        log: Log | None = None,
    ) -> None:
        """Access nothing outside before `Configure`.

        Args:
            resources: the custom resources.
            components: the component resources; they are above this package, so the caller passes them in.
            project: the project's directory; by default the working directory of the process.
            start_emulator: finds or starts the emulated cloud.
            log: reports messages to the engine's user; by default through the engine's own service.
        """
        self._resources = tuple(resources)
        self._lifecycles = {each.TOKEN: Lifecycle(each) for each in self._resources}
        self._components = Components(components)
        self._project, self._start_emulator = project, start_emulator
        self._log = log
        self._engine_address = ""
        self._environment: Environment | None = None
        self._is_cancelled = threading.Event()
        self._effects = SiteEffects(self._report, self._directory)

    # about the provider

    @answering
    def Handshake(self, request: Any, _context: Any) -> Any:
        """Exchange capabilities."""
        self._engine_address = request.engine_address
        return proto.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=True,
            accept_outputs=True,
            supports_autonaming_configuration=False,
        )

    @answering
    def Attach(self, request: Any, _context: Any) -> Any:
        """Take the address of an engine that attaches to a running provider."""
        self._engine_address = request.address
        return Empty()

    @answering
    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        """The version."""
        return plugin_pb2.PluginInfo(version=version())

    @answering
    def GetSchema(self, request: Any, _context: Any) -> Any:
        """The one schema of resources and components."""
        if request.version != 0:
            problem = f"version {request.version} of the schema format is not known"
            raise InvalidInput.at("", "schema", problem, "ask for version 0")
        return proto.GetSchemaResponse(schema=schema_json(self._resources, self._components.schema))

    @answering
    def GetMapping(self, _request: Any, _context: Any) -> Any:
        """No other tool's resources are mapped to ours."""
        return proto.GetMappingResponse()

    @answering
    def GetMappings(self, _request: Any, _context: Any) -> Any:
        """The same."""
        return proto.GetMappingsResponse()

    @answering
    def Parameterize(self, _request: Any, _context: Any) -> Any:
        """Not offered."""
        raise InvalidInput.at("", "parameterize", "edgefleet takes no parameters", "use it as it is")

    # its configuration

    @answering
    def CheckConfig(self, request: Any, _context: Any) -> Any:
        """All problems of the configuration at once."""
        values = properties.plain(properties.decode(request.news))
        config, found = check(Config, settings(values))
        if config is not None:
            found.extend(problems_of(config))
        return proto.CheckResponse(inputs=request.news, failures=failures_of(found))

    @answering
    def DiffConfig(self, request: Any, _context: Any) -> Any:
        """Never replace a provider: that would replace all of its resources."""
        old, new = (
            settings(properties.plain(properties.decode(each))) for each in (request.old_inputs, request.news)
        )
        return answer_of(changes(Config, old, new), (old, new))

    @answering
    def Configure(self, request: Any, _context: Any) -> Any:
        """Connect to the cloud; the emulated one is found or started."""
        config = parse(Config, settings(properties.plain(properties.decode(request.args))))
        if problems := tuple(problems_of(config)):
            raise InvalidInput(problems)
        self._environment, warning = connect(
            config, self._directory(), self._start_emulator, RealClock(self._is_cancelled)
        )
        self._effects.begin()
        for lifecycle in self._lifecycles.values():
            lifecycle.begin()
        if warning:
            self._report()("warning", warning)
        return proto.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=True
        )

    # custom resources

    @answering
    def Check(self, request: Any, _context: Any) -> Any:
        """All problems of the inputs at once."""
        self._effects.check(type_of(request), request)
        cloud = self._environment.aws.cloud if self._environment else AMBIENT
        return self._lifecycle(request).check(request, self._warn(request), cloud)

    @answering
    def Diff(self, request: Any, _context: Any) -> Any:
        """The differences, by path of the spec."""
        answer = self._lifecycle(request).diff(request)
        self._effects.diff(type_of(request), request, answer)
        return answer

    @answering
    def Create(self, request: Any, _context: Any) -> Any:
        """Create a resource, or in a preview return its outputs."""
        self._not_cancelled(request)
        answer = self._lifecycle(request).create(request, self._ready(request))
        self._effects.create(type_of(request), request, answer)
        return answer

    @answering
    def Read(self, request: Any, _context: Any) -> Any:
        """The live state of a resource, for refresh and import."""
        return self._lifecycle(request).read(request, self._ready(request))

    @answering
    def Update(self, request: Any, _context: Any) -> Any:
        """Update a resource, or in a preview return its outputs."""
        self._not_cancelled(request)
        answer = self._lifecycle(request).update(request, self._ready(request))
        self._effects.update(type_of(request), request, answer)
        return answer

    @answering
    def Delete(self, request: Any, _context: Any) -> Any:
        """Delete a resource; success if it does not exist."""
        self._not_cancelled(request)
        self._lifecycle(request).delete(request, self._ready(request))
        return Empty()

    # the rest

    @answering
    def Construct(self, request: Any, _context: Any) -> Any:
        """Build a component."""
        return self._components.construct(request, self._engine_address)

    @answering
    def Invoke(self, request: Any, _context: Any) -> Any:
        """No functions are offered."""
        raise _no_function(request.tok)

    @answering
    def Call(self, request: Any, _context: Any) -> Any:
        """No methods are offered."""
        raise _no_function(request.tok)

    @answering
    def Cancel(self, _request: Any, _context: Any) -> Any:
        """Finish the calls in progress and accept no more."""
        self._is_cancelled.set()
        return Empty()

    # inside

    def outputs_of(self, request: Any) -> Callable[[object], dict[str, Any]]:
        """Converts typed outputs of the requested resource to plain data."""
        lifecycle = self._lifecycles.get(type_of(request))
        return (lambda _: {}) if lifecycle is None else lifecycle.outputs

    def _lifecycle(self, request: Any) -> Lifecycle:
        token = type_of(request)
        if token not in self._lifecycles:
            problem = f"edgefleet has no resource {token}"
            hint = "it has " + ", ".join(sorted(self._lifecycles))
            raise InvalidInput.at("", "unknown-resource", problem, hint)
        return self._lifecycles[token]

    def _warn(self, request: Any) -> Warn:
        """Reports a warning beside the resource of `request`."""
        return lambda message: self._report()("warning", message, request.urn)

    def _ready(self, request: Any) -> Environment:
        if self._environment is None:
            problem, hint = "the provider is not configured yet", "this is a bug of the engine; run again"
            raise OutsideFailure.at("", "not-configured", problem, hint)
        return replace(self._environment, warn=self._warn(request))

    def _not_cancelled(self, request: Any) -> None:
        if self._is_cancelled.is_set():
            problem, hint = "not started, because the run is being cancelled", "run up again to resume"
            raise Refused.at(request.name, "cancelled", problem, hint)

    def attach_engine(self, engine: Any) -> None:
        """Take an engine in this process: an object with the calls of the protocol's ``Engine`` service."""
        self._log = self._log or EngineLog(engine.Log)

    def _report(self) -> Log:
        if self._log is None and self._engine_address:
            self._log = EngineLog.at(self._engine_address)
        return self._log or silent

    def _directory(self) -> Path:
        return project_folder() if self._project is None else self._project


def _no_function(token: str) -> InvalidInput:
    hint = "use its resources, `pulumi package get-schema` lists them"
    return InvalidInput.at("", "no-function", f"edgefleet has no function {token}", hint)
