"""The lifecycle table: the whole life of every kind, and what happens behind our back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cloud.census import census
from tests.cloud.driving import Driver, attempt
from tests.cloud.rows import ROWS
from tests.cloud.rows.row import Inputs, Row
from tests.cloud.timing import clock_for

from edgefleet.cloud.base import CloudResource
from edgefleet.io.aws import Aws
from edgefleet.io.environment import Environment
from edgefleet.model.differ import changes
from edgefleet.model.type_introspection import fields_of
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.schema import resource_schema

pytestmark = [
    pytest.mark.slow,
    pytest.mark.aws_verified,
    pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name),
]


@pytest.fixture
def environment(aws: Aws, tmp_path: Path) -> Environment:
    return Environment(project=tmp_path, aws=aws, clock=clock_for(aws))


def unlike(driver: Driver, wanted: Inputs, found: Inputs) -> list[str]:
    """Paths where two inputs differ in meaning: defaults and the order of sets are none."""
    spec = driver.resource.Spec
    old, new = ({**driver._lifecycle._normal(each)} for each in (wanted, found))
    return [change.path for change in changes(spec, old, new)]


def is_satisfied(driver: Driver, inputs: Inputs) -> bool:
    """Whether what is read back is what was requested: nothing to do."""
    driver.refresh()
    return driver.state is not None and driver.up(inputs) == "same"


def test_its_whole_life(row: Row, environment: Environment) -> None:
    """Create, read equals spec, update, read, import, delete, delete again; each preview was right."""
    made = row.needs(environment.aws)
    before = census(environment.aws)
    driver = Driver(row.resource, environment)
    inputs = row.inputs(made)

    promised = driver.preview(inputs)
    assert "create" == driver.up(inputs)
    assert driver.state is not None
    assert promised == {name: driver.state.outputs[name] for name in promised}
    created = driver.state
    assert is_satisfied(driver, inputs)
    assert [] == unlike(driver, inputs, driver.state.inputs)
    assert created.outputs == driver.state.outputs

    if row.changed is not None:
        changed = row.changed(made)
        promised = driver.preview(changed)
        assert "update" == driver.up(changed)
        assert promised == {name: driver.state.outputs[name] for name in promised}
        assert is_satisfied(driver, changed)
        assert [] == unlike(driver, changed, driver.state.inputs)
        assert created.id == driver.state.id
        inputs = changed

    imported = driver.imported(created.id)
    assert imported is not None
    assert driver.state.outputs == imported.outputs
    readable = {name: value for name, value in inputs.items() if name not in row.keeps}
    assert [] == unlike(driver, readable, imported.inputs)

    last = driver.state
    driver.destroy()
    assert before == census(environment.aws)
    driver.state = last
    driver.destroy()  # gone already is success
    driver.state = last
    driver.refresh()
    assert driver.state is None


def test_drift_is_shown_and_repaired(row: Row, environment: Environment) -> None:
    """Changed straight in the cloud: refresh and diff name it, up sets it right."""
    if row.drift is None:
        pytest.skip("nothing of this kind can change")
    made = row.needs(environment.aws)
    driver, inputs = Driver(row.resource, environment), row.inputs(made)
    driver.up(inputs)
    assert driver.state is not None
    row.drift(environment.aws, driver.state.id)
    driver.refresh()
    assert driver.diff(inputs).diffs, "the preview after a refresh shows what somebody changed"
    driver.up(inputs)
    assert is_satisfied(driver, inputs)


def test_what_somebody_removed_is_made_again(row: Row, environment: Environment) -> None:
    """Removed straight in the cloud: refresh says so, up makes it again, destroy leaves nothing."""
    made = row.needs(environment.aws)
    before = census(environment.aws)
    driver, inputs = Driver(row.resource, environment), row.inputs(made)
    driver.up(inputs)
    assert driver.state is not None
    row.remove(environment.aws, driver.state.id)
    driver.refresh()
    assert driver.state is None
    assert "create" == driver.up(inputs)
    assert is_satisfied(driver, inputs)
    driver.destroy()
    assert before == census(environment.aws)


def test_nobody_takes_over_what_another_stack_made(row: Row, environment: Environment) -> None:
    """Neither a stack of another name nor one of the same: its destroy would remove what is not its own."""
    made = row.needs(environment.aws)
    inputs = row.inputs(made)
    first = Driver(row.resource, replace(environment, holder="0123456789abcdef"))
    first.up(inputs)
    assert first.state is not None
    for other in (
        Driver(row.resource, first.environment, stack="other"),
        Driver(row.resource, replace(environment, holder="fedcba9876543210")),
    ):
        attempt(other, inputs)
        assert other.state is None or first.state.id != other.state.id
    first.refresh()
    assert "same" == first.up(inputs)


def test_it_is_registered(row: Row) -> None:
    """An engine can find it."""
    tokens: dict[str, Any] = {each.TOKEN: each for each in RESOURCES}
    assert isinstance(tokens[row.resource.TOKEN], type(row.resource))


def test_every_input_and_output_says_what_it_is(row: Row) -> None:
    """The reference, the stub and `help()` are made of these; a dataclass's own docstring counts for none."""
    kind: CloudResource = row.resource
    types: dict[str, Any] = {}
    schema = resource_schema(kind, types)
    assert not schema["description"].startswith(f"{kind.Spec.__name__}(")
    inner = [each["properties"] for each in types.values()]
    for described in (schema["inputProperties"], schema["properties"], *inner):
        assert [] == [name for name, each in described.items() if not each.get("description")]
    assert kind.REPLACE_ON <= set(_names(kind.Spec))
    assert set(kind.CLAIMS) <= set(_names(kind.Spec))
    assert kind.CHANGING <= set(_names(kind.Outputs))


def _names(of: Any) -> list[str]:
    return list(fields_of(of))
