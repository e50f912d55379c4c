# ruff: noqa: N802 - the protocol names its calls
"""`KubernetesServicer`: Pulumi's provider protocol for the package ``kubernetes``, called in-process."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as proto

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure
from edgefleet.io.clock import Clock, RealClock
from edgefleet.io.kubeconfig import Access, read_access
from edgefleet.io.kubernetes import POLICY, ApiServer
from edgefleet.io.project import project_folder
from edgefleet.io.web import Policy
from edgefleet.model.kubernetes import DEFAULT_NAMESPACE, Kind
from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.engine_log import EngineLog, Log, silent
from edgefleet.provider.failures import answering, failures_of, type_of
from edgefleet.provider.kubernetes import admission
from edgefleet.provider.kubernetes.cluster import ClusterTarget
from edgefleet.provider.kubernetes.managers import manager_name
from edgefleet.provider.kubernetes.rendering import DirectoryTarget
from edgefleet.provider.kubernetes.replacement import Mutable, compare
from edgefleet.provider.kubernetes.settings import Settings, read_settings
from edgefleet.provider.kubernetes.state import normalized, to_object, to_properties
from edgefleet.provider.kubernetes.target import Foreseen, Recorded, Target, Wanted
from edgefleet.provider.properties import decode, encode, plain

_KUBECONFIG = ("kubeconfig", "context", "cluster")


class KubernetesServicer(provider_pb2_grpc.ResourceProviderServicer):
    """One provider: its configuration, and Check to Delete of its objects.

    Args:
        environ: variables of the environment.
        clock: where time comes from.
        policy: what the API server may do.
        project: the project's directory; by default the working directory of the process.
        log: reports messages to the engine's user; by default to the engine that attaches itself.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        policy: Policy = POLICY,
        project: Path | None = None,
        log: Log = silent,
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._clock, self._policy, self._project = clock or RealClock(), policy, project
        self._log = log
        self._warned: set[tuple[str, str]] = set()
        self._foreseen = Foreseen()
        self._settings: Settings | None = None
        self._made: Target | None = None
        self._id = ""
        self._lock = Lock()

    def attach_engine(self, engine: Any) -> None:
        """Take an engine in this process: an object with the calls of the protocol's ``Engine`` service."""
        self._log = EngineLog(engine.Log)

    def instead_of(self, token: str) -> str:
        """What to use in place of a component of the package, which only the real plugin builds."""
        return admission.instead_of(token)

    def outputs_of(self, request: Any) -> Callable[[object], Mapping[str, Any]]:
        """Outputs are plain data already."""
        del request
        return lambda outputs: outputs if isinstance(outputs, Mapping) else {}

    @answering
    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        """The version of the Python package: that of the plugin whose state this provider writes."""
        return plugin_pb2.PluginInfo(version=version("pulumi-kubernetes"))

    # its configuration

    @answering
    def CheckConfig(self, request: Any, _context: Any) -> Any:
        """All problems of the configuration at once."""
        known = _known(request.news)
        settings, problems = read_settings(known, self._environ)
        if known.get("kubeconfig") and not settings.render_yaml_to_directory:
            try:
                self._cluster_of(known)
            except InvalidInput as error:
                problems += [replace(problem, path="kubeconfig", where="") for problem in error.problems]
        return proto.CheckResponse(inputs=request.news, failures=failures_of(problems, {"kubeconfig"}))

    @answering
    def DiffConfig(self, request: Any, _context: Any) -> Any:
        """Another cluster, or directory, replaces all objects; a new login to the same does not."""
        olds, news = (plain(decode(struct)) for struct in (request.old_inputs, request.news))
        diffs = sorted(name for name in olds.keys() | news.keys() if olds.get(name) != news.get(name))
        replaces = self._config_replaces(olds, news, diffs)
        some, none = proto.DiffResponse.DIFF_SOME, proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(changes=some if diffs else none, diffs=diffs, replaces=replaces)

    def _config_replaces(self, olds: dict[str, Any], news: dict[str, Any], diffs: list[str]) -> list[str]:
        before, now = olds.get("clusterIdentifier"), news.get("clusterIdentifier")
        if before and now:
            return ["clusterIdentifier"] if before != now else []
        replaces = ["renderYamlToDirectory"] if "renderYamlToDirectory" in diffs else []
        changed = [name for name in _KUBECONFIG if name in diffs]
        if any(news.get(name) is UNKNOWN for name in changed):
            return replaces + [name for name in changed if news.get(name) is UNKNOWN]
        try:
            is_other = bool(changed) and self._cluster_of(olds) != self._cluster_of(news)
        except InvalidInput:  # the recorded kubeconfig may name a file that is gone
            is_other = True
        return replaces + (changed if is_other else [])

    def _cluster_of(self, values: Mapping[str, Any]) -> tuple[str, bytes]:
        settings, _ = read_settings(values, self._environ)
        return self._access(settings).cluster

    def _access(self, settings: Settings) -> Access:
        return read_access(
            settings.kubeconfig,
            context=settings.context,
            cluster=settings.cluster,
            environ=self._environ,
        )

    @answering
    def Configure(self, request: Any, _context: Any) -> Any:
        """Take the configuration; the cluster is not called yet."""
        self._settings, problems = read_settings(_known(request.args), self._environ)
        if problems:
            raise InvalidInput(problems)
        self._id, self._made = request.id, None
        return proto.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=True
        )

    def _made_target(self) -> Target:
        settings = self._configured
        if settings.render_yaml_to_directory:
            root = project_folder() if self._project is None else self._project
            directory = root / settings.render_yaml_to_directory
            return DirectoryTarget(directory, settings.namespace or DEFAULT_NAMESPACE, self._warn)
        access = self._access(settings)
        server = ApiServer(access, clock=self._clock, policy=self._policy, warn=self._warn)
        placed = replace(settings, namespace=settings.namespace or access.namespace)
        return ClusterTarget(server, placed, self._clock, self._foreseen, self._warn)

    @property
    def _target(self) -> Target:
        """Where objects go; made at the first use, once."""
        with self._lock:
            if self._made is None:
                self._made = self._made_target()
            return self._made

    @property
    def _configured(self) -> Settings:
        if self._settings is None:
            problem, hint = "the provider is not configured yet", "this is a bug of the engine; run again"
            raise OutsideFailure.at("", "not-configured", problem, hint)
        return self._settings

    def _warn(self, message: str, urn: str = "") -> None:
        """Report a warning, once."""
        with self._lock:
            is_new = (message, urn) not in self._warned
            self._warned.add((message, urn))
        if is_new:
            self._log("warning", message, urn)

    # its objects

    @answering
    def Check(self, request: Any, _context: Any) -> Any:
        """All that is wrong with an object without asking the server; the inputs, in the server's form."""
        token, marks = type_of(request), decode(request.news)
        kind = admission.kind_of(token)
        item = to_object({"apiVersion": kind.api_version, "kind": kind.name, **marks})
        problems = list(admission.problems(token, item))
        if problems:
            return proto.CheckResponse(inputs=request.news, failures=failures_of(problems))
        item = normalized(item)
        self._foreseen.note(item)
        metadata = item["metadata"]
        if metadata is not UNKNOWN and not metadata.get("namespace") and self._is_namespaced(Kind.of(item)):
            metadata["namespace"] = self._target.namespace
        return proto.CheckResponse(inputs=encode(to_properties(item, marks)))

    def _is_namespaced(self, kind: Kind) -> bool | None:
        known = kind.is_namespaced if kind.is_namespaced is not None else self._foreseen.scope(kind)
        return self._target.is_namespaced(kind) if known is None else known

    @answering
    def Diff(self, request: Any, _context: Any) -> Any:
        """The differences to what was applied last, by path."""
        settings, recorded = self._configured, _recorded(request, request.olds)
        self._target.compared(request.urn, recorded)
        mutable = Mutable(
            config_maps=settings.enable_config_map_mutable, secrets=settings.enable_secret_mutable
        )
        news = to_object(decode(request.news))
        return compare(recorded.applied or recorded.live, news, mutable, request.ignoreChanges)

    @answering
    def Create(self, request: Any, _context: Any) -> Any:
        """Create an object, or in a preview return what the server would make of it."""
        wanted = self._wanted(request, request.properties)
        identity, outputs = self._target.create(wanted, is_preview=request.preview)
        return proto.CreateResponse(id=identity, properties=encode(outputs))

    @answering
    def Read(self, request: Any, _context: Any) -> Any:
        """The live object, for refresh and import."""
        recorded = _recorded(request, request.properties)
        wanted = self._wanted(request, request.inputs, recorded)
        seen = self._target.read(recorded, wanted)
        if seen is None:
            return proto.ReadResponse()
        return proto.ReadResponse(id=seen.id, properties=encode(seen.outputs), inputs=encode(seen.inputs))

    @answering
    def Update(self, request: Any, _context: Any) -> Any:
        """Update an object, or in a preview return what the server would make of it."""
        recorded = _recorded(request, request.olds)
        wanted = self._wanted(request, request.news, recorded)
        outputs = self._target.update(recorded, wanted, is_preview=request.preview)
        return proto.UpdateResponse(properties=encode(outputs))

    @answering
    def Delete(self, request: Any, _context: Any) -> Any:
        """Delete an object; success if it does not exist."""
        self._target.delete(_recorded(request, request.properties), request.timeout)
        return Empty()

    def _wanted(self, request: Any, inputs: Struct, recorded: Recorded | None = None) -> Wanted:
        kind = admission.kind_of(type_of(request))
        return Wanted(
            urn=request.urn,
            marks={"apiVersion": kind.api_version, "kind": kind.name, **decode(inputs)},
            manager=(recorded.manager if recorded else "") or manager_name(self._id, request.urn),
            timeout=getattr(request, "timeout", 0),
            ignored=tuple(getattr(request, "ignoreChanges", ())),
            initial=recorded.initial if recorded else "",
        )

    # the rest

    @answering
    def Invoke(self, request: Any, _context: Any) -> Any:
        """No functions are offered."""
        raise _no_function(request.tok)

    @answering
    def Construct(self, request: Any, _context: Any) -> Any:
        """No components are offered."""
        raise _no_function(request.type)


def _no_function(token: str) -> EdgefleetError:
    hint = admission.instead_of(token) or "use the Pulumi CLI (--engine pulumi)"
    return InvalidInput.at("", "no-function", f"{token} is not supported by the embedded engine", hint)


def _recorded(request: Any, outputs: Struct) -> Recorded:
    inputs = next(
        (getattr(request, name) for name in ("inputs", "old_inputs") if hasattr(request, name)), Struct()
    )
    return Recorded(id=request.id, outputs=plain(decode(outputs)), inputs=decode(inputs))


def _known(struct: Struct) -> dict[str, Any]:
    """Plain values of a configuration, without those that are not known yet."""
    return {name: value for name, value in plain(decode(struct)).items() if value is not UNKNOWN}
