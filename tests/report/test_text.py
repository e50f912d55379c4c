"""What people read of a run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from edgefleet.model.effects import Effect
from edgefleet.model.steps import Diagnostic, Op, Step
from edgefleet.report import site_changes, text
from edgefleet.report.plan_view import OUTCOMES, Row, Shared, View
from edgefleet.rollout.pending import Pending

if TYPE_CHECKING:
    from tests.conftest import Golden
    from tests.report.conftest import Made

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GI = 1024**3


def shown(view: View, *, is_all: bool = False) -> str:
    """The report as one text; no line is wider than 80 columns, also of a program that is not on PATH."""
    lines = [line.plain.rstrip() for line in text.render(view, is_all=is_all)]
    by_path = text.render(
        view, is_all=is_all, worded=lambda words: words.replace("edgefleet ", ".venv/bin/edgefleet ")
    )
    assert [] == [line for line in (*lines, *(line.plain for line in by_path)) if cell_len(line) > 80]
    return "\n".join(lines) + "\n"


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{index:04}" for index in range(1, count + 1)]


def a_day(made: "Made") -> View:
    """A fleet of 1,000 sites in which something of everything happens."""
    keep = [made.step("same", made.plain(name), made.plain(name)) for name in names("es-mad", 888)]
    disks = [
        made.step(
            "update",
            made.plain(name),
            made.plain(name, nodes__n1__disk=128 * GI),
            ["nodes.n1.disk"],
        )
        for name in names("fr-par", 50)
    ]
    arches = [
        made.step("update", made.plain(name), made.plain(name, nodes__n1__arch="arm64"), ["nodes.n1.arch"])
        for name in names("de-ber", 2)
    ]
    places = [
        made.step("update", made.plain(name), made.plain(name, location={"city": "Lyon"}), ["location"])
        for name in names("fr-lyo", 46)
    ]
    new = [made.step("create", {}, made.plain(name)) for name in names("it-mil", 12)]
    gone = [made.step("delete", made.plain(name), {}) for name in ("fr-nte-0007", "fr-nte-0008")]
    provider = Step(
        urn="urn:pulumi:eu::fleet::pulumi:providers:edgefleet::cloud",
        op="same",
        type="pulumi:providers:edgefleet",
    )
    bucket = Step(
        urn="urn:pulumi:eu::fleet::edgefleet:aws:Bucket::artifacts",
        op="update",
        type="edgefleet:aws:Bucket",
        diff=("tags.owner",),
    )
    present = [*keep, *disks, *arches, *places, *new]
    fleet = made.fleet(
        [_spec(step) for step in present],
        lines={
            ("*", "nodes.n1.disk"): "stacks/eu.fleet.yaml:212:11",
            ("*", "nodes.n1.arch"): "stacks/eu.fleet.yaml:230:11",
        },
    )
    stood = {"fr-nte-0007": "was stacks/eu.csv:88", "fr-nte-0008": "was stacks/eu.csv:89"}
    outcome = made.outcome([provider, bucket, *present, *gone])
    waiting = tuple(
        Pending(
            is_first=False, nodes=("n1",), name=name, effect=Effect.REFLASH, since=NOW - timedelta(days=days)
        )
        for name, days in (("es-mad-0002", 12), ("es-mad-0003", 3))
    )
    return site_changes.view(outcome, site_changes.Seen(at=NOW, fleet=fleet, stood=stood, waiting=waiting))


def _spec(step: Step) -> dict[str, Any]:
    return {name: value for name, value in step.new_inputs.items() if name not in {"store", "key"}}


def test_what_an_earlier_run_left_is_no_site_that_is_gone(made: "Made") -> None:
    """Its site stays, by name; what is removed is reported, and there is something to do."""
    a = made.plain("a")
    b = made.plain("b")
    left = [replace(made.step("delete", each, {}), is_remains=True) for each in (b, a)]
    stay = [made.step("same", each, each) for each in (a, b)]
    view = site_changes.view(
        made.outcome([*stay, *left]), site_changes.Seen(at=NOW, fleet=made.fleet([a, b]))
    )
    assert {"gone": 0, "unchanged": 2} == {outcome: view.counts[outcome] for outcome in ("gone", "unchanged")}
    lines = shown(view).splitlines()
    place = lines.index("REMAINS - old of 2 replacements that an earlier run left, to remove")
    assert "      a, b" == lines[place + 1]
    assert [] == [line for line in lines if line.startswith(("GONE", "OTHER", "nothing to do"))]


def test_a_step_that_failed_states_no_loss_of_an_image(made: "Made") -> None:
    """Nothing is known of its images; none was looked for in the store."""
    a, b = made.plain("a"), made.plain("a", nodes__n1__network__address="10.20.7.99/24")
    step = replace(made.step("update", a, b, ["nodes.n1.network.address"]), new_outputs={})
    view = site_changes.view(made.outcome([step]), site_changes.Seen(at=NOW, fleet=made.fleet([b])))
    assert "    + not known before the update: the step failed" in shown(view).splitlines()


def test_an_image_that_was_never_written_is_judged_by_what_the_spec_says(made: "Made") -> None:
    """After a run that failed, a changed address is a visit; an image that was only lost is none."""
    a, moved = made.plain("a"), made.plain("a", nodes__n1__network__address="10.20.7.99/24")
    for new, outcome, more in ((moved, "reflash", ["nodes.n1.network.address"]), (a, "none", [])):
        step = made.step("update", a, new, ["images", *more])
        missing = {"images": {"n1": step.old_outputs["images"]["n1"] | {"seed": None}}}
        view = site_changes.view(
            made.outcome([replace(step, old_outputs=missing)]),
            site_changes.Seen(at=NOW, fleet=made.fleet([new])),
        )
        assert [outcome] == [site.outcome for site in view.sites]
        assert (
            "  #1  1 site  images.n1: missing or altered in the store -> as it should be"
            in shown(view).splitlines()
        )


def test_a_thousand_lost_images_are_one_change(made: "Made") -> None:
    """Their digests differ, what happened does not."""
    steps = []
    for name in names("es-mad", 1000):
        step = made.step("update", made.plain(name), made.plain(name), ["images"])
        missing = {"images": {"n1": step.old_outputs["images"]["n1"] | {"seed": None}}}
        steps.append(replace(step, old_outputs=missing))
    fleet = made.fleet([_spec(step) for step in steps])
    view = site_changes.view(made.outcome(steps), site_changes.Seen(at=NOW, fleet=fleet))
    assert [1000] == [len(group.sites) for group in view.groups]


def test_a_day_of_a_large_fleet(made: "Made", golden: "Golden") -> None:
    """Losses first and by name, equal changes once with a count, counts that add up."""
    golden("a-day.txt", shown(a_day(made)))


def test_one_edited_site_shows_both_whole_digests(made: "Made", golden: "Golden") -> None:
    """One site changes: its name, the change, the line that declares it and both digests."""
    old = [made.plain(name) for name in names("de-ber", 24)]
    new = [*old[:6], made.plain("de-ber-0007", nodes__n1__network__address="10.20.7.11/24"), *old[7:]]
    steps = [
        made.step(
            "same" if before == after else "update",
            before,
            after,
            [] if before == after else ["nodes.n1.network.address"],
        )
        for before, after in zip(old, new, strict=True)
    ]
    fleet = made.fleet(new, lines={("de-ber-0007", "nodes.n1.network.address"): "stacks/dev.fleet.yaml:41:7"})
    view = site_changes.view(made.outcome(steps, stack="dev"), site_changes.Seen(at=NOW, fleet=fleet))
    golden("one-site.txt", shown(view))
    assert [("de-ber-0007", "reflash")] == [(site.name, site.effect) for site in view.of("reflash")]


def test_the_first_preview_names_each_image(made: "Made", golden: "Golden") -> None:
    """A new stack of 24 sites: every node with its digest; Wi-Fi passphrases that sites share are named."""
    wifi = {"ssid": "Shops", "passphrase": "{secret: shop-wifi}"}
    new = [made.plain(name) for name in names("de-ber", 20)]
    new += [made.plain(name, nodes__n1__network__wifi=wifi) for name in names("fr-par", 4)]
    view = site_changes.view(
        made.outcome([made.step("create", {}, each) for each in new]),
        site_changes.Seen(at=NOW, fleet=made.fleet(new)),
    )
    golden("first.txt", shown(view))
    assert (Shared(name="shop-wifi", what="Wi-Fi passphrase", sites=4),) == view.shared


def test_each_secret_that_sites_share_is_named(made: "Made") -> None:
    """A stolen node gives away the login of the proxy and the activation code of all sites, too."""
    ssm = {"region": "eu-west-1", "activation": "{secret: fleet-ssm}"}
    proxy = {"http": "http://proxy.example:3128", "credentials": "{secret: proxy-login}"}
    wifi = {"ssid": "Shops", "passphrase": "{secret: shop-wifi}"}
    new = [
        made.plain(name, breakGlass={"ssm": ssm}, proxy=proxy, nodes__n1__network__wifi=wifi)
        for name in names("fr-par", 2)
    ]
    steps = [made.step("create", {}, each) for each in new]
    view = site_changes.view(made.outcome(steps), site_changes.Seen(at=NOW, fleet=made.fleet(new)))
    lines = [line for line in shown(view).splitlines() if line.startswith("SHARED")]
    assert [
        "SHARED: the SSM activation fleet-ssm is in the images of 2 sites",
        "SHARED: the proxy login proxy-login is in the images of 2 sites",
        "SHARED: the Wi-Fi passphrase shop-wifi is in the images of 2 sites",
    ] == lines


def test_images_in_another_store_than_the_fleets_are_shown_before_they_are_removed(made: "Made") -> None:
    """The state says where they are; a preview says what the removal of a row will clear."""
    kept, lost = made.plain("de-ber-0001"), made.plain("de-ber-0002")
    steps = [made.step("same", kept, kept), made.step("delete", lost, {})]
    for store, is_shown in (("file:images", False), ("file:.edgefleet/images/eu", True)):
        seen = site_changes.Seen(at=NOW, fleet=made.fleet([kept]), store=store)
        text = shown(site_changes.view(made.outcome(steps), seen))
        assert is_shown == ("      its images are in file:images\n" in text)


def test_nothing_to_do(made: "Made", golden: "Golden") -> None:
    """The second up says so in one line, and where the images are."""
    same = [made.plain(name) for name in names("de-ber", 24)]
    outcome = made.outcome([made.step("same", each, each) for each in same], operation="up", seconds=1.04)
    golden(
        "nothing.txt", shown(site_changes.view(outcome, site_changes.Seen(at=NOW, fleet=made.fleet(same))))
    )


def test_what_was_done(made: "Made", golden: "Golden") -> None:
    """After up the same is reported in the past tense, with the place of the images."""
    kept, lost = made.plain("de-ber-0001"), made.plain("de-ber-0002")
    new = made.plain("de-ber-0003")
    steps = [made.step("same", kept, kept), made.step("create", {}, new), made.step("delete", lost, {})]
    seen = site_changes.Seen(
        at=NOW,
        fleet=made.fleet([kept, new]),
        stood={"de-ber-0002": "was stacks/eu.csv:3"},
        store="file:images",
    )
    golden("done.txt", shown(site_changes.view(made.outcome(steps, operation="up"), seen)))


def test_the_next_up_is_of_the_sites_that_the_preview_was_limited_to(made: "Made") -> None:
    """A preview of one site does not offer an up of all."""
    new = made.plain("de-ber-0001")
    for which in ("", " --target de-ber-0001", " --group stores --label 'size=*'"):
        seen = site_changes.Seen(
            at=NOW, fleet=made.fleet([new]), targets=frozenset({"de-ber-0001"}), which=which
        )
        view = site_changes.view(made.outcome([made.step("create", {}, new)]), seen)
        assert f"next: edgefleet up -s eu-central-1{which}" == shown(view).splitlines()[-1]


def test_a_refresh_states_that_images_are_missing_and_no_row(made: "Made") -> None:
    """A site whose images all left the store is still in the fleet file; refresh removed nothing."""
    kept, lost = made.plain("de-ber-0001"), made.plain("de-ber-0002")
    steps = [made.step("same", kept, kept), made.step("delete", lost, {})]
    seen = site_changes.Seen(at=NOW, fleet=made.fleet([kept, lost]))
    text = shown(site_changes.view(made.outcome(steps, operation="refresh"), seen))
    assert "GONE - 1 site, its images are no longer in the store\n  - de-ber-0002\n" in text
    assert "removed" not in text


def test_a_failed_run_counts_the_sites_that_it_did_not_reach(made: "Made", golden: "Golden") -> None:
    """What a failed up did not come to is named, and the counts still add up."""
    sites = [made.plain(name) for name in names("de-ber", 5)]
    outcome = made.outcome(
        [made.step("create", {}, each) for each in sites[:2]],
        operation="up",
        result="failed",
        diagnostics=(
            Diagnostic(
                severity="error", message="the disk is full; free some space there", urn="a::de-ber-0003"
            ),
        ),
    )
    view = site_changes.view(outcome, site_changes.Seen(at=NOW, fleet=made.fleet(sites)))
    golden("failed.txt", shown(view))
    assert ["the disk is full"] == [each.problem for each in view.problems]


def test_thousands_of_different_changes_do_not_drown_the_rest(made: "Made", golden: "Golden") -> None:
    """Different changes are shown up to a limit and counted beyond; losses are never cut."""
    steps = []
    for index, name in enumerate(names("de-ber", 4000)):
        old, new = made.plain(name), made.plain(name, ntp=[f"time{index}.example"])
        steps.append(made.step("update", old, new, ["ntp"]))
    gone = [made.plain(name) for name in names("fr-par", 60)]
    fleet = made.fleet([_spec(step) for step in steps])
    outcome = made.outcome([*steps, *(made.step("delete", each, {}) for each in gone)], operation="preview")
    view = site_changes.view(outcome, site_changes.Seen(at=NOW, fleet=fleet))
    report = shown(view)
    golden("many.txt", report)
    assert [] == [name for name in names("fr-par", 60) if name not in report]
    assert "#4000" in shown(view, is_all=True)


def test_all_names_every_site(made: "Made") -> None:
    """``--all`` leaves nothing out: unchanged sites and whole digests."""
    view = a_day(made)
    report = shown(view, is_all=True)
    assert [] == [site.name for site in view.sites if site.name not in report]
    digests = {images.new for site in view.of("new", "reflash") for images in site.images.values()}
    assert [] == [digest for digest in digests if digest is None or digest not in report]


def test_long_names_and_values_stay_within_the_line(made: "Made") -> None:
    """Names of 63 characters and long values move to lines of their own."""
    name = "a" * 63
    old = made.plain(name)
    new = made.plain(name, sysctls={f"net.core.setting{index}": "1" * 90 for index in range(9)})
    seen = site_changes.Seen(at=NOW, fleet=made.fleet([new]))
    shown(site_changes.view(made.outcome([made.step("update", old, new, ["sysctls"])]), seen))
    shown(
        site_changes.view(
            made.outcome([made.step("delete", old, {})]),
            site_changes.Seen(at=NOW, stood={name: "was stacks/eu.csv:3"}),
        )
    )
    shown(site_changes.view(made.outcome([made.step("create", {}, new)]), seen), is_all=True)


OPS = st.sampled_from(["same", "create", "update", "replace", "delete", "read", "refresh", "missing"])


@given(
    ops=st.lists(OPS, max_size=30), result=st.sampled_from(["succeeded", "failed", "cancelled", "refused"])
)
def test_counts_always_add_up_to_the_fleet(made: "Made", ops: list[Any], result: Any) -> None:
    """Whatever an engine says, each site has exactly one outcome and the numbers add up."""
    sites = [made.plain(f"site-{index}") for index in range(len(ops))]
    steps = [
        made.step(op, one, one, ["timezone"]) for op, one in zip(ops, sites, strict=True) if op != "missing"
    ]
    fleet = made.fleet([one for op, one in zip(ops, sites, strict=True) if op != "delete"])
    view = site_changes.view(made.outcome(steps, result=result), site_changes.Seen(at=NOW, fleet=fleet))
    assert len(ops) == sum(view.counts.values()) == len(view.sites)
    (line, *more) = [each.plain for each in text.counts(view)]
    words = " ".join([line, *more]).replace(",", "").split()
    numbers = [int(word) for word in words if word.isdecimal()]
    assert numbers[-1] == sum(numbers[:-1]) == len(ops)
    assert set(view.counts) == set(OUTCOMES)
    assert {Row} >= {type(site) for site in view.sites}


@pytest.mark.parametrize(
    ("op", "revoked", "note"),
    [
        ("create", {}, None),
        ("create", {"a": 1}, "certificates revoked: a up to key generation 1"),
        ("update", {}, "certificates revoked: none any more"),
        ("same", {"a": 1}, None),
        ("delete", {}, None),
    ],
)
def test_a_change_of_revoked_certificates_is_noted(
    made: "Made", op: Op, revoked: dict[str, int], note: str | None
) -> None:
    """Unless none has ever been revoked."""
    step = Step(urn="u::sites", type=site_changes.REVOCATIONS, op=op)
    seen = site_changes.Seen(at=NOW, fleet=made.fleet([], revoked=revoked))
    cautions = site_changes.view(made.outcome([step]), seen).notes
    notes = [line for line in cautions if line.startswith("certificates revoked")]
    assert notes[:1] == [note] * (note is not None)
