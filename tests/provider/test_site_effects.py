"""What the engine's user reads beside a changed site, and once for a fleet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.provider.conftest import SECRET, Called, FakeRenderer, key_of

from edgefleet.cloud.bucket import Bucket
from edgefleet.model.site_resource import ROSTER, TOKEN
from edgefleet.provider.properties import Secret, decode
from edgefleet.provider.servicer import Servicer
from edgefleet.site.resource import Site
from edgefleet.site.roster import Roster

FLEET_FILE = """\
apiVersion: edgefleet.dev/v1
fleet: retail-eu
region: eu-central-1
recipe: 1
controlPlane: {kind: none}
profiles: {pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi}}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
sites:
  store-0007: {network: {address: 10.20.7.10/24, gateway: 10.20.7.1}}
  store-0008: {network: {address: 10.20.8.10/24, gateway: 10.20.8.1}}
"""
REPORT_ON = "urn:pulumi:dev::fleet::edgefleet:index:Fleet::shops"
Inputs = Callable[..., dict[str, Any]]


@dataclass
class Stack:
    """A stack that an engine would keep: inputs and outputs of each resource, and the messages of a run."""

    call: Called
    file: Path
    messages: list[tuple[str, str, str]] = field(default_factory=list)
    recorded: dict[str, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)

    def register(self, name: str, inputs: dict[str, Any], kind: str = TOKEN, *, preview: bool = False) -> Any:
        """Register a resource as both engines do; return the inputs that Check answers."""
        self.call.type, self.call.name = kind, name
        informs = {"declaredIn": str(self.file)} | ({"reportOn": REPORT_ON} if kind == ROSTER else {})
        old = self.recorded.get(f"{kind}{name}")
        checked = self.call.check(inputs | informs, old and old[0])
        assert [] == list(checked.failures)
        news = decode(checked.inputs)
        if old is None:
            outputs = self.call.create(news, preview=preview)[1]
        elif self.call.diff(old[0], news, old[1]).diffs:
            outputs = self.call.update("it", news, old[1], preview=preview)
        else:
            return news
        if not preview:
            self.recorded[f"{kind}{name}"] = (news, outputs)
        return news

    def next_run(self) -> None:
        """Begin another run."""
        self.messages.clear()
        self.call.configure(region="eu-central-1")

    def digest(self, name: str = "store-0007") -> Any:
        """The recorded digest of a site's first node."""
        return self.recorded[f"{TOKEN}{name}"][1]["images"]["n1"]["seed"]


@pytest.fixture
def stack(tmp_path: Path, renderer: FakeRenderer) -> Stack:
    """A stack with a fleet file, nothing created."""
    messages: list[tuple[str, str, str]] = []
    servicer = Servicer(
        resources=(Site(render=renderer), Roster(), Bucket()),
        project=tmp_path,
        log=lambda severity, message, urn="": messages.append((severity, message, urn)),
    )
    file = tmp_path / "eu.fleet.yaml"
    file.write_text(FLEET_FILE)
    stack = Stack(Called(servicer, tmp_path), file, messages)
    stack.next_run()
    return stack


def moved(inputs: dict[str, Any], address: str) -> dict[str, Any]:
    """A site whose first node has another address."""
    node = inputs["nodes"]["n1"]
    return inputs | {"nodes": {"n1": node | {"network": node["network"] | {"address": address}}}}


@pytest.mark.parametrize("preview", [True, False])
def test_a_changed_site_reports_effect_line_and_both_digests(
    stack: Stack, site: Inputs, preview: Any
) -> None:
    """In preview and in up, beside the site."""
    stack.register("store-0007", site())
    assert [] == stack.messages
    stack.next_run()
    new, old_digest = moved(site(), "10.20.7.99/24"), stack.digest()
    stack.register("store-0007", new, preview=preview)
    ((severity, message, urn),) = stack.messages
    assert ("info", f"urn:pulumi:dev::fleet::{TOKEN}::store-0007") == (severity, urn)
    effect, value, digests, release = message.splitlines()
    assert "store-0007: effect reflash, the medium must be rewritten: a visit" == effect
    assert "  nodes.n1.network.address: 10.20.7.10/24 -> 10.20.7.99/24  eu.fleet.yaml:9" == value
    assert digests.startswith(f"  n1: seed {old_digest} -> sha256:")
    assert release.startswith("  release sha256:")
    assert " -> sha256:" in release


def test_a_changed_workload_reports_the_values_of_objects(stack: Stack, site: Inputs) -> None:
    """With the line of the field that they follow from, instead of the field."""
    stack.file.write_text(
        f"{FLEET_FILE}workloads:\n  till:\n    kind: web\n    image: a.b/till:2\n    port: 80\n"
    )
    till = {"kind": "web", "image": "a.b/till:1", "port": 80}
    stack.register("store-0007", site(workloads={"till": till}))
    stack.next_run()
    stack.register("store-0007", site(workloads={"till": till | {"image": "a.b/till:2"}}))
    ((_, message, _),) = stack.messages
    assert "  Deployment/till: image ...:1 -> ...:2  eu.fleet.yaml:14" == message.splitlines()[1]
    assert "workloads." not in message


