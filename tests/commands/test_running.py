"""preview, up, refresh and destroy, over an engine that is played."""

import json
import re
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from tests.commands.conftest import URN

from edgefleet.commands.emulator import STOPPED
from edgefleet.errors import OutsideFailure, Problem, Refused
from edgefleet.io.downloading import RELEASED_AGAIN
from edgefleet.model.steps import Diagnostic, Outcome

if TYPE_CHECKING:
    from tests.commands.conftest import World

SCHEMA = json.loads((files("edgefleet") / "schema" / "preview.schema.json").read_text())


def ends(result: Any) -> Any:
    """A change of an outcome to this result."""
    error = Diagnostic(severity="error", message="the bucket refuses; ask its owner")
    return lambda outcome: replace(outcome, result=result, steps=(), diagnostics=(error,))


def raises(error: BaseException) -> Any:
    """An engine that raises."""

    def change(_: Outcome) -> Outcome:
        raise error

    return change


def test_preview_shows_and_touches_nothing(world: "World") -> None:
    """Every site with its digest, what to do next, progress on stderr only."""
    ran = world.run("preview", "-s", "dev")
    assert (0, ["preview"]) == (ran.code, world.operations)
    assert "new 3   = 3" in ran.out
    assert "next: edgefleet up -s dev" in ran.out
    assert "planning dev (local engine) ..." in ran.err
    assert "planning" not in ran.out
    assert {} == world.engine.resources


def test_up_with_yes_goes_straight_to_it(world: "World") -> None:
    """One run of the engine; the second time there is nothing to do."""
    first = world.run("up", "-s", "dev", "-y")
    second = world.run("up", "-s", "dev", "-y")
    assert (0, 0, ["up", "up"]) == (first.code, second.code, world.operations)
    assert "images: file:images" in first.out
    assert "nothing to do: 3 sites match the fleet file" in second.out


def test_up_shows_then_asks(world: "World") -> None:
    """On a terminal: the preview, a question, and only a yes changes anything."""
    declined = world.run("up", "-s", "dev", typed="n\n")
    assert (130, ["preview"]) == (declined.code, world.operations)
    assert "nothing was changed" in declined.err
    assert 130 == world.run("up", "-s", "dev", typed="").code
    agreed = world.run("up", "-s", "dev", typed="yes\n")
    assert (0, "up") == (agreed.code, world.operations[-1])
    assert 1 == agreed.err.count("[y/N]")


def test_up_does_not_ask_when_nothing_changes(up: "World") -> None:
    """A question would have only one sensible answer."""
    ran = up.run("up", "-s", "dev", typed="")
    assert (0, ["preview"]) == (ran.code, up.operations)
    assert "nothing to do" in ran.out


@pytest.mark.parametrize("command", ["up", "refresh", "destroy"])
def test_nobody_is_asked_where_nobody_is(world: "World", command: str) -> None:
    """Without a terminal and without -y it is refused, with what to do, before anything runs."""
    ran = world.run(command, "-s", "dev")
    assert (3, []) == (ran.code, world.operations)
    assert f"run edgefleet {command} -s dev -y" in ran.err.replace("\n  ", " ")


def test_one_edited_address_names_that_site_and_both_digests(up: "World") -> None:
    """Exactly that site, what changes in it, where it is declared, and both digests in full."""
    old = up.engine.resources["berlin"].outputs["images"]["n1"]["seed"]
    up.edit("10.20.1.10/24", "10.20.1.11/24")
    ran = up.run("preview", "-s", "dev")
    assert "reflash 1   unchanged 2   = 3" in ran.out
    assert "network.address: 10.20.1.10/24 -> 10.20.1.11/24" in ran.out
    assert "stacks/dev.fleet.yaml:11" in ran.out
    assert f"- {old}" in ran.out
    (site,) = up.run("preview", "-s", "dev", "--json", "-").json["sites"]
    assert ("berlin", old) == (site["name"], site["images"]["n1"]["old"])
    assert f"+ {site['images']['n1']['new']}" in ran.out


