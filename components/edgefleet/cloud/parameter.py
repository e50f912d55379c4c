"""`edgefleet:aws:Parameter`: a value in the Parameter Store, encrypted by default."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from edgefleet.cloud.base import CloudResource, Namesake, Tagged, finishing
from edgefleet.cloud.base.constraints import Api, ParameterName, fits
from edgefleet.errors import EdgefleetError
from edgefleet.io.aws import error_code
from edgefleet.io.environment import Created, Environment, Found
from edgefleet.io.ownership import without_ownership
from edgefleet.io.tagging import PARAMETERS, as_list
from edgefleet.model.spec import Secret, spec


@spec
class ParameterSpec(Tagged):
    """A value in the Parameter Store (Systems Manager API, PutParameter)."""

    name: ParameterName
    """Path, ``/retail/eu/hub/token``."""
    value: Annotated[str, Secret(), fits(4_096, least=1, hint="put more into a bucket")] = field(repr=False)
    """The value; at most 4,096 bytes."""
    type: Literal["SecureString", "String"] = "SecureString"
    """Encrypted or plain."""
    key_id: Annotated[str, Api("ssm.PutParameter.KeyId")] | None = None
    """KMS key that encrypts it; the account's own for parameters where it is absent."""
    description: Annotated[str, Api("ssm.PutParameter.Description")] = ""
    """Description."""


@spec
class ParameterOutputs:
    """What is known of a parameter."""

    arn: str
    """Amazon Resource Name."""
    version: int
    """Counts up with each value."""


class Parameter(CloudResource, spec=ParameterSpec, outputs=ParameterOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name", "type"})
    CLAIMS = ("name",)
    CHANGING = frozenset({"version"})

    def identity(self, spec: ParameterSpec) -> str:
        """Its name."""
        return spec.name

    def namesake(self, spec: ParameterSpec, environment: Environment) -> Namesake | None:
        """By its name."""
        if _about(spec.name, environment) is None:
            return None
        return Namesake(spec.name, PARAMETERS.live(environment.aws, spec.name))

    def create(self, spec: ParameterSpec, environment: Environment) -> Created[ParameterOutputs]:
        """Write it; an existing one is taken over only if an earlier run created it."""
        aws, place = environment.aws, self.place(environment, spec.name)
        tags = self.tags(spec, environment)
        try:
            put = aws.call("ssm", "put_parameter", place, Tags=as_list(tags), **_request(spec))
        except EdgefleetError as error:
            if error_code(error) != "ParameterAlreadyExists":
                raise
            self.require_mine(PARAMETERS.live(aws, spec.name), spec.name, environment)
            return Created(id=spec.name, outputs=self.change(spec.name, spec, environment))
        return Created(id=spec.name, outputs=_outputs(spec.name, put["Version"], environment))

    def read(
        self, identity: str, environment: Environment, recorded: Mapping[str, Any]
    ) -> Found[ParameterOutputs] | None:
        """Its live state with its value; values and descriptions are fetched in batches."""
        del recorded
        parameter, about = _value(identity, environment), _about(identity, environment)
        if parameter is None or about is None:
            return None
        tags = PARAMETERS.live(environment.aws, identity)
        inputs = {
            "name": identity,
            "value": parameter["Value"],
            "type": parameter["Type"],
            "description": about.get("Description", ""),
            "tags": without_ownership(tags),
        }
        if parameter["Type"] == "SecureString" and about.get("KeyId", "alias/aws/ssm") != "alias/aws/ssm":
            inputs["keyId"] = about["KeyId"]
        outputs = _outputs(identity, parameter["Version"], environment)
        return Found(id=identity, inputs=inputs, outputs=outputs, tags=tags)

    def change(self, identity: str, new: ParameterSpec, environment: Environment) -> ParameterOutputs:
        """Write it again, then the tags that differ."""
        aws, place = environment.aws, self.place(environment, identity)
        live = PARAMETERS.live(aws, identity)
        self.require_held(live, identity, environment)
        put = aws.call("ssm", "put_parameter", place, Overwrite=True, **_request(new))
        outputs = _outputs(identity, put["Version"], environment)
        with finishing(identity, outputs):
            PARAMETERS.set(aws, identity, self.tags(new, environment), live=live)
        return outputs

    def destroy(self, identity: str, environment: Environment, inputs: Mapping[str, Any]) -> None:
        """Remove it."""
        del inputs
        if self.is_taken(PARAMETERS.live(environment.aws, identity), identity, environment):
            return
        environment.aws.seek("ssm", "delete_parameter", self.place(environment, identity), Name=identity)


def _request(spec: ParameterSpec) -> dict[str, Any]:
    return {
        "Name": spec.name,
        "Value": spec.value,
        "Type": spec.type,
        "Description": spec.description,
        "KeyId": spec.key_id,
    }


def _value(identity: str, environment: Environment) -> dict[str, Any] | None:
    def fetch(names: list[str]) -> dict[str, dict[str, Any]]:
        answer = environment.aws.call(
            "ssm", "get_parameters", ", ".join(names), Names=names, WithDecryption=True
        )
        return {parameter["Name"]: parameter for parameter in answer["Parameters"]}

    return environment.aws.batcher("ssm values", fetch, limit=10).get(identity)


def _about(identity: str, environment: Environment) -> dict[str, Any] | None:
    def fetch(names: list[str]) -> dict[str, dict[str, Any]]:
        filters = [{"Key": "Name", "Option": "Equals", "Values": names}]
        place = ", ".join(names)
        descriptions = environment.aws.pages(
            "ssm", "describe_parameters", place, key="Parameters", ParameterFilters=filters
        )
        return {description["Name"]: description for description in descriptions}

    return environment.aws.batcher("ssm descriptions", fetch, limit=50).get(identity)


def _outputs(name: str, version: int, environment: Environment) -> ParameterOutputs:
    return ParameterOutputs(
        arn=environment.aws.arn("ssm", f"parameter/{name.removeprefix('/')}"), version=version
    )
