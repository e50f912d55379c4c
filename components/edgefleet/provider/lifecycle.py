"""The calls of Pulumi's provider protocol about a custom resource, translated to its module."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as proto

from edgefleet.cloud.base import DELETE_FIRST, CloudResource, Placed
from edgefleet.errors import InvalidInput, OutsideFailure, Problem
from edgefleet.io.environment import Environment, Resource, Warn
from edgefleet.io.ownership import URN, owner_of
from edgefleet.model.cloud import AMBIENT, Cloud, ignored_problems
from edgefleet.model.differ import Change, changes, is_same, without_defaults
from edgefleet.model.paths import format_path
from edgefleet.model.spec import Initial, adapter, outside_name, to_plain
from edgefleet.model.spec import Secret as SecretMark
from edgefleet.model.type_introspection import marked
from edgefleet.model.unknown import UNKNOWN, from_known
from edgefleet.provider import properties
from edgefleet.provider.claims import TAKEN_FROM, Claim, Claims, former_manager
from edgefleet.provider.default_tags import with_defaults, without_ignored
from edgefleet.provider.differing import answer, is_ignored, with_live
from edgefleet.provider.failures import failures_of
from edgefleet.provider.properties import Secret, decode, encode, unknowns
from edgefleet.provider.replacing import chosen_name, claimed, held
from edgefleet.provider.validation import check, parse

OF_TIMEOUT = 0.9
"""Part of a resource's `customTimeouts` for waits: at its end an engine gives the call up, with no reason."""


