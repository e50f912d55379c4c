"""`edgefleet sites replace` and `sites decommission`: what they write, and the orders that they refuse."""

import re
from typing import TYPE_CHECKING

import pytest
from tests.commands.test_keys import delegate, pointer, shop
from tests.commands.test_sites_status import report

from edgefleet.fleetfile.load import load_fleet
from edgefleet.io.store import DirectoryStore
from edgefleet.site import ledger

if TYPE_CHECKING:
    from tests.commands.conftest import Ran, World

__all__ = ["shop"]


@pytest.fixture
def up(shop: "World") -> "World":
    """Three sites with certificates and a channel, brought up and acknowledged."""
    shop.edit(
        "munich: {nodes: {n1: {}}}", "munich: {nodes: {n1: {network: {mac: 02:00:5e:10:00:01}}}} # ours"
    )
    assert 0 == shop.run("up", "-s", "dev", "-y").code
    assert 0 == shop.run("sites", "ack", "-s", "dev", "--all").code
    return shop


def do(world: "World", *arguments: str) -> "Ran":
    """Run a command of sites; its remarks on one line."""
    ran = world.run("sites", arguments[0], "-s", "dev", *arguments[1:])
    ran.err = " ".join(ran.err.split())
    return ran


def lines(ran: "Ran") -> list[str]:
    """The lines that it adds to files."""
    return re.findall(r"^\+(?!\+\+)(.*)$", ran.out, re.MULTILINE)


def pending(world: "World") -> set[str]:
    """Nodes that wait for their medium."""
    sites = world.run("sites", "-s", "dev", "--json", "-").json["sites"]
    return {
        f"{site['name']}/{name}" for site in sites for name, node in site["nodes"].items() if node["pending"]
    }


def test_a_lost_node_gets_new_keys_and_the_old_ones_are_revoked(up: "World") -> None:
    """The edit is shown and keeps comments; what the site shares and what names the machine is named."""
    ran = do(up, "replace", "munich", "--lost", "-y")
    assert 0 == ran.code, ran.err
    entry = "  munich: {keyGeneration: 2, nodes: {n1: {network: {mac: 02:00:5e:10:00:01}}}} # ours"
    assert [entry, "revoked: {munich: 1}"] == lines(ran)
    fleet = load_fleet(up.fleet_file, up.project)
    assert (2, {"munich": 1}) == (fleet.sites["munich"].key_generation, fleet.revoked)
    assert "stacks/dev.fleet.yaml:13:" in ran.err
    assert "network.mac is 02:00:5e:10:00:01, of the old machine: correct it before up" in ran.err
    nexts = ran.out[ran.out.index("next: ") :]
    order = ["up -s dev", "hub gateway -s dev", "sites sheet", "sites ack -s dev --target munich"]
    assert order == sorted(order, key=nexts.index)
    preview = up.run("preview", "-s", "dev")
    assert "REFLASH - 1 site" in preview.out
    assert "keyGeneration: 1 -> 2" in preview.out


def test_a_lost_node_is_replaced_once(up: "World") -> None:
    """Run again before up, it would skip a generation; after up, it is another loss."""
    assert 0 == do(up, "replace", "munich", "--lost", "-y").code
    ran = do(up, "replace", "munich", "--lost", "-y")
    assert (3, True) == (ran.code, "the edit is done: edgefleet up -s dev" in ran.err)
    assert 0 == up.run("up", "-s", "dev", "-y").code
    assert 0 == do(up, "replace", "munich", "--lost", "-y").code
    assert {"munich": 2} == load_fleet(up.fleet_file, up.project).revoked


def test_all_nodes_of_the_site_of_a_lost_node_need_a_visit(up: "World") -> None:
    """Also those that are not lost."""
    ran = do(up, "replace", "hamburg", "--lost", "--node", "n2", "-y")
    assert "all 2 nodes of the site need a visit" in ran.err