def test_a_removed_site_comes_first(up: "World") -> None:
    """What is lost is named before everything else."""
    up.edit("  munich:", "  munich-2:")
    out = up.run("preview", "-s", "dev").out
    assert out.index("GONE - 1 site") < out.index("  - munich ") < out.index("NEW - 1 site")


def test_what_waits_at_the_sites_is_reported(up: "World") -> None:
    """Sites that nobody acknowledged wait, the oldest first."""
    ran = up.run("preview", "-s", "dev")
    assert "pending since earlier: 3 sites not yet set up (oldest 12 days: berlin)" in ran.out


def test_json_is_what_the_screen_shows(up: "World") -> None:
    """To a file beside the text, or to stdout in its place; valid by its schema."""
    up.edit("10.20.1.10/24", "10.20.1.11/24")
    ran = up.run("preview", "-s", "dev", "--json", "plan.json")
    found = json.loads((up.project / "plan.json").read_text())
    assert "reflash 1" in ran.out
    alone = up.run("preview", "-s", "dev", "--json", "-")
    assert found == alone.json
    jsonschema.validate(found, SCHEMA)
    assert ("local", "dev", "preview", "succeeded") == tuple(
        found[name] for name in ("engine", "stack", "operation", "result")
    )
    assert 3 == len(up.run("preview", "-s", "dev", "--all", "--json", "-").json["sites"])


@pytest.mark.parametrize(
    ("path", "reason"),
    [("stacks", "is a directory"), ("nowhere/plan.json", "does not exist"), ("/proc/plan.json", "")],
)
def test_a_place_for_json_is_checked_before_anything_runs(world: "World", path: str, reason: str) -> None:
    """A place that cannot be written is reported at once, and nothing was done."""
    ran = world.run("up", "-s", "dev", "-y", "--json", path)
    assert reason in ran.err.replace("\n  ", " ")
    assert (1, []) == (ran.code, world.operations) or path.startswith("/proc")
    assert ran.code in {1, 2}


@pytest.mark.parametrize(("result", "code"), [("failed", 2), ("refused", 3), ("cancelled", 130)])
def test_the_exit_code_follows_the_result(world: "World", result: str, code: int) -> None:
    """What failed is reported on stderr in the engine's words; the JSON says it too."""
    world.engine.change = ends(result)
    ran = world.run("up", "-s", "dev", "-y", "--json", "out.json")
    assert code == ran.code
    assert "not reached 3   = 3" in ran.out
    assert "the bucket refuses\n  help: ask its owner" in ran.err
    found = json.loads((world.project / "out.json").read_text())
    jsonschema.validate(found, SCHEMA)
    assert (result, 1) == (found["result"], len(found["problems"]))


@pytest.mark.parametrize(
    ("error", "code", "result"),
    [
        (Refused(Problem(problem="100 sites would be lost", hint="say --allow-loss")), 3, "refused"),
        (OutsideFailure(Problem(problem="the disk is full", hint="free space")), 2, "failed"),
    ],
)
def test_an_engine_that_gives_up_is_reported_with_its_code(
    world: "World", error: Exception, code: int, result: str
) -> None:
    """A guard that refuses is exit code 3; the JSON has the problem and validates."""
    world.engine.change = raises(error)
    ran = world.run("preview", "-s", "dev", "--json", "-")
    assert (code, result) == (ran.code, ran.json["result"])
    assert [str(error).split(";")[0]] == [each["problem"] for each in ran.json["problems"]]
    assert "help:" in ran.err
    jsonschema.validate(ran.json, SCHEMA)


def test_ctrl_c_is_cancelled(world: "World") -> None:
    """No traceback, the code that shells use."""
    world.engine.change = raises(KeyboardInterrupt())
    ran = world.run("up", "-s", "dev", "-y")
    assert (130, True) == (ran.code, "cancelled" in ran.err)


