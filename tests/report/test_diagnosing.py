"""Errors that come through an engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.errors import Problem
from edgefleet.model.steps import Diagnostic
from edgefleet.report import problems

WORDS = st.text("abc defg", min_size=1).map(lambda text: f"it {text.strip()}".strip())


def told(message: str, urn: str = "urn:pulumi:dev::fleet::t::berlin") -> list[Problem]:
    return [*problems.diagnosed([Diagnostic(severity="error", message=message, urn=urn)])]


@given(
    where=st.sampled_from(
        ["", "stacks/dev.fleet.yaml:41:7", "/images/sites/a/n1.iso", "s3://bucket/sites/a", "a.csv:3"]
    ),
    path=st.sampled_from(["sites.berlin.network", 'labels["a/b"].x', "users[0].sshKeys"]),
    problem=WORDS,
    hint=WORDS,
)
def test_a_problem_survives_the_way_through_an_engine(where: str, path: str, problem: str, hint: str) -> None:
    """Where, path, what and what to do are found in its one line again."""
    sent = Problem(code="engine", where=where, path=path, problem=problem, hint=hint)
    assert [sent] == told(str(sent))


def test_one_cause_at_many_sites_is_one_error() -> None:
    """The places differ, the cause is reported once with a count."""
    found = [
        each
        for index in range(1000)
        for each in told(
            f"/images/sites/s{index}/n1.iso: cannot be written: the disk is full; free some space"
        )
    ]
    (alike,) = problems.grouped(found)
    assert (1000, "cannot be written: the disk is full", "free some space") == (
        len(alike),
        alike[0].problem,
        alike[0].hint,
    )


def test_one_missing_login_is_one_error() -> None:
    """Whatever resources of the cloud it stops; each is a place of it."""
    problem = "LogGroup {} (eu-logs): no AWS credentials were found; log in"
    names = ("eu/hub/logs", "eu/hub/nat-a")
    found = [each for name in names for each in told(problem.format(name), f"urn:pulumi:d::f::t::{name}")]
    (alike,) = problems.grouped(found)
    assert ["LogGroup eu/hub/logs (eu-logs)", "LogGroup eu/hub/nat-a (eu-logs)"] == [
        problem.path for problem in alike
    ]
    assert ("no AWS credentials were found", "log in") == (alike[0].problem, alike[0].hint)


def test_what_an_engine_repeats_as_a_list_is_reported_once() -> None:
    """The failure of a resource that is there in part, and the same below it with a star before each line."""
    lines = ["1 of 1 images are missing; run up again", "/a/n1.iso: cannot be written; choose another place"]
    said = ["\n".join(lines), "\n".join(f"* {line}" for line in lines)]
    diagnostics = [Diagnostic(severity="error", message=each, urn="u::dev::berlin") for each in said]
    found = [*problems.diagnosed(diagnostics)]
    assert [("", "1 of 1 images are missing"), ("/a/n1.iso", "cannot be written")] == [
        (each.where, each.problem) for each in found
    ]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("duplicate resource URN 'urn:pulumi:dev::f::a:b:C::x'; give the resource another name", "input"),
        ("Duplicate resource URN 'urn:pulumi:dev::f::a:b:C::x'; try giving it a unique name", "input"),
        ("edgefleet has no resource edgefleet:index:Nope; it has edgefleet:index:Site", "input"),
        ("edgefleet:index:Site a: property 'nodes.n1.cpus': is not a number", "input"),
        ("a:b:C resource 'x' has a problem: property name with value '{1}' has a problem: too long", "input"),
        ("/images/a/n1.iso: cannot be written: the disk is full; free some space", "engine"),
    ],
)
def test_an_input_at_fault_is_distinct_from_the_rest(message: str, code: str) -> None:
    """Whichever engine says it."""
    assert [code] == [each.code for each in told(message)]


def test_other_peoples_words_stay_as_they_are() -> None:
    """A message of several lines that are no problems of ours is not torn apart."""
    message = "Traceback:\n  File x\nit; failed"
    (found,) = told(message)
    assert (message, "", "berlin") == (found.problem, found.hint, found.path)
    assert [] == told("   ")
    assert [""] == [
        each.path for each in told("a; b", "urn:pulumi:dev::fleet::pulumi:pulumi:Stack::fleet-dev")
    ]