def test_secrets_that_other_sites_share_are_named(up: "World") -> None:
    """Who has the node has them, and no key generation changes them."""
    up.edit("defaults: {profile: pos,", "defaults: {profile: pos, ntp: [{secret: shop}],")
    ran = do(up, "replace", "munich", "--lost", "-y")
    assert "the value of ntp[0] shop was on it, and 2 other sites have it" in ran.err


def test_a_broken_node_keeps_its_keys_and_takes_nothing_old(up: "World") -> None:
    """The sequence of the pointer that a release key has signed is the floor; the node alone is pending."""
    assert 0 == delegate(up, "--release", "keys/release-1.pub").code
    DirectoryStore(up.project / "images").put("pointers/munich.json", pointer(up, "1"))
    ran = do(up, "replace", "munich", "--broken", "-y")
    assert 0 == ran.code, ran.err
    assert [
        "  munich: {link: {updates: {floor: 42}}, nodes: {n1: {network: {mac: 02:00:5e:10:00:01}}}} # ours"
    ] == lines(ran)
    assert "its nodes take no pointer below sequence 42" in ran.err
    assert {"munich/n1"} == pending(up)
    again = do(up, "replace", "munich", "--broken", "-y")
    assert (0, []) == (again.code, lines(again))


def test_a_pointer_that_nobody_signed_sets_no_floor(up: "World") -> None:
    """Who can write the store could shut the site out with a high sequence."""
    assert 0 == delegate(up, "--release", "keys/release-1.pub").code
    DirectoryStore(up.project / "images").put("pointers/munich.json", pointer(up, "2"))
    ran = do(up, "replace", "munich", "--broken", "-y")
    assert (0, []) == (ran.code, lines(ran))
    assert "the floor stays: the site's pointer in the store is not signed by a key" in ran.err


def test_one_broken_node_of_several_is_pending_alone(up: "World") -> None:
    """It has to be named; the others keep their acknowledgements."""
    assert "name one with --node: n1, n2" in do(up, "replace", "hamburg", "--broken").err
    up.edit("hamburg: {", "hamburg: {backup: {}, ")
    ran = do(up, "replace", "hamburg", "--broken", "--node", "n2")
    assert (0, True) == (ran.code, "edgefleet/backup restore, once it is set up" in ran.err)
    assert {"hamburg/n2"} == pending(up)
    store = DirectoryStore(up.project / "images")
    assert {"berlin": {"n1"}, "hamburg": {"n1"}, "munich": {"n1"}} == {
        site: set(nodes) for site, nodes in ledger.read(store).items()
    }


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("replace", "munich"), 1, "name one: --lost where it is lost or stolen, --broken"),
        (("replace", "munich", "--lost", "--broken"), 1, "name one"),
        (("replace", "munlch", "--lost"), 1, "did you mean munich?"),
        (("replace", "munich", "--lost"), 3, "look at them, then add -y"),
        (("decommission", "munlch"), 1, "did you mean munich?"),
    ],
)
def test_what_is_not_clear_changes_nothing(
    up: "World", arguments: tuple[str, ...], code: int, said: str
) -> None:
    """Neither of two cases, a wrong name, nobody to ask."""
    before = up.fleet_file.read_bytes()
    ran = do(up, *arguments)
    assert (code, True) == (ran.code, said in ran.err), ran.err
    assert before == up.fleet_file.read_bytes()


def test_a_person_may_decline(up: "World") -> None:
    """Then nothing is written."""
    before = up.fleet_file.read_bytes()
    assert 130 == up.run("sites", "replace", "-s", "dev", "munich", "--lost", typed="n\n").code
    assert before == up.fleet_file.read_bytes()
    assert 0 == up.run("sites", "replace", "-s", "dev", "munich", "--lost", typed="y\n").code
    assert before != up.fleet_file.read_bytes()