def test_targets_are_checked_and_handed_on(up: "World") -> None:
    """A name that is no site is answered with the nearest ones; a removed site may be a target."""
    ran = up.run("preview", "-s", "dev", "--target", "berlln", "--target", "xyz")
    assert (1, []) == (ran.code, up.operations)
    assert "did you mean berlin?" in ran.err
    assert "there are: berlin, hamburg, munich" in ran.err.replace("\n  ", " ")
    up.edit("  munich:", "  munich-2:")
    assert 0 == up.run("preview", "-s", "dev", "--target", "munich", "-p", "4", "--refresh").code
    options = up.engine.done[-1][1]
    assert ((f"{URN}munich",), 4, True) == (options.targets, options.parallel, options.refresh)


@pytest.mark.parametrize(("more", "clears"), [((), False), (("--clear-pending-creates",), True)])
def test_only_a_refresh_with_the_option_forgets_creations(
    up: "World", more: tuple[str, ...], clears: object
) -> None:
    """The option reaches the engine; without it nothing is forgotten."""
    assert 0 == up.run("refresh", "-s", "dev", "-y", *more).code
    assert clears == up.engine.done[-1][1].clear_pending


def test_an_unknown_stack_is_answered_with_the_nearest(world: "World") -> None:
    """Nothing runs; outside of a project, how to make one."""
    ran = world.run("preview", "-s", "def")
    assert (1, []) == (ran.code, world.operations)
    assert "did you mean dev?" in ran.err
    world.fleet_file.unlink()
    assert "an empty\n  Pulumi.dev.yaml is enough" in world.run("preview", "-s", "dev").err
    (world.project / "Pulumi.yaml").unlink()
    assert "edgefleet new DIR" in world.run("preview", "-s", "dev").err


def test_a_bad_fleet_file_stops_before_the_engine(world: "World") -> None:
    """Every error with its place, exit code 1, also in the JSON."""
    world.edit("profile: pos", "profile: pok")
    ran = world.run("up", "-s", "dev", "-y", "--json", "out.json")
    assert (1, []) == (ran.code, world.operations)
    assert "stacks/dev.fleet.yaml:9:" in ran.err
    assert "failed" == json.loads((world.project / "out.json").read_text())["result"]


def test_destroy_needs_no_fleet_file(up: "World") -> None:
    """What was brought up can be removed after the file that described it is gone or broken."""
    up.fleet_file.write_text("sites: [")
    ran = up.run("destroy", "-s", "dev", "-y")
    assert (0, {}) == (ran.code, up.engine.resources)
    assert "gone 3   = 3" in ran.out
    assert "shops / dev" in ran.out


def test_a_refresh_of_what_was_never_up_states_it(world: "World") -> None:
    """No site of the fleet file is counted as looked at."""
    ran = world.run("refresh", "-s", "dev", "-y")
    assert (0, True) == (ran.code, "nothing to refresh: bring it up first: edgefleet up -s dev" in ran.out)
    assert "= 0" in ran.out


def test_a_value_that_was_removed_has_no_line(up: "World") -> None:
    """The line of the site, or of its row, does not declare it."""
    up.edit("defaults: {", "defaults: {ntp: [a.example], ")
    assert 0 == up.run("up", "-s", "dev", "-y").code
    up.edit("ntp: [a.example], ", "")
    group = up.run("preview", "-s", "dev", "--json", "-").json["groups"][0]
    assert ("ntp", "") == (group["changes"][0]["path"], group["where"])


def test_a_second_destroy_has_nothing_to_do(up: "World") -> None:
    """Sites that are not there are not counted as ones that stay."""
    assert 0 == up.run("destroy", "-s", "dev", "-y").code
    ran = up.run("destroy", "-s", "dev", "-y")
    assert 0 == ran.code
    assert ["= 0", "nothing to destroy"] == [
        line.strip() for line in ran.out.splitlines()[1:] if line.strip() and not line.startswith("note: k3s")
    ]