def test_neither_a_line_nor_the_file_of_a_site_is_recorded(stack: Stack, site: Inputs) -> None:
    """A moved line is no change, nor is a checkout in another folder."""
    assert site() | {"key": Secret(site()["key"])} == stack.register("store-0007", site())
    stack.next_run()
    stack.file = stack.file.rename(stack.file.with_name("other.yaml"))
    stack.file.write_text(f"# moved\n{FLEET_FILE}")
    stack.register("store-0007", site())
    assert [] == stack.messages


def test_no_secret_is_in_a_message(stack: Stack, site: Inputs) -> None:
    """Another key is named; a value that only the program marks as secret is hidden as well."""
    stack.register("store-0007", site())
    stack.next_run()
    key = key_of(site(), SECRET[::-1].strip("=") + "=")
    stack.register("store-0007", site(timezone=Secret("Europe/Berlin")) | {"key": Secret(key)})
    ((_, message, _),) = stack.messages
    assert "  key: [secret] -> [secret]  eu.fleet.yaml:9" in message.splitlines()
    assert "  timezone: Etc/UTC -> [secret]" in message
    assert [] == [word for word in (site()["key"], key, "Berlin") if word in message]


def test_a_lost_image_is_reported_and_needs_no_visit(stack: Stack, site: Inputs) -> None:
    """No input differs; the message states why the site is updated."""
    stack.register("store-0007", site())
    inputs, outputs = stack.recorded[f"{TOKEN}store-0007"]
    lost = {"images": {"n1": outputs["images"]["n1"] | {"seed": None}}}
    stack.recorded[f"{TOKEN}store-0007"] = (inputs, lost)
    stack.next_run()
    stack.register("store-0007", site())
    ((_, message, _),) = stack.messages
    assert "effect none, nothing on a node changes" in message
    assert "images.n1: missing or altered in the store -> as it should be" in message


def test_drift_of_another_kind_is_named(stack: Stack) -> None:
    """Its output is in no detailed difference, so a message names it."""
    stack.recorded["edgefleet:aws:Bucketimages"] = ({"name": "images"}, {"encryption": None})
    stack.call.type, stack.call.name = Bucket.TOKEN, "images"
    stack.call.check({"name": "images"}, {"name": "images"})
    stack.call.diff({"name": "images"}, {"name": "images"}, {"encryption": None})
    expected = "encryption: changed outside of this stack; up sets it again"
    assert [("info", expected, "urn:pulumi:dev::fleet::edgefleet:aws:Bucket::images")] == stack.messages


def test_a_refresh_compares_without_a_word(stack: Stack, site: Inputs) -> None:
    """The CLI's refresh calls Diff and no Check; nothing is about to change."""
    stack.register("store-0007", site())
    stack.next_run()
    stack.call.diff(site(), moved(site(), "10.20.7.99/24"), stack.recorded[f"{TOKEN}store-0007"][1])
    assert [] == stack.messages


def test_a_fleet_reports_its_summary_once_with_what_is_gone_first(stack: Stack, site: Inputs) -> None:
    """On the fleet's URN; the numbers add up to its sites."""
    names = ["store-0007", "store-0008", "store-0009"]
    roster = {"fleet": "retail-eu", "region": "eu-central-1"}
    for name in names[::2]:
        stack.register(name, site(name=name))
    stack.register("shops", roster | {"sites": names[::2]}, ROSTER)
    stack.next_run()
    stack.register("store-0007", moved(site(), "10.20.7.99/24"))
    stack.register("store-0008", site(name="store-0008"))
    stack.register("shops", roster | {"sites": names[:2]}, ROSTER)
    (message,) = [message for _, message, urn in stack.messages if urn == REPORT_ON]
    lines = message.splitlines()
    assert ["retail-eu / eu-central-1, 3 sites", "  reflash 1   new 1   gone 1   = 3"] == lines[:2]
    assert lines[2:4] == [
        "GONE - 1 site, its images are removed",
        "  - store-0009                         row removed",
    ]
    assert "REFLASH - 1 site needs a visit, 1 change" in lines
    assert "NEW - 1 site" in lines
    stack.next_run()
    stack.register("store-0007", moved(site(), "10.20.7.99/24"))
    stack.register("store-0008", site(name="store-0008"))
    stack.register("shops", roster | {"sites": names[:2]}, ROSTER)
    unchanged = "retail-eu / eu-central-1, 2 sites\n  unchanged 2   = 2"
    assert [("info", unchanged, REPORT_ON)] == stack.messages


def test_a_fleet_file_that_is_unreadable_by_now_costs_only_the_lines(stack: Stack, site: Inputs) -> None:
    """The program has read it; what the provider reads is for the message alone."""
    stack.register("store-0007", site())
    stack.next_run()
    stack.file.unlink()
    stack.register("store-0007", moved(site(), "10.20.7.99/24"))
    assert "10.20.7.10/24 -> 10.20.7.99/24" == stack.messages[0][1].splitlines()[1].partition(": ")[2]