def test_a_site_that_was_never_brought_up_has_nothing_to_replace(shop: "World") -> None:
    """There is no image, so nobody has one."""
    ran = do(shop, "replace", "munich", "--lost", "-y")
    assert (1, True) == (ran.code, "munich has no image yet" in ran.err)


def test_decommissioning_revokes_first_and_removes_when_the_site_is_silent(up: "World") -> None:
    """Three runs: revoked, still heard of, removed; the line in revoked stays without an end."""
    ran = do(up, "decommission", "munich", "-y")
    assert (0, ["revoked: {munich: 1}"]) == (ran.code, lines(ran))
    assert "munich" in load_fleet(up.fleet_file, up.project).sites
    assert 0 == up.run("up", "-s", "dev", "-y").code
    report(up, "munich/n1", hours=11)
    early = do(up, "decommission", "munich", "-y")
    assert 3 == early.code
    assert "munich reported 11 h ago, and a revoked site cannot" in early.err
    assert "edgefleet up -s dev and edgefleet hub gateway -s dev" in early.err
    report(up, "munich/n1", hours=12)
    assert 0 == do(up, "decommission", "munich", "-y").code
    fleet = load_fleet(up.fleet_file, up.project)
    assert ({"berlin", "hamburg"}, {"munich": 1}) == ({*fleet.sites}, fleet.revoked)
    preview = up.run("preview", "-s", "dev")
    assert "GONE - 1 site" in preview.out
    assert "decommission a site before" not in preview.out
    last = do(up, "decommission", "munich", "-y")
    assert (1, True) == (last.code, "munich is revoked and has no row any more" in last.err)
    assert "revoked names munich, without a row" in " ".join(preview.out.split())


def test_somebody_may_have_seen_that_the_site_is_off(up: "World") -> None:
    """Then its last status is no reason to wait; a status in the future is none, either."""
    do(up, "decommission", "munich", "-y")
    report(up, "munich/n1", hours=-5)
    assert 3 == do(up, "decommission", "munich", "-y").code
    assert 0 == do(up, "decommission", "munich", "--off", "-y").code
    assert "munich" not in load_fleet(up.fleet_file, up.project).sites


def test_an_edit_that_breaks_the_fleet_file_is_taken_back(up: "World") -> None:
    """A workload names the site: the problem has its place, and the file is as before."""
    up.edit(
        "\nsites:",
        "\nworkloads: {till: {kind: web, image: 'registry.example/till:1', port: 80, "
        "where: {sites: [munich]}}}\nsites:",
    )
    do(up, "decommission", "munich", "-y")
    before = up.fleet_file.read_bytes()
    ran = do(up, "decommission", "munich", "--off", "-y")
    assert (1, True) == (ran.code, "no site is called munich" in ran.err)
    assert "the files are as before" in ran.err
    assert before == up.fleet_file.read_bytes()


def test_without_certificates_there_is_nothing_to_revoke(world: "World") -> None:
    """The row is removed at once."""
    assert 0 == world.run("up", "-s", "dev", "-y").code
    assert 0 == do(world, "decommission", "munich", "-y").code
    assert ({"berlin", "hamburg"}, {}) == (
        {*load_fleet(world.fleet_file, world.project).sites},
        load_fleet(world.fleet_file, world.project).revoked,
    )


def test_a_row_that_is_removed_by_hand_is_noted(up: "World") -> None:
    """Its certificate stays valid, and it still reports: preview and up state both."""
    report(up, "munich/n1", hours=1)
    lines = [line for line in up.fleet_file.read_text().splitlines() if "munich" not in line]
    up.fleet_file.write_text("\n".join(lines))
    said = " ".join(up.run("preview", "-s", "dev").out.split())
    assert "the certificates of munich stay valid, as they are not in revoked; decommission" in said
    assert "munich still reported within 12 hours; decommission a site before its row is removed" in said
    assert "the certificates of munich stay valid" in " ".join(up.run("up", "-s", "dev", "-y").out.split())
    assert "munich" not in " ".join(up.run("preview", "-s", "dev").out.split())
