"""The adoption table: what a stack did not create is its own only where that was asked for.

Each kind meets a thing of its name that somebody else made: by hand, or for another resource of this stack
or another one.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cloud.census import census
from tests.cloud.driving import Driver, attempt
from tests.cloud.rows import ROWS
from tests.cloud.rows.row import Inputs, Row
from tests.cloud.timing import FastClock

from edgefleet.errors import EdgefleetError, Refused
from edgefleet.io.aws import Aws
from edgefleet.io.environment import Environment
from edgefleet.io.ownership import owner_of
from edgefleet.provider.validation import parse

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)]
SHARES_NAMES = frozenset(
    {
        "Crl",
        "ElasticIp",
        "HostedZone",
        "InternetGateway",
        "NatGateway",
        "RolesAnywhereProfile",
        "RouteTable",
        "Subnet",
        "TrustAnchor",
        "Vpc",
    }
)
"""Kinds without a name of their own, or of which AWS takes several that are called the same."""
CLASHING = frozenset({"Subnet", "NatGateway"})
"""Those among them that EC2 refuses: addresses that overlap, or are in use."""
UNTAGGED = frozenset({"DnsRecord"})


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def environment(aws: Aws, tmp_path: Path, warnings: list[str]) -> Environment:
    holder = "0123456789abcdef"
    return Environment(project=tmp_path, aws=aws, clock=FastClock(), holder=holder, warn=warnings.append)


def by_hand(row: Row, inputs: Inputs, environment: Environment) -> str:
    """Make the thing without an owner, or with another one where only tags distinguish two; its id."""
    spec: Any = parse(row.resource.Spec, inputs)
    owner = owner_of("urn:pulumi:by::hand::of::somebody", {}) if row.name in SHARES_NAMES else None
    return row.resource.create(spec, replace(environment, owner=owner)).id


def test_what_was_made_by_hand_is_left_alone(row: Row, environment: Environment) -> None:
    """Refused in preview and up, or another one is made; the destroy removes that one only."""
    made = row.needs(environment.aws)
    inputs = row.inputs(made)
    identity = by_hand(row, inputs, environment)
    before = census(environment.aws)
    kind, driver = row.resource, Driver(row.resource, environment)
    previewed: EdgefleetError | None = None
    try:
        driver.preview(inputs)
    except Refused as refusal:
        previewed = refusal
    error = attempt(driver, inputs)
    assert (row.name in SHARES_NAMES - CLASHING) == (error is None)
    if row.name not in SHARES_NAMES | UNTAGGED:
        assert previewed is not None
        assert error is not None
        assert str(error) == str(previewed)
        assert "exists" == error.problem.code
    if driver.state is not None:
        assert identity != driver.state.id
        driver.destroy()
    if row.name != "NatGateway":  # moto keeps the network interface of one that it refuses
        assert before == census(environment.aws)
    assert kind.read(identity, environment, {}) is not None


def test_a_renamed_resource_names_its_former_urn(row: Row, environment: Environment) -> None:
    """Without an alias: what exists, who manages it, and the alias to add."""
    if row.name in SHARES_NAMES:
        pytest.skip("another one is made")
    made = row.needs(environment.aws)
    inputs = row.inputs(made)
    former = Driver(row.resource, environment, name="old")
    former.up(inputs)
    error = attempt(Driver(row.resource, environment, name="new"), inputs)
    assert error is not None
    assert "exists" == error.problem.code
    named = "the former URN as an alias" if row.name in UNTAGGED else f'aliases=["{former.urn}"]'
    assert named in error.problem.hint
    assert "same" == former.up(inputs)


def test_what_a_run_imports_is_not_deleted_by_it(
    row: Row, environment: Environment, warnings: list[str]
) -> None:
    """The resource of the former name leaves the program in the run that imports it under the new one."""
    made = row.needs(environment.aws)
    inputs = row.inputs(made)
    old = Driver(row.resource, environment, name="old")
    old.up(inputs)
    assert old.state is not None
    identity = old.state.id
    old.restart()
    new = old.beside("new")
    new.take(identity, inputs)
    warnings.clear()
    old.leave()
    assert len(warnings) == 1
    assert "is left in place" in warnings[0]
    assert new.urn in warnings[0]
    new.refresh()
    assert new.state is not None
    assert "same" == new.up(inputs)


def test_what_an_import_took_over_is_not_deleted_by_a_later_run(
    row: Row, environment: Environment, warnings: list[str]
) -> None:
    """The first run ended before it removed the former one; the tags show whose it is."""
    if row.name in UNTAGGED:
        pytest.skip("it has no tags")
    made = row.needs(environment.aws)
    inputs = row.inputs(made)
    old = Driver(row.resource, environment, name="old", stack="other")
    old.up(inputs)
    assert old.state is not None
    new = Driver(row.resource, environment, name="new")
    assert "update" == new.take(old.state.id, inputs)
    assert [f"stack other (project fleet) manages it as {old.urn}"] == [
        text.split(";")[0] for text in warnings
    ]
    old.destroy()
    assert new.urn in warnings[-1]
    new.refresh()
    assert "same" == new.up(inputs)
    new.destroy()


def test_what_another_stack_created_again_is_left_alone(
    row: Row, environment: Environment, warnings: list[str]
) -> None:
    """Removed outside, then created by another stack: the first one's state is no right to it."""
    if row.name in SHARES_NAMES | UNTAGGED:
        pytest.skip("its tags or its id distinguish it")
    inputs = row.inputs(row.needs(environment.aws))
    first = Driver(row.resource, environment)
    first.up(inputs)
    assert first.state is not None
    row.remove(environment.aws, first.state.id)
    second = Driver(row.resource, replace(environment, holder="fedcba9876543210"), stack="other")
    second.up(inputs)
    assert second.state is not None
    if first.state.id == second.state.id:
        first.state.is_incomplete = True
        error = attempt(first, inputs)
        assert error is not None
        assert (second.urn if row.name != "ServerSet" else "not by this stack") in str(error)
    first.destroy()
    if first.resource.identity(parse(row.resource.Spec, inputs)):
        assert second.urn in warnings[-1]
    second.refresh()
    assert "same" == second.up(inputs)


