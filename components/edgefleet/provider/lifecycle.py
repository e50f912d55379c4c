"""The calls of Pulumi's provider protocol about a custom resource, translated to its module."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as proto

from edgefleet.cloud.base import Placed
from edgefleet.errors import InvalidInput, Problem
from edgefleet.io.environment import Environment, Resource
from edgefleet.io.ownership import owner_of
from edgefleet.model.differ import changes, is_same, without_defaults
from edgefleet.model.paths import format_path, parse_path
from edgefleet.model.spec import Secret as SecretMark
from edgefleet.model.spec import adapter, outside_name, to_plain
from edgefleet.model.type_introspection import at, fields_of
from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider import properties
from edgefleet.provider.differing import answer, is_ignored
from edgefleet.provider.properties import Secret, decode, encode, unknowns
from edgefleet.provider.validation import check, parse


class Lifecycle:
    """The calls about one kind of resource."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._made: dict[str, dict[str, Any]] = {}
        """dict[id -> inputs] of resources created since the provider was configured."""
        self._recorded: dict[str, bytes] = {}
        """dict[URN -> recorded inputs as a serialized `Struct`], where Check was given some."""

    def begin(self) -> None:
        """Begin a run: it has created nothing yet."""
        self._made.clear()
        self._recorded.clear()

    @cached_property
    def _is_placed(self) -> bool:
        """Whether each resource may set its own AWS region."""
        return issubclass(self._resource.Spec, Placed)

    @cached_property
    def _secret_names(self) -> tuple[str, ...]:
        return tuple(name for name in self._fields() if self._is_secret(name))

    def _fields(self) -> Iterable[str]:
        spec: Any = self._resource.Spec
        return fields_of(spec)

    def _is_secret(self, name: str) -> bool:
        shape = at(self._resource.Spec, (name,))
        return shape is not None and any(isinstance(note, SecretMark) for note in shape.notes)

    def check(self, request: proto.CheckRequest) -> proto.CheckResponse:
        """All problems at once; otherwise the inputs, with secret fields marked.

        Inputs that equal the recorded ones were checked when they were recorded.
        """
        if request.olds.fields:
            self._recorded[request.urn] = request.olds.SerializeToString()
            if request.olds == request.news and self._is_marked(request.news):
                return proto.CheckResponse(inputs=request.news)
        try:
            news = decode(request.news)
        except InvalidInput as error:
            return proto.CheckResponse(inputs=request.news, failures=failures_of(error.problems))
        spec, problems = check(self._resource.Spec, properties.plain(news))
        if spec is not None:
            problems.extend(self._resource.inspect(spec))
            if request.olds.fields:
                before = properties.plain(decode(request.olds))
                if (old := check(self._resource.Spec, before)[0]) is not None:
                    problems.extend(self._resource.inspect_change(old, spec))
        exposed = [
            name for name in self._secret_names if name in news and not properties.is_secret(news[name])
        ]
        if not exposed:
            return proto.CheckResponse(inputs=request.news, failures=self._failures(problems))
        hidden = news | {name: Secret(properties.plain(news[name])) for name in exposed}
        return proto.CheckResponse(inputs=encode(hidden), failures=self._failures(problems))

    def _is_marked(self, inputs: Struct) -> bool:
        """Whether each secret field that is given is marked as a secret."""
        given = (inputs.fields[name] for name in self._secret_names if name in inputs.fields)
        return all(properties.SIGNATURE in value.struct_value.fields for value in given)

    def _failures(self, problems: list[Problem]) -> list[proto.CheckFailure]:
        """As `failures_of`; for secret inputs without the property, whose value the CLI would show."""
        return [
            proto.CheckFailure(reason=f"{problem.path}: {problem.problem}; {problem.hint}")
            if parse_path(problem.path)[:1] and parse_path(problem.path)[0] in self._secret_names
            else failure
            for problem, failure in zip(problems, failures_of(problems), strict=True)
        ]

    def diff(self, request: proto.DiffRequest) -> proto.DiffResponse:
        """The differences by path; nothing is rendered and no service is called."""
        recorded = properties.plain(decode(request.olds))
        drift = self._resource.drifted(recorded)
        if not drift and request.old_inputs == request.news:
            return proto.DiffResponse(changes=proto.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
        old, new = (properties.plain(decode(inputs)) for inputs in (request.old_inputs, request.news))
        differences = [
            change
            for change in changes(self._resource.Spec, self._normal(old), self._normal(new))
            if not is_ignored(change, request.ignoreChanges)
        ]
        response = answer(differences, (old, new), drift=drift, replace_on=self._resource.REPLACE_ON)
        if not response.replaces:
            response.stables.extend(sorted(self._resource.STABLE))
        # Where two cannot exist side by side, or a replacement is forced, the old one is deleted first.
        response.deleteBeforeReplace = not response.replaces or self._claims_the_same(old, new)
        return response

    def _claims_the_same(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        names = self._resource.CLAIMS
        return bool(names) and all(
            old.get(name) == new.get(name) and UNKNOWN not in (old.get(name), new.get(name)) for name in names
        )

    def _normal(self, values: dict[str, Any]) -> dict[str, Any]:
        """Inputs in the types of the spec: a number that was sent as text is a number."""
        try:
            return to_plain(parse(self._resource.Spec, values))
        except InvalidInput:  # something is unknown, or an older version of edgefleet wrote it
            return values

    def create(self, request: proto.CreateRequest, environment: Environment) -> proto.CreateResponse:
        """Create it; in a preview, return the outputs that are known."""
        if request.preview:
            identity, outputs = self._planned(request.properties, environment, {})
            return proto.CreateResponse(id=identity, properties=encode(outputs))
        spec = self._spec(request.properties)
        inputs = properties.plain(decode(request.properties))
        made = self._resource.create(spec, self._for(request.urn, inputs, environment))
        self._made[made.id] = inputs
        return proto.CreateResponse(id=made.id, properties=encode(self.outputs(made.outputs)))

    def read(self, request: proto.ReadRequest, environment: Environment) -> proto.ReadResponse:
        """Its live state; an empty answer if it does not exist."""
        recorded = properties.plain(decode(request.properties))
        inputs = properties.plain(decode(request.inputs))
        identity = request.id
        if not recorded and self._is_placed:  # an import: the id may name the region
            identity, _, region = identity.partition("@")
            inputs = {"region": region} if region else inputs
        live = self._resource.read(identity, self._for(request.urn, inputs, environment), recorded)
        if live is None:
            return proto.ReadResponse()
        merged = request.inputs
        if live.inputs is not None:
            here = {"region": inputs["region"]} if inputs.get("region") else {}
            merged = self._merged(request.inputs, {**live.inputs, **here})
        return proto.ReadResponse(id=live.id, properties=encode(self.outputs(live.outputs)), inputs=merged)

    def _merged(self, recorded: Struct, live: Mapping[str, Any]) -> Struct:
        """Recorded inputs with live values; a default is written only where it was."""
        before = decode(recorded)
        worth_writing = without_defaults(self._resource.Spec, live)
        merged = {name: live.get(name, before.get(name)) for name in {**before, **worth_writing}}
        for name, value in merged.items():
            if name in before and is_same(self._resource.Spec, name, properties.plain(before[name]), value):
                merged[name] = before[name]  # the same value, in another order or with defaults
            elif name in self._secret_names and not properties.is_secret(value):
                merged[name] = Secret(value)
        return encode(merged)

    def update(self, request: proto.UpdateRequest, environment: Environment) -> proto.UpdateResponse:
        """Update it to the new inputs; in a preview, return the outputs that are known."""
        if request.preview:
            kept = properties.plain(decode(request.olds))
            _, outputs = self._planned(request.news, environment, kept)
            return proto.UpdateResponse(properties=encode(outputs))
        recorded = properties.plain(decode(request.olds))
        there = self._for(request.urn, properties.plain(decode(request.news)), environment)
        made = self._resource.update(request.id, self._spec(request.news), there, recorded)
        return proto.UpdateResponse(properties=encode(self.outputs(made)))

    def delete(self, request: proto.DeleteRequest, environment: Environment) -> None:
        """Delete it; success if it does not exist.

        An id that was created in the same run belongs to the replacement: on a forced replacement the CLI
        calls no Diff and creates the new resource first, even if both are the same files.
        """
        successor = self._made.pop(request.id, None)
        inputs = properties.plain(decode(request.old_inputs))
        there = self._for(request.urn, inputs, environment)
        self._resource.delete(request.id, there, inputs, successor=successor)

    def _for(self, urn: str, inputs: Mapping[str, Any], environment: Environment) -> Environment:
        """The environment of one resource: its region and owner."""
        generation = self._made_of(inputs)
        recorded = self._recorded.get(urn)
        before = None
        if recorded is not None:
            before = self._made_of(properties.plain(decode(Struct.FromString(recorded))))
        owner = owner_of(urn, generation, holder=environment.holder, may_exist=before != generation)
        return replace(environment, owner=owner, aws=self._there(inputs, environment).aws)

    def _there(self, inputs: Mapping[str, Any], environment: Environment) -> Environment:
        """The environment in the region that the inputs name."""
        region = inputs.get("region") if self._is_placed else None
        return (
            replace(environment, aws=environment.aws.in_region(region))
            if isinstance(region, str)
            else environment
        )

    def _made_of(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs whose change replaces the resource, without defaults."""
        names = self._resource.REPLACE_ON
        slim: dict[str, Any] = without_defaults(self._resource.Spec, inputs)
        return {name: value for name, value in slim.items() if name in names and value is not None}

    def outputs(self, outputs: object) -> dict[str, Any]:
        """Typed outputs as plain data: every output, also if null, without absent parts of one."""
        shown: dict[str, Any] = adapter(type(outputs)).dump_python(
            outputs, mode="json", by_alias=True, exclude_defaults=True
        )
        return shown

    def _spec(self, struct: Struct) -> Any:
        """The fully known spec."""
        values = properties.plain(decode(struct))
        if hidden := sorted(map(format_path, unknowns(values))):
            problem = "its value is not known yet, and nothing can be derived from it"
            hint = "this is not a preview; run refresh, then up again"
            raise InvalidInput(
                Problem(code="unknown", path=path, problem=problem, hint=hint) for path in hidden
            )
        return parse(self._resource.Spec, values)

    def _planned(
        self, struct: Struct, environment: Environment, recorded: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        """Id and outputs as far as they are certain; an uncertain id is empty."""
        values = properties.plain(decode(struct))
        hidden = sorted(map(format_path, unknowns(values)))
        stable = {name: recorded[name] for name in self._resource.STABLE if name in recorded}
        identity = ""
        if hidden:
            certain = self._resource.foresee(values, hidden[0], environment)
        else:
            spec = parse(self._resource.Spec, values)
            identity = self._resource.identity(spec)
            planned = self._resource.plan(spec, self._there(values, environment))
            certain = planned if isinstance(planned, Mapping) else self.outputs(planned)
        names = [outside_name(name) for name in self._resource.Outputs.__dataclass_fields__]
        return identity, {name: {**stable, **certain}.get(name, UNKNOWN) for name in names}


def failures_of(problems: Iterable[Problem]) -> list[proto.CheckFailure]:
    """Each problem for the engine: its path, and the problem and hint in one line."""
    return [
        proto.CheckFailure(property=item.path, reason=f"{item.problem}; {item.hint}") for item in problems
    ]
