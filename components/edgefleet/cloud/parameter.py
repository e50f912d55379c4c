"""`edgefleet:aws:Parameter`: a value in the Parameter Store, encrypted unless told otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Annotated, Any, ClassVar, Literal

from edgefleet.cloud.base import CloudResource, Tagged, exists, finishing
from edgefleet.errors import EdgefleetError, Problem
from edgefleet.io.aws import error_code
from edgefleet.io.ec2 import as_dict, as_list
from edgefleet.io.environment import Created, Found, Outside
from edgefleet.io.ownership import without_ownership
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Secret, spec

LONGEST = 4096
"""Bytes of a value in the standard tier (Systems Manager, parameter tiers)."""
TYPE = "Parameter"
"""What tag calls of Systems Manager call it."""


@spec
class ParameterSpec(Tagged):
    """A value in the Parameter Store (Systems Manager API, PutParameter)."""

    name: Annotated[str, Effect.NONE]
    """Path, ``/retail/eu/hub/token``."""
    value: Annotated[str, Secret(), Effect.NONE] = field(repr=False)
    """The value; at most 4,096 bytes."""
    type: Annotated[Literal["SecureString", "String"], Effect.NONE] = "SecureString"
    """Encrypted or plain."""
    key_id: Annotated[str | None, Effect.NONE] = None
    """KMS key that encrypts it; the account's own for parameters where it is absent."""
    description: Annotated[str, Effect.NONE] = ""
    """What it is for."""


@spec
class ParameterOutputs:
    """What is known of a parameter."""

    arn: str
    """Amazon Resource Name."""
    version: int
    """Counts up with each value."""


class Parameter(CloudResource):
    """The kind."""

    TOKEN = "edgefleet:aws:Parameter"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = ParameterSpec
    Outputs: ClassVar[type[Any]] = ParameterOutputs
    REPLACE_ON = frozenset({"name", "type"})
    CLAIMS = ("name",)
    CHANGING = frozenset({"version"})

    def identity(self, spec: ParameterSpec) -> str:
        """Its name."""
        return spec.name

    def inspect(self, spec: ParameterSpec) -> Iterable[Problem]:
        """A value that is too long."""
        yield from super().inspect(spec)
        size = len(spec.value.encode())
        if not 0 < size <= LONGEST:
            problem, hint = f"has {size} bytes", f"use 1 to {LONGEST} bytes; put more into a bucket"
            yield Problem(code="too-long", path="value", problem=problem, hint=hint)

    def create(self, spec: ParameterSpec, outside: Outside) -> Created[ParameterOutputs]:
        """Write it; one that is there already is taken over only where an earlier run made it."""
        aws, place = outside.aws, self.place(outside, spec.name)
        tags = self.tags(spec, outside)
        try:
            put = aws.call("ssm", "put_parameter", place, Tags=as_list(tags), **_request(spec))
        except EdgefleetError as error:
            if error_code(error) != "ParameterAlreadyExists":
                raise
            self._require_mine(spec.name, outside)
            return Created(id=spec.name, outputs=self.update(spec.name, spec, outside, {}))
        return Created(id=spec.name, outputs=_outputs(spec.name, put["Version"], outside))

    def read(
        self, identity: str, outside: Outside, recorded: Mapping[str, Any]
    ) -> Found[ParameterOutputs] | None:
        """As it is, with its value; values and descriptions are asked for together with others'."""
        del recorded
        found, about = _value(identity, outside), _about(identity, outside)
        if found is None or about is None:
            return None
        inputs = {
            "name": identity,
            "value": found["Value"],
            "type": found["Type"],
            "description": about.get("Description", ""),
            "tags": without_ownership(self._tags(identity, outside)),
        }
        if found["Type"] == "SecureString" and about.get("KeyId", "alias/aws/ssm") != "alias/aws/ssm":
            inputs["keyId"] = about["KeyId"]
        return Found(id=identity, inputs=inputs, outputs=_outputs(identity, found["Version"], outside))

    def update(
        self, identity: str, new: ParameterSpec, outside: Outside, recorded: Mapping[str, Any]
    ) -> ParameterOutputs:
        """Write it anew, then the tags that differ."""
        del recorded
        aws, place = outside.aws, self.place(outside, identity)
        put = aws.call("ssm", "put_parameter", place, Overwrite=True, **_request(new))
        outputs = _outputs(identity, put["Version"], outside)
        with finishing(identity, outputs):
            live, wanted = self._tags(identity, outside), self.tags(new, outside)
            changed = {key: value for key, value in wanted.items() if live.get(key) != value}
            gone = sorted(set(live) - set(wanted))
            about = {"ResourceType": TYPE, "ResourceId": identity}
            if changed:
                aws.call("ssm", "add_tags_to_resource", place, Tags=as_list(changed), **about)
            if gone:
                aws.call("ssm", "remove_tags_from_resource", place, TagKeys=gone, **about)
        return outputs

    def destroy(self, identity: str, outside: Outside, inputs: Mapping[str, Any]) -> None:
        """Remove it."""
        del inputs
        outside.aws.seek("ssm", "delete_parameter", self.place(outside, identity), Name=identity)

    def _require_mine(self, name: str, outside: Outside) -> None:
        place = self.place(outside, name)
        if outside.owner is None or not outside.owner.is_mine(self._tags(name, outside), place):
            raise exists(place, self.TOKEN, name)

    def _tags(self, identity: str, outside: Outside) -> dict[str, str]:
        place = self.place(outside, identity)
        found = outside.aws.seek(
            "ssm", "list_tags_for_resource", place, ResourceType=TYPE, ResourceId=identity
        )
        return as_dict((found or {}).get("TagList"))


def _request(spec: ParameterSpec) -> dict[str, Any]:
    return {
        "Name": spec.name,
        "Value": spec.value,
        "Type": spec.type,
        "Description": spec.description,
        "KeyId": spec.key_id,
    }


def _value(identity: str, outside: Outside) -> dict[str, Any] | None:
    def fetch(names: list[str]) -> dict[str, dict[str, Any]]:
        found = outside.aws.call("ssm", "get_parameters", ", ".join(names), Names=names, WithDecryption=True)
        return {each["Name"]: each for each in found["Parameters"]}

    return outside.aws.batcher("ssm values", fetch, limit=10).get(identity)


def _about(identity: str, outside: Outside) -> dict[str, Any] | None:
    def fetch(names: list[str]) -> dict[str, dict[str, Any]]:
        filters = [{"Key": "Name", "Option": "Equals", "Values": names}]
        place = ", ".join(names)
        found = outside.aws.pages(
            "ssm", "describe_parameters", place, key="Parameters", ParameterFilters=filters
        )
        return {each["Name"]: each for each in found}

    return outside.aws.batcher("ssm descriptions", fetch, limit=50).get(identity)


def _outputs(name: str, version: int, outside: Outside) -> ParameterOutputs:
    return ParameterOutputs(
        arn=outside.aws.arn("ssm", f"parameter/{name.removeprefix('/')}"), version=version
    )