class Lifecycle:
    """The calls about one kind of resource."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._claims = Claims()
        self._recorded: dict[str, bytes] = {}
        """dict[URN -> recorded inputs as a serialized `Struct`], where Check was given some."""
        self._compared: dict[str, str] = {}
        """dict[URN whose Diff was asked for -> the id that stays; empty where it is replaced]."""
        self._named: set[str] = set()
        """URNs whose name edgefleet chooses."""

    def begin(self) -> None:
        """Begin a run: it has created nothing yet."""
        for remembered in (self._claims, self._recorded, self._compared, self._named):
            remembered.clear()

    @cached_property
    def _is_placed(self) -> bool:
        """Whether each resource may set its own AWS region."""
        return issubclass(self._resource.Spec, Placed)

    @cached_property
    def _secret_names(self) -> tuple[str, ...]:
        return self._marked(SecretMark)

    @cached_property
    def _initial_names(self) -> tuple[str, ...]:
        return self._marked(Initial)

    @cached_property
    def _has_tags(self) -> bool:
        return "tags" in self._resource.Spec.__dataclass_fields__

    def _marked(self, marker: Any) -> tuple[str, ...]:
        spec: Any = self._resource.Spec
        return marked(spec, marker)

    def check(
        self, request: proto.CheckRequest, warn: Warn = lambda _: None, cloud: Cloud = AMBIENT
    ) -> proto.CheckResponse:
        """All problems at once; otherwise the inputs, with secret fields marked and the cloud's default tags.

        Inputs that equal the recorded ones were checked when they were recorded. An engine reads a resource
        also where a program only refers to it; it checks one that it imports. A second check without the
        recorded ones is that of a replacement.
        """
        if warning := self._claims.warning(request.urn):
            warn(warning)
        if request.olds.fields:
            self._recorded[request.urn] = request.olds.SerializeToString()
        elif request.urn in self._compared:
            self._compared[request.urn] = ""
        try:
            given = self._with_default_tags(request.news, cloud)
            values = properties.plain(news := decode(given))
            rivals = self._claims.problems(self._resource, request.urn, values)
            if self._was_checked(request.olds, given, cloud):
                return proto.CheckResponse(inputs=given, failures=failures_of(rivals))
        except InvalidInput as error:
            return proto.CheckResponse(inputs=request.news, failures=failures_of(error.problems))
        olds, is_new = self._olds(request.urn), not request.olds.fields
        chosen = chosen_name(self._resource, request.urn, olds, values, is_new=is_new)
        news, values = news | chosen, values | chosen
        self._named.update([request.urn] if chosen else [])
        spec, problems = check(self._resource.Spec, values)
        problems.extend(rivals)
        if spec is not None:
            problems.extend(self._resource.inspect(spec))
            about = request.urn, olds, values
            problems.extend(
                self._replacement_problems(*about, warn) if is_new else self._change_problems(*about, spec)
            )
            problems.extend(ignored_problems(getattr(spec, "tags", {}), cloud, ("tags",)))
        exposed = [
            name for name in self._secret_names if name in news and not properties.is_secret(news[name])
        ]
        if not exposed and not chosen:
            return proto.CheckResponse(inputs=given, failures=failures_of(problems, self._secret_names))
        hidden = news | {name: Secret(properties.plain(news[name])) for name in exposed}
        return proto.CheckResponse(inputs=encode(hidden), failures=failures_of(problems, self._secret_names))

    def _olds(self, urn: str) -> dict[str, Any]:
        """The recorded inputs that a check of this run was given; plain."""
        return dict(properties.plain(decode(Struct.FromString(self._recorded.get(urn, b"")))))

    def _replacement_problems(
        self, urn: str, before: dict[str, Any], after: dict[str, Any], warn: Warn
    ) -> Iterable[Problem]:
        """Problems of a replacement, also of one that no input causes.

        Without a Diff the engine creates the new one first, unless the program states otherwise.
        """
        if before and self._resource.collides(before, after):
            yield from held(self._resource, claimed(self._resource), before)
            is_kept = isinstance(self._resource, CloudResource) and not self._resource.HELD
            if is_kept and urn not in self._compared:
                warn(f"is replaced with its {claimed(self._resource)} unchanged: {DELETE_FIRST}")

    def _change_problems(
        self, urn: str, before: dict[str, Any], after: dict[str, Any], spec: Any
    ) -> Iterable[Problem]:
        """Problems of a change from the recorded inputs to those of `spec`."""
        old = check(self._resource.Spec, before)[0]
        if old is not None:  # an import does not read all inputs
            yield from self._resource.inspect_change(old, spec)
        collides, replaces = self._resource.collides(before, after), self._replaces(before, after)
        is_replaced = any(before.get(name) != after.get(name) for name in replaces)
        found = self._differences(before, after, ()) if is_replaced else ()
        for change in (change for change in found if change.name in replaces):
            if self._claims.is_imported(urn):
                problem = "differs from the imported resource, which would be replaced and deleted"
                hint = "write the value that it has, or remove the import option to create another one"
                yield Problem(code="import", path=change.path, problem=problem, hint=hint)
            elif collides:
                yield from held(self._resource, change.path, before)

    def _verify(self, spec: Any, there: Environment) -> None:
        """Refuse what the service would refuse, by what it shows.

        Raises:
            InvalidInput: with all problems.
        """
        if problems := list(self._resource.verify(spec, there)):
            raise InvalidInput(problems)

    def _with_default_tags(self, inputs: Struct, cloud: Cloud) -> Struct:
        """`inputs` with the default tags, of a kind that can have some."""
        defaults = cloud.default_tags.tags
        return encode(with_defaults(decode(inputs), defaults)) if defaults and self._has_tags else inputs

    def _was_checked(self, olds: Struct, inputs: Struct, cloud: Cloud) -> bool:
        """Whether `inputs` are the recorded ones; what a tag may be depends on the provider as well."""
        is_free = not self._has_tags or cloud.ignore_tags == AMBIENT.ignore_tags
        return bool(olds.fields) and is_free and olds == inputs and self._is_marked(inputs)

    def _is_marked(self, inputs: Struct) -> bool:
        """Whether each secret field that is given is marked as a secret."""
        given = (inputs.fields[name] for name in self._secret_names if name in inputs.fields)
        return all(properties.SIGNATURE in value.struct_value.fields for value in given)

    def diff(self, request: proto.DiffRequest) -> proto.DiffResponse:
        """The differences by path; nothing is rendered and no service is called."""
        self._compared[request.urn] = request.id
        recorded = properties.plain(decode(request.olds))
        drift = self._resource.drifted(recorded)
        if recorded.get(TAKEN_FROM):
            drift = [*drift, "tags" if hasattr(self._resource.Spec, "tags") else "metadata"]
        if not drift and request.old_inputs == request.news:
            return proto.DiffResponse(changes=proto.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
        old, new = (properties.plain(decode(inputs)) for inputs in (request.old_inputs, request.news))
        differences = self._differences(old, new, request.ignoreChanges)
        response = answer(differences, (old, new), drift=drift, replace_on=self._replaces(old, new))
        self._compared[request.urn] = "" if response.replaces else request.id
        if not response.replaces:
            response.stables.extend(sorted(self._resource.STABLE))
        # Also of a change that replaces nothing: the program may force a replacement, for which edgefleet
        # chooses another name.
        response.deleteBeforeReplace = request.urn not in self._named and self._resource.collides(old, new)
        return response

    def _differences(self, old: dict[str, Any], new: dict[str, Any], ignored: Iterable[str]) -> list[Change]:
        """The changes that count."""
        left = (*ignored, *self._initial_names)
        found = changes(self._resource.Spec, self._normal(old), self._normal(new))
        return [change for change in found if not is_ignored(change, left)]

    def _replaces(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
        """Inputs whose change from `old` to `new` replaces the resource."""
        unread = frozenset(name for name in self._resource.UNREADABLE if old.get(name) is None)
        return self._resource.replacing(old, new) - unread

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
            if request.urn not in self._recorded:
                self._require_free(request, environment)
            return proto.CreateResponse(id=identity, properties=encode(outputs))
        spec = self._spec(request.properties)
        inputs = properties.plain(decode(request.properties))
        there = self._for(request.urn, inputs, environment, timeout=request.timeout)
        self._verify(spec, there)
        made = self._resource.create(spec, there)
        self._claims.create(made.id, Claim(request.urn, self._region(inputs, environment), inputs))
        return proto.CreateResponse(id=made.id, properties=encode(self.outputs(made.outputs)))

    def read(self, request: proto.ReadRequest, environment: Environment) -> proto.ReadResponse:
        """Its live state; an empty answer if it does not exist."""
        recorded = properties.plain(decode(request.properties))
        inputs = properties.plain(decode(request.inputs))
        identity = request.id
        is_import = not recorded and not inputs
        if is_import and self._is_placed:  # the id may name the region
            identity, _, region = identity.partition("@")
            inputs = {"region": region} if region else inputs
        there = self._for(request.urn, inputs, environment)
        live = self._resource.read(identity, there, recorded)
        if live is None:
            return proto.ReadResponse()
        outputs = self.outputs(live.outputs)
        if is_import:
            former = former_manager(live.tags, there.owner)
            if former:
                outputs[TAKEN_FROM] = live.tags[URN]
            self._claims.adopt(live.id, Claim(request.urn, self._region(inputs, environment)), former)
        elif TAKEN_FROM in recorded:
            outputs[TAKEN_FROM] = recorded[TAKEN_FROM]
        merged = request.inputs
        if live.inputs is not None:
            here = {"region": inputs["region"]} if inputs.get("region") else {}
            managed = without_ignored(live.inputs, environment.aws.cloud)
            merged = self._merged(request.inputs, {**managed, **here})
        return proto.ReadResponse(id=live.id, properties=encode(outputs), inputs=merged)

    def _merged(self, recorded: Struct, live: Mapping[str, Any]) -> Struct:
        """Recorded inputs with live values; a default is written only where it was.

        Of an initial value only an import takes the live one.
        """
        before = decode(recorded)
        if before:
            live = {name: value for name, value in live.items() if name not in self._initial_names}
        worth_writing = without_defaults(self._resource.Spec, live)
        merged = {name: live.get(name, before.get(name)) for name in {**before, **worth_writing}}
        for name, value in merged.items():
            if name in before and is_same(self._resource.Spec, name, properties.plain(before[name]), value):
                merged[name] = before[name]  # the same value, in another order or with defaults
            elif name in self._secret_names and not properties.is_secret(value):
                merged[name] = Secret(value)
        return encode(merged)

    def update(self, request: proto.UpdateRequest, environment: Environment) -> proto.UpdateResponse:
        """Update it to the new inputs; in a preview, return the outputs that are known.

        What it leaves alone, initial values and those that the program ignores, stays as it is live.
        """
        before, recorded = (properties.plain(decode(of)) for of in (request.old_inputs, request.olds))
        self._resource.recall(before, recorded, environment)
        if request.preview:
            _, outputs = self._planned(request.news, environment, recorded)
            return proto.UpdateResponse(properties=encode(outputs))
        inputs = properties.plain(decode(request.news))
        there = self._for(request.urn, inputs, environment, timeout=request.timeout)
        if there.owner and recorded.get(TAKEN_FROM):
            there = replace(there, owner=replace(there.owner, taken_from=recorded[TAKEN_FROM]))
        spec = self._spec(request.news)
        if left := (*request.ignoreChanges, *self._initial_names):
            live = self._resource.read(request.id, there, recorded)
            if live is not None and live.inputs is not None:
                kept = with_live(self._resource.Spec, to_plain(spec), live.inputs, left)
                spec = parse(self._resource.Spec, kept)
        made = self._resource.update(request.id, spec, there, recorded)
        return proto.UpdateResponse(properties=encode(self.outputs(made)))

    def delete(self, request: proto.DeleteRequest, environment: Environment) -> None:
        """Delete it; success if it does not exist.

        An id that was created in the same run belongs to the replacement: on a forced replacement the CLI
        calls no Diff and creates the new resource first, even if both are the same files. One that the same
        run imported, created under another name or keeps stays: an interrupted replacement leaves its record.
        """
        if request.urn in self._recorded and self._compared.get(request.urn) == request.id:
            environment.warn(f"{request.id} stays: it is what an interrupted replacement of itself kept")
            return
        inputs = properties.plain(decode(request.old_inputs))
        there = self._for(request.urn, inputs, environment, timeout=request.timeout)
        claim = self._claims.holder(request.id, self._region(inputs, environment))
        if claim is not None and claim.urn == request.urn:
            self._claims.release(request.id)
            if isinstance(self._resource, CloudResource):
                there.warn(
                    f"{request.id} stays: it is its own replacement, so nothing was replaced; {DELETE_FIRST}"
                )
        elif claim is not None and (claim.inputs is None or isinstance(self._resource, CloudResource)):
            there.warn(f"{request.id} is left in place: this stack manages it as {claim.urn}")
            return
        self._resource.delete(request.id, there, inputs, successor=claim.inputs if claim else None)

    def _require_free(self, request: proto.CreateRequest, environment: Environment) -> None:
        """Refuse in a preview a name that is taken; where AWS does not answer, the preview goes on."""
        unanswered: list[OutsideFailure] = environment.aws.shared("unanswered look-ups", list)
        inputs = properties.plain(decode(request.properties))
        if not isinstance(self._resource, CloudResource) or unanswered or any(unknowns(inputs)):
            return
        there = self._for(request.urn, inputs, environment)
        try:
            self._resource.require_free(parse(self._resource.Spec, inputs), there)
        except OutsideFailure as error:
            unanswered.append(error)

    def _region(self, inputs: Mapping[str, Any], environment: Environment) -> str:
        """The region of a resource that is in one; else empty."""
        return self._there(inputs, environment).aws.region if self._is_placed else ""

    def _for(
        self, urn: str, inputs: Mapping[str, Any], environment: Environment, *, timeout: float = 0
    ) -> Environment:
        """The environment of one resource: its region and owner."""
        generation = self._made_of(inputs)
        before = self._made_of(self._olds(urn)) if urn in self._recorded else None
        owner = owner_of(urn, generation, holder=environment.holder, recorded=before)
        deadline = environment.clock.monotonic() + timeout * OF_TIMEOUT if timeout else None
        aws = self._there(inputs, environment).aws
        return replace(environment, owner=owner, aws=aws, deadline=deadline)

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
        identity, there = "", self._there(values, environment)
        if isinstance(self._resource, CloudResource):
            self._verify(from_known(self._resource.Spec, values), there)
        if hidden:
            certain = self._resource.foresee(values, hidden[0], environment)
        else:
            spec = parse(self._resource.Spec, values)
            identity = self._resource.identity(spec)
            planned = self._resource.plan_update(spec, there, recorded)
            certain = planned if isinstance(planned, Mapping) else self.outputs(planned)
        names = [outside_name(name) for name in self._resource.Outputs.__dataclass_fields__]
        return identity, {name: {**stable, **certain}.get(name, UNKNOWN) for name in names}