def test_destroy_and_refresh_ask_with_what_they_are_about(up: "World") -> None:
    """The question says how much is at stake."""
    ran = up.run("destroy", "-s", "dev", typed="n\n")
    assert (130, []) == (ran.code, up.operations)
    assert "3 sites and all versions of their images" in ran.err
    assert (0, ["refresh"]) == (up.run("refresh", "-s", "dev", typed="y\n").code, up.operations)


@pytest.mark.parametrize("command", ["preview", "up", "refresh", "destroy"])
def test_an_altered_state_is_refused_before_anything_is_done(up: "World", command: str) -> None:
    """The id of a site names what its removal clears, so one that its inputs do not give is no id of ours."""
    berlin = up.engine.resources["berlin"]
    up.engine.resources["berlin"] = replace(berlin, id="file:/etc/docs/sites/berlin")
    done = len(up.operations)
    ran = up.run(command, "-s", "dev", *(["-y"] if command != "preview" else []))
    assert (3, done) == (ran.code, len(up.operations))
    assert "error[altered-state]: sites.berlin: the state records the id" in ran.err


def test_a_lost_emulated_cloud_is_reported_until_it_is_made_again(world: "World") -> None:
    """One sentence, with what to do; runs look at what is there until an up has created it again."""
    world.edit("eu-central-1}", "eu-central-1, endpoint: emulated}")
    world.was_lost = True
    first = world.run("preview", "-s", "dev")
    assert "edgefleet up --refresh -s dev" in first.out.replace("\n  ", " ")
    assert world.engine.done[-1][1].refresh
    again = world.run("up", "-s", "dev", "-y")
    assert "was lost" in again.out
    assert world.engine.done[-1][1].refresh
    assert "was lost" not in world.run("preview", "-s", "dev").out
    assert not world.engine.done[-1][1].refresh


@pytest.mark.parametrize(
    "arguments",
    [
        ("preview",),
        ("preview", "-s", "dev", "--bogus"),
        ("nonsense",),
        ("preview", "-s", "dev", "--engine", "x"),
    ],
)
def test_a_wrong_command_line_is_the_users_input(world: "World", arguments: tuple[str, ...]) -> None:
    """Exit code 1, one line what, one line where help is."""
    ran = world.run(*arguments)
    assert (1, []) == (ran.code, world.operations)
    assert ran.err.startswith("error: ")
    assert "--help" in ran.err


@pytest.mark.parametrize(
    ("change", "arguments", "code"),
    [
        (None, ("preview",), 2),
        (None, ("up", "-y"), 2),
        (ends("failed"), ("up", "-y"), 1),
        (raises(OutsideFailure(Problem(problem="the disk is full", hint="free space"))), ("preview",), 1),
        (raises(RuntimeError("a defect")), ("preview",), 1),
        (raises(Refused(Problem(problem="100 sites would be lost", hint="no"))), ("preview",), 3),
    ],
)
def test_a_detailed_exit_code_states_whether_there_are_changes(
    world: "World", change: Any, arguments: tuple[str, ...], code: int
) -> None:
    """As Terraform's: 0 without changes, 2 with, 1 on any failure; a guard that refuses is 3 as always."""
    world.engine.change = change or world.engine.change
    assert code == world.run(*arguments, "-s", "dev", "--detailed-exitcode").code


def test_a_detailed_exit_code_is_0_without_changes(up: "World") -> None:
    """For preview and up."""
    for arguments in (("preview",), ("up", "-y")):
        assert 0 == up.run(*arguments, "-s", "dev", "--detailed-exitcode").code


@pytest.mark.parametrize("text", [RELEASED_AGAIN, STOPPED])
def test_a_hint_names_a_command_with_all_that_it_requires(world: "World", text: str) -> None:
    """The command itself ends with an error, about the stack or the terminal; its options are complete."""
    (command,) = re.findall(r"edgefleet (.* -s STACK( --\w+)?)", text)
    assert world.run(*command[0].split()).err.startswith("error[")