@pytest.mark.parametrize("change", [{"name": "renamed"}, {"stack": "renamed"}], ids=["alias", "stack"])
def test_another_urn_of_the_same_state_is_the_same_owner(
    row: Row, change: dict[str, str], environment: Environment, warnings: list[str]
) -> None:
    """An alias or another name of the stack changes no tag; the destroy removes what the state has."""
    inputs = row.inputs(row.needs(environment.aws))
    before = census(environment.aws)
    former = Driver(row.resource, environment)
    former.up(inputs)
    renamed = Driver(row.resource, environment, former.state, **change)
    renamed.refresh()
    assert "same" == renamed.up(inputs)
    renamed.destroy()
    assert before == census(environment.aws)
    assert [] == [text for text in warnings if "EKS created" not in text]


def test_an_import_that_would_be_replaced_is_refused(row: Row, environment: Environment) -> None:
    """The replacement would delete what was just imported."""
    names = sorted(row.resource.REPLACE_ON - row.resource.UNREADABLE - {"region"})
    if not names:
        pytest.skip("no input replaces it")
    inputs = row.inputs(row.needs(environment.aws))
    identity = by_hand(row, inputs, environment)
    driver = Driver(row.resource, environment)
    driver.state = driver.imported(identity)
    assert driver.state is not None
    live = dict(driver.state.inputs)
    name = next(name for name in names if isinstance(live.get(name), str))
    other = "10.77.0.0/16" if name == "cidr" else live[name][:-1] + ("1" if live[name][-1] == "0" else "0")
    failures = driver.check({**inputs, name: other})
    assert any(failure.startswith(f"{name}: differs from the imported resource") for failure in failures)
