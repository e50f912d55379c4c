"""What a change does to a deployed site stands beside the site, in preview and up, on either engine.

Source: pulumi/pulumi#20087 (a preview does not list the outputs that change), pulumi/pulumi#919 (it does not
show the impact of an update): values of inputs are shown, and not what follows from them.
"""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from tests.field.conftest import Command

from edgefleet.engine.api import Options

GOLDEN = Path(__file__).parents[1] / "golden" / "field"
FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: shops
region: dev
recipe: 1
controlPlane: {kind: none, cloud: {region: eu-central-1}}
images: {store: "file:images"}
profiles: {pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi}}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
sites:
  berlin: {network: {address: 10.20.1.10/24, gateway: 10.20.1.1}}
  hamburg: {network: {address: 10.20.2.10/24, gateway: 10.20.2.1}}
  munich: {network: {address: 10.20.3.10/24, gateway: 10.20.3.1}}
"""
SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # noqa: S105 - of this test
PROGRAM = f"""
edgefleet.Fleet("shops", {{"file": "dev.fleet.yaml", "secret": {SECRET!r}}})
"""
CHANGED = FLEET.replace("10.20.1.10", "10.20.1.11").replace("  munich:", "  kiel:").replace(".3.1", ".4.1")


def golden(name: str, text: str) -> None:
    """Compare with the recorded text; UPDATE_GOLDEN=1 records it."""
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        assert not os.environ.get("CI"), "golden files are not rewritten by CI"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert file.read_text() == text


def messages(run: Any) -> dict[str, str]:
    """dict[name of a resource -> the message beside it]."""
    items = [item for item in run.diagnostics if item.severity == "info"]
    assert len({item.urn for item in items}) == len(items)
    return {item.urn.rpartition("::")[2]: item.message for item in items}


@pytest.fixture
def fleet(stack: Any) -> Any:
    """A stack with three sites, brought up, and then a fleet file with another address and another site."""
    (stack.root / "dev.fleet.yaml").write_text(FLEET)
    run = stack.up(PROGRAM)
    assert "succeeded" == run.result, run.text
    (stack.root / "dev.fleet.yaml").write_text(CHANGED)
    return stack


def test_preview_and_up_report_effect_line_digests_and_the_summary(fleet: Any) -> None:
    """Beside the changed site and on the Fleet, once each; equal text on both engines."""
    planned, done = fleet.preview(), fleet.up()
    assert ("succeeded", "succeeded") == (planned.result, done.result)
    assert {"shops/berlin": ["nodes.n1.network.address"], "shops/sites": ["sites"]} == planned.diffs
    told = messages(planned)
    golden("effects.txt", "".join(f"--- {name}\n{told[name]}\n" for name in sorted(told)))
    assert told["shops/berlin"] == messages(done)["shops/berlin"]
    assert SECRET not in planned.text + done.text
    state = fleet.state()
    assert "declaredIn" not in state["shops/berlin"]["inputs"]
    assert {"fleet", "region", "sites"} == set(state["shops/sites"]["inputs"])


def test_edgefleet_preview_shows_nothing_twice(fleet: Any, command: Command) -> None:
    """Its report is made of the steps; the messages for plain `pulumi` are not repeated in it."""
    code, text = command("preview", "-s", fleet.name)
    assert (0, 1, 0) == (code, text.count("REFLASH - 1 site"), text.count("effect reflash")), text
    assert 1 == text.count("10.20.1.10/24 -> 10.20.1.11/24")
    assert 1 == text.count("munich")


def test_a_moved_line_is_no_change(fleet: Any) -> None:
    """Nor is another folder of the project: neither is an input."""
    fleet.up()
    (fleet.root / "dev.fleet.yaml").write_text(f"# a line more\n{CHANGED}")
    run = fleet.preview()
    assert ({}, {"shops"}) == (run.ops, set(messages(run)))
    assert "shops / dev, 3 sites\n  unchanged 3   = 3" == messages(run)["shops"]


def test_a_lost_image_is_stated_and_no_output_is_in_a_detailed_difference(fleet: Any) -> None:
    """An engine looks the paths of a detailed difference up among the inputs, where outputs are not."""
    (fleet.root / "dev.fleet.yaml").write_text(FLEET)
    (fleet.root / "images/sites/berlin/n1.iso").write_bytes(b"")
    run = fleet.preview(refresh=True)
    assert {"shops/berlin": "update"} == run.ops, run.text
    assert "images.n1: missing or altered in the store -> as it should be" in messages(run)["shops/berlin"]
    (urn,) = [urn for urn in run.events if urn.endswith("::shops/berlin")]
    detailed = [event.get("detailed") for event in run.events[urn] if isinstance(event, dict)]
    assert [] == [paths for paths in detailed if paths]


def test_the_cli_prints_them(fleet: Any) -> None:
    """Recorded: what plain `pulumi` shows a person; the embedded engine has no output of its own."""
    if not fleet.is_cli:
        assert "berlin: effect reflash" in fleet.preview().text
        return
    for name, options in (("preview.txt", {}), ("preview-diff.txt", {"diff": True})):
        output: list[str] = []
        errors: list[str] = []
        with fleet.engine.as_program(fleet.root):
            cli = fleet.engine._stack(Options(stack="dev", project=fleet.root))
            streams = {"on_output": output.append, "on_error": errors.append}
            cli.preview(color="never", suppress_progress=True, parallel=1, **streams, **options)
        golden(name, levelled([*output, *errors]))


def levelled(lines: list[str]) -> str:
    """The text without what differs from run to run: ids of providers, and the order of rows and messages.

    Digests are left out too: effects.txt has them, for both engines, in the tier that runs at each change.
    """
    text = re.sub(r"sha256:[0-9a-f]+", "sha256:<digest>", "\n".join(lines)).splitlines()
    kept = [line.rstrip() for line in text if "[provider=" not in line and not line.startswith("@")]
    rows, heading, rest = "\n".join(kept).partition("Diagnostics:\n")
    if not heading:
        steps, _, summary = rows.partition("Resources:\n")
        first, *blocks = re.split(r"\n(?= {4}[-+~] edgefleet:)", steps.removesuffix("\n"))
        return "\n".join([first, *sorted(blocks), "Resources:", summary, ""])
    *messages, summary = rest.split("\n\n")
    return "\n".join([*sorted(rows.splitlines()), heading, *sorted(messages), summary, ""])
