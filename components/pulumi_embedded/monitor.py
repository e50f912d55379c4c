"""The resource monitor in this process, which gets the requests of the program's SDK.

The SDK takes any object with the stub's methods (it is what its own mocks rely on). Requests come from
the threads of the event loop's executor and are answered with the engine's own protobuf messages.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, resource_pb2

from pulumi_embedded import builtin, replacement, step_executor
from pulumi_embedded.checkpoint import State
from pulumi_embedded.deployment import CallFailed, Deployment, make_urn
from pulumi_embedded.errors import EngineError, Problem, Refused
from pulumi_embedded.events import Emitter, Step
from pulumi_embedded.goals import read_goal, source_position
from pulumi_embedded.project import CLI_HINT
from pulumi_embedded.provider_call import ProviderError
from pulumi_embedded.registration import default_provider, register
from pulumi_embedded.values import UNKNOWN, Bag

_FEATURES = [
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    # Not supported but announced, or the SDK asks users to update the CLI; refused by name when used.
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_STATE_MIGRATIONS,
]
_SEVERITIES = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}
_GET_RESOURCE = "pulumi:pulumi:getResource"


class Monitor:
    """Answers the program's requests."""

    def __init__(self, run: Deployment) -> None:
        self._run = run

    def GetDeploymentInfo(self, _request: Any) -> Any:  # noqa: N802 - the protocol's names
        """Return the features of this engine."""
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Create or update a resource; answer with its new state."""
        return self._guard(lambda: self._register(request))

    def _register(self, request: Any) -> Any:
        goal = read_goal(request, self._run.project.root, self._run.registry.instead_of)
        step = register(self._run, goal)
        new = step.new
        assert new is not None  # noqa: S101 - a registration has a new state
        response = resource_pb2.RegisterResourceResponse(
            urn=new.urn, id=new.id, object=new.outputs.struct, unknown=new.urn in self._run.skipped
        )
        # At thousands of resources, two forms of each value are a quarter of the memory; few are read again.
        for state in (step.old, new):
            if state is not None:
                state.inputs.slim()
                state.outputs.slim()
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Take the outputs of a component, or of the stack."""

        def take() -> Any:
            step = self._run.news.get(request.urn)
            if step is None:
                raise self._run.fail("outputs came for a resource that was never registered", request.urn)
            step_executor.change_outputs(self._run, step, Bag(struct=request.outputs))
            return empty_pb2.Empty()

        return self._guard(take)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Look up a resource that is managed elsewhere."""
        return self._guard(lambda: self._read(request))

    def _read(self, request: Any) -> Any:
        run = self._run
        run.check_running()
        if request.type.startswith("pulumi:") and request.type != builtin.REFERENCE:
            raise run.refuse(_refused(f"a look-up of {request.type}"))
        parent = request.parent or run.root
        urn = make_urn(run.stack, run.project.name, parent, request.type, request.name)
        with run.lock:
            if urn in run.claimed:
                raise run.fail(f"duplicate resource URN '{urn}'; give the resource another name", urn)
            run.claimed.add(urn)
        old = run.olds.get(urn)
        new = State(
            urn=urn,
            type=request.type,
            custom=True,
            external=True,
            id=request.id,
            inputs=Bag(struct=request.properties),
            parent=parent,
            dependencies=tuple(sorted(request.dependencies)),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            source_position=source_position(request, run.project.root),
        )
        package = request.type.partition(":")[0]
        new.provider = request.provider or default_provider(run, package, request.version)
        is_other = old is not None and not old.external and old.id != request.id
        step = Step(op="read-replacement" if is_other else "read", old=old, new=new)
        if old is not None:
            run.retained.add(old.urn)
        if request.id != UNKNOWN:
            step_executor.read(run, step)
        if is_other:
            run.replaced.add(urn)
            replacement.report(run, Step(op="replace", old=old, new=new))
        run.news[urn] = step
        return resource_pb2.ReadResourceResponse(urn=urn, properties=new.outputs.struct)

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Call a function of a provider."""
        return self._guard(lambda: self._invoke(request))

    def _invoke(self, request: Any) -> Any:
        run = self._run
        run.check_running()
        package = request.tok.partition(":")[0]
        if package == builtin.PACKAGE and request.tok not in {builtin.READ_OUTPUTS, _GET_RESOURCE}:
            raise run.refuse(_refused(f"the function {request.tok}"))
        reference = request.provider or default_provider(run, package, request.version)
        if request.tok == _GET_RESOURCE:
            return self._get_resource(Bag(struct=request.args).data.get("urn"))
        try:
            response = run.client(reference).invoke(request.tok, request.args, preview=run.preview)
        except ProviderError as error:
            raise CallFailed(f"invocation of {request.tok} returned an error: {error}") from error
        answer: dict[str, Any] = {"return": getattr(response, "return"), "failures": response.failures}
        return resource_pb2.ResourceInvokeResponse(**answer)

    def _get_resource(self, urn: Any) -> Any:
        step = self._run.news.get(str(urn))
        if step is None or step.new is None:
            raise self._run.fail(f"unknown resource {urn}")
        values = Bag({"urn": urn, "id": step.new.id or UNKNOWN, "state": step.new.outputs.data})
        answer: dict[str, Any] = {"return": values.struct}
        return resource_pb2.ResourceInvokeResponse(**answer)

    def SignalAndWaitForShutdown(self, _request: Any) -> Any:  # noqa: N802
        """Let the program end."""
        return empty_pb2.Empty()

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        """Refuse the protocol's other calls by name."""
        if name not in _NOT_DONE:
            raise AttributeError(name)

        def refuse(_request: Any) -> NoReturn:
            raise self._run.refuse(_refused(_NOT_DONE[name]))

        return refuse

    def _guard(self, answer: Callable[[], Any]) -> Any:
        """Translate exceptions into those on which the SDK ends a program."""
        try:
            return answer()
        except EngineError as error:
            raise self._run.refuse(error) from error
        except ProviderError as error:
            raise self._run.fail(str(error)) from error


_NOT_DONE = {
    "RegisterStackTransform": "transforms of the stack",
    "RegisterStackInvokeTransform": "transforms of invokes",
    "RegisterResourceHook": "resource hooks",
    "RegisterErrorHook": "error hooks",
    "RegisterPackage": "parameterized packages",
    "Call": "methods of components of other packages",
    "ExistsResource": "a check whether a resource exists",
}


def _refused(what: str) -> Refused:
    return Refused(
        Problem(
            problem=f"the program uses {what}, which the embedded engine does not handle",
            hint=CLI_HINT,
            code="unsupported",
        )
    )


class Log:
    """The receiver of messages: of `pulumi.log` in the program, and of providers."""

    def __init__(self, events: Emitter) -> None:
        self._events = events

    def Log(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Pass a message on, unless it is for debugging."""
        severity = _SEVERITIES.get(request.severity)
        if severity is not None:
            self._events.diagnostic(severity, request.message, request.urn)
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, _request: Any) -> Any:  # noqa: N802
        """Accept any version: unsupported features are refused on use."""
        return empty_pb2.Empty()
