"""`edgefleet rollout status|step|pause|resume|promote|rollback|history` over a store with a rollout."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from tests.commands.conftest import NOW, with_secrets
from tests.rollout.signed import pointers, with_pointers
from tests.rollout.world import digest
from tests.rollout.world import targets as targets_of

from edgefleet.fleetfile.load import load_fleet
from edgefleet.io.store import DirectoryStore
from edgefleet.rollout.plan import plan
from edgefleet.rollout.stored import newest, start, targets

if TYPE_CHECKING:
    from tests.commands.conftest import Ran, World

WAVES = """\
rollout:
  bake: 2h
  waves: [{name: canary, where: {sites: [berlin]}, failures: 0}]
sites:"""
CHANNEL = """\
channel:
  roots: ["file:keys/root-a.pub"]
  access: {gateway: "https://updates.shops.example"}
  signKey: file:keys/release-1.key
"""
ALL = {"berlin", "hamburg", "munich"}
NODES = {"berlin": ("n1",), "hamburg": ("n1", "n2"), "munich": ("n1",)}


@pytest.fixture
def shop(world: "World") -> "World":
    """Three sites, one of them a canary; all have release 1 of a rollout that has ended."""
    world.edit("sites:", WAVES)
    world.environment |= {"USER": "anna", "XDG_CACHE_HOME": str(world.project / "cache")}
    publish(world, 1)
    assert 0 == run(world, "promote", "--all-waves", "--reason", "first release").code
    report(world, "healthy", *ALL)
    world.now += timedelta(hours=1)
    assert "ended: done" in run(world, "step").out
    return world


def store_of(world: "World") -> DirectoryStore:
    """The store of the stack."""
    return DirectoryStore(world.project / "images")


def publish(world: "World", release: int) -> None:
    """Start the rollout of a release to all sites."""
    fleet = load_fleet(world.fleet_file, world.project)
    before = newest(store_of(world))
    made = plan(
        targets_of(fleet, dict.fromkeys(fleet.sites, release)),
        int(world.now.timestamp()),
        targets(before),
        before.unfinished if before else None,
    )
    assert start(store_of(world), *with_pointers(made), before)


def report(world: "World", state: str, *sites: str) -> None:
    """What the nodes of sites report of their pointers."""
    there = pointers(store_of(world))
    for site in sites:
        document = json.dumps({"state": state, "sequence": there[site][0]}).encode()
        for node in NODES[site]:
            store_of(world).put(f"status/{site}/{node}.json", document)


def run(world: "World", *arguments: str) -> "Ran":
    """A command of rollouts."""
    return world.run("rollout", *arguments, "-s", "dev")


def on_release(world: "World", release: int) -> set[str]:
    """The sites whose pointers lead to it."""
    return {site for site, (_, of) in pointers(store_of(world)).items() if of == digest(release)}


def words(ran: "Ran") -> str:
    """All that is printed, as one line."""
    return " ".join((ran.out + ran.err).split())


@pytest.mark.parametrize("command", ["status", "step", "history", "pause", "resume", "promote", "rollback"])
def test_without_a_rollout_each_command_refuses(world: "World", command: str) -> None:
    """And states what starts one."""
    ran = run(world, command)
    assert (3, True) == (ran.code, "no rollout was started yet" in words(ran))
    assert "edgefleet up starts one, where the fleet file has a channel" in words(ran)


def test_steps_bring_a_rollout_to_its_end(shop: "World") -> None:
    """Each shows what it did and what it waits for; status shows the waves."""
    publish(shop, 2)
    ran = run(shop, "step")
    assert 0 == ran.code
    assert "wave canary opened" in ran.out
    assert "1 site moved forward: berlin" in ran.out
    assert "running: 0 of 1 sites of the wave canary are healthy: waiting for 1 site" in words(ran)
    assert ({"berlin"}, {"hamburg", "munich"}) == (on_release(shop, 2), on_release(shop, 1))
    assert "opened" not in run(shop, "step").out
    report(shop, "healthy", "berlin")
    document = run(shop, "step", "--json", "-").json
    assert ("running", ["reached"]) == (document["phase"], [each["action"] for each in document["entries"]])
    status = run(shop, "status")
    assert [] == [line for line in status.out.splitlines() if cell_len(line) > 80]
    canary, others = (
        line.split() for line in status.out.splitlines() if line.startswith(("canary", "others"))
    )
    assert ["canary", "1", "1", "1", "0", "0", "0", "watched"] == canary
    assert ["others", "2", "0", "0", "0", "0", "0", "not", "opened"] == others
    shop.now += timedelta(hours=2)
    assert {"hamburg", "munich"} == {each["site"] for each in run(shop, "step", "--json", "-").json["moved"]}
    report(shop, "healthy", "hamburg", "munich")
    run(shop, "step")
    shop.now += timedelta(hours=2)
    assert "ended: done" in run(shop, "step").out
    assert (0, True) == ((ran := run(shop, "status")).code, "ended" in ran.out)


def test_a_pause_names_the_budget_that_it_met(shop: "World") -> None:
    """A step exits with 3 until a person decides; an order needs a reason, and the log keeps who gave it."""
    publish(shop, 2)
    run(shop, "step")
    report(shop, "rolled-back", "berlin")
    ran = run(shop, "step")
    assert 3 == ran.code
    assert "1 site failed (berlin) of the wave canary: its budget is 0" in words(ran)
    assert "edgefleet rollout resume, promote or rollback -s dev" in words(ran)
    assert "failed: 1 site of the wave canary" in run(shop, "status").out
    assert 3 == run(shop, "step").code
    assert (1, True) == ((ran := run(shop, "rollback")).code, "no reason is given" in ran.err)
    ran = run(shop, "rollback", "--reason", "tills freeze")
    assert (0, ALL) == (ran.code, on_release(shop, 1))
    assert "taken BACK by anna: tills freeze" in ran.out
    assert (3, True) == ((ran := run(shop, "rollback", "--reason", "x")).code, "already" in words(ran))
    history = run(shop, "history")
    assert ["wave canary opened", "PAUSED", "taken BACK by anna", "moved back: berlin"] == [
        text
        for text in ("wave canary opened", "PAUSED", "taken BACK by anna", "moved back: berlin", "placed")
        if text in words(history)
    ]
    log = run(shop, "history", "--json", "-").json["log"]
    assert ("anna", "tills freeze") == next(
        (entry["by"], entry["reason"]) for entry in log if entry["action"] == "rolledBack"
    )


def test_people_pause_resume_and_promote(shop: "World") -> None:
    """On a terminal the command asks for the reason; --by names another person."""
    publish(shop, 2)
    run(shop, "step")
    ran = shop.run("rollout", "pause", "-s", "dev", typed="lunch\n")
    assert (0, True) == (ran.code, "PAUSED by anna: lunch" in ran.out)
    assert 3 == run(shop, "step").code
    assert 3 == run(shop, "pause", "--reason", "again").code
    ran = run(shop, "resume", "--reason", "back", "--by", "ben")
    assert (0, True) == (ran.code, "resumed by ben: back" in ran.out)
    assert 3 == run(shop, "resume", "--reason", "x").code
    assert 1 == run(shop, "promote", "canari", "--reason", "x").code
    assert 3 == run(shop, "promote", "others", "--reason", "x").code
    ran = run(shop, "promote", "canary", "--reason", "checked by hand")
    assert (0, ALL) == (ran.code, on_release(shop, 2))
    assert "wave canary promoted by anna: checked by hand" in words(ran)


def test_an_urgent_fix_skips_the_waves_and_the_log_keeps_it(shop: "World") -> None:
    """By a named option, and not beside a wave."""
    shop.edit("  bake: 2h", "  bake: 2h\n  freeze: [2026-01-01..2039-01-01]")
    publish(shop, 2)
    run(shop, "step")
    assert set() == on_release(shop, 2)
    assert 1 == run(shop, "promote", "canary", "--all-waves", "--reason", "x").code
    assert 0 == run(shop, "promote", "--all-waves", "--reason", "CVE-2026-0001").code
    assert ALL == on_release(shop, 2)
    assert "all waves opened at once by anna: CVE-2026-0001" in words(run(shop, "history"))


def test_the_store_alone_is_enough(shop: "World") -> None:
    """For a schedule without the fleet file; what it names is in the hints."""
    publish(shop, 2)
    shop.fleet_file.unlink()
    ran = shop.run("rollout", "step", "--store", "file:images")
    assert (0, {"berlin"}) == (ran.code, on_release(shop, 2))
    for options in ((), ("-s", "dev", "--store", "file:images")):
        assert 1 == shop.run("rollout", "step", *options).code
    report(shop, "failed", "berlin")
    ran = shop.run("rollout", "step", "--store", "file:images")
    assert (3, True) == (ran.code, "rollback --store file:images" in words(ran))


def test_history_shows_former_rollouts(shop: "World") -> None:
    """By their names."""
    former = shop_id(shop)
    publish(shop, 2)
    ran = run(shop, "history")
    assert f"others: {former}" in ran.out
    assert "first release" in run(shop, "history", "--rollout", former).out
    assert (1, True) == ((ran := run(shop, "history", "--rollout", "x")).code, former in words(ran))


def shop_id(world: "World") -> str:
    """The name of the newest rollout."""
    running = newest(store_of(world))
    assert running is not None
    return running.id


def test_a_hostile_store_is_one_clear_error(shop: "World") -> None:
    """Nothing in it steers the terminal."""
    key = f"rollouts/{shop_id(shop)}/log.json"
    store_of(shop).put(
        key, b'[{"at": 1, "action": "paused", "by": "\\u001b[2J", "reason": "\\u001b]0;x\\u0007"}]'
    )
    ran = run(shop, "history")
    assert (0, False) == (ran.code, "\x1b" in ran.out + ran.err)
    store_of(shop).put(key, b"\x1b[2J")
    ran = run(shop, "step")
    assert (2, False) == (ran.code, "\x1b" in ran.out + ran.err)
    assert "is not the document of a rollout" in words(ran)


def test_a_person_must_be_known(shop: "World") -> None:
    """A container may have no user."""
    publish(shop, 2)
    del shop.environment["USER"]
    assert (1, True) == ((ran := run(shop, "pause", "--reason", "x")).code, "--by NAME" in ran.err)
    shop.environment["LOGNAME"] = "ben"
    assert "PAUSED by ben: x" in run(shop, "pause", "--reason", "x").out
    assert NOW < shop.now


def test_preview_names_the_rollout_that_up_supersedes(shop: "World") -> None:
    """With how far it is; none once it has ended."""
    for kind, name in (("root", "a"), ("release", "1")):
        assert 0 == shop.run("keys", "new", kind, name).code
    hub = "{kind: none, bucket: shops-hub, identity: {sites: true}, cloud: {region: eu-central-1}}"
    shop.edit("{kind: none, cloud: {region: eu-central-1}}", hub)
    shop.edit("rollout:", CHANNEL + "rollout:")
    with_secrets(shop)
    assert 0 == shop.run("up", "-s", "dev", "-y").code
    shop.edit("64Gi", "128Gi")
    assert "supersedes" not in shop.run("preview", "-s", "dev").out
    publish(shop, 3)
    assert 0 == run(shop, "step").code
    printed = words(shop.run("preview", "-s", "dev"))
    assert "is under way, 1 of 3 sites have moved: up supersedes it" in printed
    assert "WAVES - 3 sites canary 1 now · others 2 from +2 h" in printed
